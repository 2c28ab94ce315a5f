#!/usr/bin/env bash
# Lets schemathesis, which knows nothing of Mynah, try what docs/openapi.yaml promises on a server of its own.
#
#     tools/clients/schemathesis.sh [OPTION OF SCHEMATHESIS]...
#
# Needs `pip install schemathesis`, or SCHEMATHESIS with the path of the program `st`. MYNAH names another mynah than the
# release build. Exit code 0 where every answer is as documented.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd -- "$here/../.." && pwd)
program=${MYNAH:-$root/.build/release/mynah}
model=$root/models/nano
st=$(command -v "${SCHEMATHESIS:-st}") || {
    echo "There is no schemathesis here: pip install schemathesis, or name it in SCHEMATHESIS." >&2
    exit 2
}
work=$(mktemp -d)
# shellcheck source=tools/clients/serve.sh
. "$here/serve.sh"
trap 'stop_servers; rm -rf "$work"' EXIT
serve open
# In the folder that is thrown away: it keeps notes where it runs. It cannot make zip archives: hostile ones have tests of ours.
(cd "$work" && "$st" run "$root/docs/openapi.yaml" --url "$base" \
    --exclude-path /api/v1/voices/import --max-examples "${EXAMPLES:-20}" --request-timeout 60 --generation-deterministic --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    "$@")
curl -sf "$base/health/ready" >/dev/null || {
    echo "The server is not ready afterwards; its last words:" >&2
    tail -n 20 "$work/open.log" >&2
    exit 1
}
