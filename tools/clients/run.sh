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
# shellcheck source=tools/clients/serve.sh
. "$here/serve.sh"
trap 'stop_servers; rm -rf "$work"' EXIT

if [ ! -x "$venv/bin/python" ]; then python3 -m venv "$venv"; fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

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
