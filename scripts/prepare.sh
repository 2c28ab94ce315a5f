# shellcheck shell=bash
# What start.sh and test.sh share: the system, Swift and the apt packages.
# Sourced, with `root` set to the folder of the project. All words go to stderr.
#
# Exit codes: 2 wrong system, 3 no suitable Swift, 4 packages missing, 5 build failed.

wanted_swift_major=6
wanted_swift_minor=3
packages=(
    libsndfile1-dev libsoxr-dev libsonic-dev pkg-config # AudioIO
    libsqlite3-dev                               # SpeechStore
    libarchive-dev                               # Archives
    git ca-certificates                          # fetching the Swift packages
    binutils libc6-dev g++                       # what Swift links with
    libcurl4-openssl-dev libxml2-dev libedit2 zlib1g-dev
)

say() { printf '%s\n' "$*" >&2; }

# stop CODE LINE...: says why and ends.
stop() {
    local code=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$code"
}

check_system() {
    [ "$(uname -s)" = Linux ] || stop 2 "Mynah runs on Linux; this is $(uname -s)."
    case "$(uname -m)" in
        x86_64 | aarch64) ;;
        *) stop 2 "Mynah runs on x86_64 and aarch64; this is $(uname -m)." ;;
    esac
}

explain_swift() {
    stop 3 "$1" \
        "" \
        "Swift $wanted_swift_major.$wanted_swift_minor or newer for Debian and Ubuntu comes with swiftly:" \
        "" \
        "    curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz" \
        "    tar zxf swiftly-$(uname -m).tar.gz" \
        "    ./swiftly init" \
        "    . \"\${SWIFTLY_HOME_DIR:-\$HOME/.local/share/swiftly}/env.sh\"" \
        "" \
        "or as a toolchain from https://www.swift.org/install/linux/: unpack it and put its usr/bin" \
        "in front of PATH. Then start this again."
}

# Finds the swift command, also where its installers put it without PATH knowing.
find_swift() {
    command -v swift >/dev/null && return
    local folder
    for folder in "${SWIFTLY_BIN_DIR:-${SWIFTLY_HOME_DIR:-${HOME:-}/.local/share/swiftly}/bin}" \
        /opt/swift*/usr/bin /usr/local/swift*/usr/bin; do
        if [ -x "$folder/swift" ]; then
            PATH="$folder:$PATH"
            return
        fi
    done
    explain_swift "Swift is not installed (no command \"swift\" in PATH)."
}

check_swift() {
    local words version major minor
    words=$(swift --version 2>&1) || explain_swift "The installed Swift does not run: ${words##*$'\n'}"
    version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$words" | head -n 1)
    major=${version%%.*}
    minor=${version##*.}
    [ -n "$version" ] || explain_swift "The version of the installed Swift cannot be told."
    if ((major < wanted_swift_major || (major == wanted_swift_major && minor < wanted_swift_minor))); then
        explain_swift "Swift $version is too old."
    fi
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

install_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        # libsonic has no pkg-config file; clang comes with Swift.
        if ! pkg-config --exists sndfile soxr sqlite3 libarchive 2>/dev/null ||
            ! clang -E - >/dev/null 2>&1 <<<"#include <sonic.h>"; then
            stop 4 "Mynah needs pkg-config, libsndfile, libsoxr, libsonic, SQLite and libarchive with their headers." \
                "There is no apt-get here: install them with the package manager of this system."
        fi
        return
    fi
    local package missing=()
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local by_hand="    apt-get install ${missing[*]}"
    if [ -n "${MYNAH_NO_INSTALL:-}" ]; then
        stop 4 "These packages are missing, and MYNAH_NO_INSTALL forbids to install them:" "$by_hand"
    fi
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            stop 4 "These packages are missing, and there is no sudo to install them; as root, run:" "$by_hand"
        sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v >&2; } ||
            stop 4 "These packages are missing, and sudo does not permit to install them; as root, run:" "$by_hand"
    fi
    say "Installing ${missing[*]} ..."
    local log
    log=$(mktemp)
    # Fresh lists only where the known ones do not do: updating takes long.
    if ! run_apt "$log" install "${missing[@]}"; then
        run_apt "$log" update || true
        if ! run_apt "$log" install "${missing[@]}"; then
            tail -n 15 "$log" >&2
            rm -f "$log"
            stop 4 "" "Installing failed. Is this machine offline? As root, run:" "$by_hand"
        fi
    fi
    rm -f "$log"
}

# run_apt LOG ARGUMENT...: apt-get as the superuser, its words kept in LOG.
run_apt() {
    local log=$1 as_root=()
    shift
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends "$@" \
        >>"$log" 2>&1 </dev/null
}

# Everything that must be there before a build.
prepare() {
    check_system
    find_swift
    install_packages
    check_swift
}
