#!/usr/bin/env bash
# Runs clients that know nothing of Mynah against a server that this script starts on a free port:
#
#     tools/clients/run.sh [PROGRAM [MODEL]]
#
# PROGRAM is .build/release/mynah where nothing is given, MODEL is models/nano. The clients come from PyPI into a virtual
# environment in .build-clients, or in the folder that CLIENTS_VENV names. The exit code is the number of scripts that failed.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
program=${1:-$root/.build/release/mynah}
model=${2:-$root/models/nano}
venv=${CLIENTS_VENV:-$root/.build-clients}
work=$(mktemp -d)
servers=()

# shellcheck disable=SC2317  # called by the trap
finish() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

if [ ! -x "$venv/bin/python" ]; then python3 -m venv "$venv"; fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

port() { "$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# serve NAME [ARGUMENTS...]: starts a server and waits until it takes requests; its address is in $base.
serve() {
    local name=$1 number
    shift
    number=$(port)
    base=http://127.0.0.1:$number
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

names=()
results=()
# check NAME COMMAND...: runs a script and remembers how it went.
check() {
    local name=$1
    shift
    echo "== $name"
    names+=("$name")
    if timeout 600 "$@"; then results+=(ok); else results+=(FAILED); fi
}

serve open
check "curl" bash "$here/curl.sh" "$base"
check "openai" "$venv/bin/python" "$here/openai_client.py" "$base"
check "websockets" "$venv/bin/python" "$here/websocket_client.py" "$base"
check "gradio_client" "$venv/bin/python" "$here/gradio_client_check.py" "$base"
serve keyed --api-key a-key-for-this-test
check "openai with a key" "$venv/bin/python" "$here/openai_client.py" "$base" a-key-for-this-test
check "websockets with a key" "$venv/bin/python" "$here/websocket_client.py" "$base" a-key-for-this-test
check "gradio_client with a key" "$venv/bin/python" "$here/gradio_client_check.py" "$base" a-key-for-this-test

echo "== summary"
failed=0
for index in "${!names[@]}"; do
    printf '%-28s %s\n' "${names[$index]}" "${results[$index]}"
    if [ "${results[$index]}" != ok ]; then failed=$((failed + 1)); fi
done
exit "$failed"
