#!/usr/bin/env bash
# Lets schemathesis, which knows nothing of Mynah, try what docs/openapi.yaml promises on a server of its own.
#
#     tools/clients/schemathesis.sh [OPTION OF SCHEMATHESIS]...
#
# Needs `pip install schemathesis`, or SCHEMATHESIS with the path of the program `st`. MYNAH names another mynah than the
# release build. Exit code 0 where every answer is as documented.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd)
st=$(command -v "${SCHEMATHESIS:-st}") || {
    echo "There is no schemathesis here: pip install schemathesis, or name it in SCHEMATHESIS." >&2
    exit 2
}
folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$root"
XDG_DATA_HOME=$folder "${MYNAH:-$root/.build/release/mynah}" serve --port "$port" 2>"$folder/log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health/ready"; then break; fi
    sleep 0.1
done
# In the folder that is thrown away: it keeps notes where it runs. It cannot make zip archives: hostile ones have tests of ours.
(cd "$folder" && "$st" run "$root/docs/openapi.yaml" --url "http://127.0.0.1:$port" \
    --exclude-path /api/v1/voices/import --max-examples "${EXAMPLES:-20}" --request-timeout 60 --generation-deterministic --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    "$@")
curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health/ready" || {
    echo "The server is not ready afterwards; its last words:" >&2
    tail -n 20 "$folder/log" >&2
    exit 1
}
