#!/usr/bin/env bash
# Runs the released program as people do, and checks its life and its way through nginx with the nano voice.
#
#     tools/service-check/run.sh
#
# Installs nginx where apt-get can; leaves the check of nginx out, and says so, where it cannot.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd)
# shellcheck source=scripts/prepare.sh
. "$root/scripts/prepare.sh"

packages=(nginx-light openssl curl python3)
PATH="$PATH:/usr/sbin"
# Nobody wants a server of nginx's own to start on port 80.
policy=/usr/sbin/policy-rc.d
made_policy=
if ! command -v nginx >/dev/null && [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=1
fi
(install_packages) || true
[ -z "$made_policy" ] || rm -f "$policy"

python3 "$root/tools/service-check/life_check.py"
if command -v nginx >/dev/null; then
    python3 "$root/tools/service-check/nginx_check.py"
else
    say "nginx is not here, and its check is left out: apt-get install nginx-light"
fi
if command -v systemd-analyze >/dev/null; then
    unit=$(mktemp -d)/mynah.service
    sed "s#^ExecStart=[^ ]*#ExecStart=/bin/true#" "$root/deploy/mynah.service" >"$unit"
    systemd-analyze verify --man=no "$unit"
    say "ok    the unit is understood by systemd"
    rm -r "$(dirname "$unit")"
fi
