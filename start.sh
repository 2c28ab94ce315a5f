#!/usr/bin/env bash
# Installs what is missing, builds Mynah, and runs it with the arguments given; without any it starts the server:
#
#     ./start.sh say "Good morning. Shall we begin?" -o hello.wav
#
# Exit codes of this script: 2 wrong system, 3 no suitable Swift, 4 packages missing, 5 build failed;
# otherwise those of the program. Standard output belongs to the program alone.
# MYNAH_NO_INSTALL=1 forbids to install packages.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=scripts/prepare.sh
. "$root/scripts/prepare.sh"

# Builds in release mode. Quiet where it is quick; the log stays in .build/start.log.
build() {
    local log="$root/.build/start.log" waited=0 shown="" line status=0
    mkdir -p "$root/.build" 2>/dev/null || stop 5 "$root/.build cannot be created: check the permissions."
    swift build --package-path "$root" -c release --product mynah >"$log" 2>&1 &
    local job=$!
    trap 'kill "$job" 2>/dev/null; wait "$job" 2>/dev/null; say ""; exit 130' INT TERM
    while kill -0 "$job" 2>/dev/null; do
        if ((waited == 10)); then say "Building Mynah; the first time takes some minutes ..."; fi
        if ((waited >= 10)) && [ -t 2 ]; then
            line=$(tail -n 1 "$log" | cut -c1-76)
            [ "$line" = "$shown" ] || printf '\r\033[K%s' "$line" >&2
            shown=$line
        fi
        sleep 0.2
        waited=$((waited + 1))
    done
    wait "$job" || status=$?
    trap - INT TERM
    [ -z "$shown" ] || printf '\r\033[K' >&2
    if ((status != 0)); then
        tail -n 25 "$log" >&2
        stop 5 "" "The build failed; all of its words are in $log."
    fi
}

prepare
build
if [ $# -eq 0 ]; then set -- serve; fi
exec "$root/.build/release/mynah" "$@"
