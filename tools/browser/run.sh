#!/usr/bin/env bash
# Tries the Studio in Chromium against a real server with the nano voice:
#
#     tools/browser/run.sh [--screenshots docs/screenshots] [CHECK ...]
#
# Needs chromium, and pngquant for screenshots. The first run makes an environment for Python.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
venv=${MYNAH_BROWSER_VENV:-$here/../../.build/browser-venv}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$here/requirements.txt"
fi
exec "$venv/bin/python" "$here/studio.py" "$@"
