# shellcheck shell=bash
# What builds the kernels without SwiftPM: the compiler in `clang`, and flags and sources in `kernel_flags`.
# Sourced, with `root` set to the folder of the project. Exit code: 2 where there is no clang.

# The clang that builds the product, if it can be told.
clang=clang
if swift=$(command -v swift) && [ -x "$(dirname -- "$(readlink -f -- "$swift")")/clang" ]; then
    clang=$(dirname -- "$(readlink -f -- "$swift")")/clang
fi
command -v "$clang" >/dev/null || {
    echo "The kernels need clang; it comes with Swift." >&2
    exit 2
}

# shellcheck disable=SC2154  # who sources this sets root
kernels=$root/Sources/CKernels
# The flags of Package.swift, but for the optimisation.
# shellcheck disable=SC2034  # for who sources this
kernel_flags=(-std=gnu11 -fno-math-errno -ffp-contract=fast -Wall -Wextra -Werror -fuse-ld=lld
    -I "$kernels/include" -I "$kernels/src" "$kernels"/src/*.c)
