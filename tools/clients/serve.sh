# shellcheck shell=bash
# Starts servers on free ports; to be sourced. The caller sets `program`, the mynah to start, `model`, and `work`, a folder
# for what the servers keep and say.

servers=()

# shellcheck disable=SC2317  # called by the caller's trap
stop_servers() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
}

# serve NAME [ARGUMENTS...]: starts a server and waits until it takes requests; its address is in $base, its log is NAME.log.
serve() {
    local name=$1 number
    shift
    number=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    base=http://127.0.0.1:$number
    # shellcheck disable=SC2154  # the caller's
    XDG_DATA_HOME="$work/$name" "$program" serve --model "$model" --port "$number" "$@" >"$work/$name.log" 2>&1 &
    servers+=($!)
    for _ in $(seq 300); do
        if curl -sf "$base/health/ready" >/dev/null; then return; fi
        sleep 0.2
    done
    cat "$work/$name.log"
    echo "the server did not become ready"
    exit 99
}
