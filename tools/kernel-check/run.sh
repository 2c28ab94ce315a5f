#!/usr/bin/env bash
# Checks the C kernels without Swift: every table of instructions that can run here, on its own and under the
# sanitizers, and those of AArch64 under emulation, with and without its optional instructions.
#
# Needs clang, which comes with Swift. The emulation also needs, on Debian and Ubuntu:
#
#     apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
#
# and is left out, with a word about it, where those are missing.
#
# Exit codes: 0 all well, 1 a kernel is wrong or touches foreign memory, 2 the check could not be built or run,
# 3 a processor got other tables than it should.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd -- "$here/../.." && pwd)
out=$root/.build/kernel-check
mkdir -p "$out"
# shellcheck source=scripts/kernels.sh
. "$root/scripts/kernels.sh"

flags=("${kernel_flags[@]}")
for source in "$here"/*.c; do
    [ "$(basename "$source")" = evex.c ] || flags+=("$source")
done
flags+=(-lm)
native=()
if [ "$(uname -m)" = x86_64 ]; then native=(-DEVEX_TABLE "$here/evex.c"); fi

# build NAME FLAG...: unless nothing has changed since the last time.
build() {
    local name=$1
    shift
    if [ -x "$out/$name" ] && [ -z "$(find "$kernels" "$here" "$root/scripts/kernels.sh" -newer "$out/$name" -type f -print -quit)" ]; then return; fi
    "$clang" "$@" "${flags[@]}" -o "$out/$name.new" && mv "$out/$name.new" "$out/$name"
}

emulates=
if [ "$(uname -m)" = x86_64 ]; then
    if ! command -v qemu-aarch64 >/dev/null; then
        echo "== The kernels of AArch64 are not checked: there is no qemu-aarch64 (package qemu-user)." >&2
    elif ! printf 'int main(void){return 0;}' |
        "$clang" --target=aarch64-linux-gnu -static -fuse-ld=lld -x c - -o "$out/probe" 2>/dev/null; then
        echo "== The kernels of AArch64 are not checked: no libraries to link for it" \
            "(packages gcc-aarch64-linux-gnu and libc6-dev-arm64-cross)." >&2
    else
        emulates=yes
    fi
fi

echo "== Building the kernel check" >&2
jobs=()
build native -O3 ${native[@]+"${native[@]}"} & jobs+=($!)
build sanitized -O1 -gline-tables-only -fsanitize=address,undefined -fno-sanitize-recover=all ${native[@]+"${native[@]}"} & jobs+=($!)
if [ -n "$emulates" ]; then
    build aarch64 -O3 --target=aarch64-linux-gnu -static & jobs+=($!)
fi
for job in "${jobs[@]}"; do wait "$job" || exit 2; done

# check WORDS COMMAND...
check() {
    local words=$1 status=0
    shift
    echo "== $words"
    "$@" || status=$?
    case $status in
        0) ;;
        1 | 2 | 3) exit "$status" ;;
        *) exit 1 ;; # killed: by the sanitizer, or by the guard page behind a buffer
    esac
}
check "This machine" "$out/native"
check "This machine, address and undefined behaviour sanitizers" "$out/sanitized"
if [ -n "$emulates" ]; then
    check "AArch64 with dotprod and i8mm" qemu-aarch64 -cpu max "$out/aarch64" \
        neon-i8mm neon-dotprod neon-smull scalar
    check "AArch64 with dotprod" qemu-aarch64 -cpu cortex-a76 "$out/aarch64" --best \
        neon-dotprod neon-smull scalar
    check "AArch64 with neither" qemu-aarch64 -cpu cortex-a72 "$out/aarch64" --best \
        neon-smull scalar
fi
