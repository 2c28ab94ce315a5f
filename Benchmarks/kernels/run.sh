#!/usr/bin/env bash
# Builds and runs the micro-benchmarks of the kernels, with the flags of Package.swift.
#
#     Benchmarks/kernels/run.sh [--cores N] [--table NAME] [WORD]
#
# Needs clang, which comes with Swift. MYNAH_CPU or --table choose the instruction set.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
kernels=$here/../../Sources/CKernels
out=$here/../../.build/kernel-bench
clang=clang
if swift=$(command -v swift) && [ -x "$(dirname -- "$(readlink -f -- "$swift")")/clang" ]; then
    clang=$(dirname -- "$(readlink -f -- "$swift")")/clang
fi
mkdir -p "$out"
"$clang" -std=gnu11 -O3 -fno-math-errno -ffp-contract=fast -Wall -Wextra -Werror -fuse-ld=lld \
    -I "$kernels/include" -I "$kernels/src" "$kernels"/src/*.c "$here"/*.c -lm -o "$out/kernel-bench"
exec "$out/kernel-bench" "$@"
