#!/usr/bin/env bash
# Builds and runs the micro-benchmarks of the kernels, with the flags of Package.swift.
#
#     Benchmarks/kernels/run.sh [--cores N] [--table NAME] [WORD]
#
# Needs clang, which comes with Swift. MYNAH_CPU or --table choose the instruction set.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd -- "$here/../.." && pwd)
out=$root/.build/kernel-bench
mkdir -p "$out"
# shellcheck source=scripts/kernels.sh
. "$root/scripts/kernels.sh"
"$clang" -O3 "${kernel_flags[@]}" "$here"/*.c -lm -o "$out/kernel-bench"
exec "$out/kernel-bench" "$@"
