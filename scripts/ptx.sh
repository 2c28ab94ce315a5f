#!/usr/bin/env bash
# Makes Sources/CPTX/kernels.ptx, the module for NVIDIA's driver, out of the programs of Sources/GPU/Kernels.
#
#     scripts/ptx.sh [FILE]    default: the committed file
#
# Needs Debian's clang-19 and libclc-19, and nothing of NVIDIA's. The same version of clang gives the same bytes
# everywhere. Exit codes: 2 clang or libclc is missing, 1 a program does not compile.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
to=$(readlink -f -- "${1:-$root/Sources/CPTX/kernels.ptx}")
library=/usr/lib/clc/nvptx64--nvidiacl.bc
command -v clang-19 >/dev/null && [ -f "$library" ] || {
    echo "The PTX needs clang and OpenCL's library for it (packages clang-19 and libclc-19)." >&2
    exit 2
}

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# What clang is given must not name a folder, so that the result is the same wherever it is made.
cd "$out"

# The programs are those of KernelProgram.source, to the byte: definitions, and files joined by empty lines.
kernels=$root/Sources/GPU/Kernel.swift
group_lanes=$(sed -nE 's/.*static let groupLanes = ([0-9]+).*/\1/p' "$kernels")
programs=()
# program NAME CASE DEFINITION FORMAT: the program of that case of KernelProgram, from the files that it names there.
program() {
    local name=$1 separator='' file
    printf '#define %s\n' "$3" >"$name.cl"
    while read -r file; do
        printf '%s' "$separator" >>"$name.cl"
        cat "$root/Sources/GPU/Kernels/$file" >>"$name.cl"
        separator=$'\n'
    done < <(awk -v case="case .$2" -v format="$4" '
        /var source: String/ { is_source = 1 }
        /^ *(case \.|return )/ { is_case = is_source && index($0, case) }
        /suitsTensorCores/ && format == "f32" { next }
        is_case { print }' "$kernels" |
        grep -oE 'PackageResources\.[a-z0-9_]+' | sed -E 's/PackageResources\.(.*)_(h|cl)$/\1.\2/')
    programs+=("$name")
}
for format in f32 f16 bf16 int8; do program "linear_$format" linear "WEIGHTS_${format^^}" "$format"; done
program steps steps "GROUP_LANES $group_lanes" ""

# PTX 7.0 is read by every driver since CUDA 11.0, code for compute capability 8.0 runs on all later cards.
flags=(-x cl -cl-std=CL1.2 -cl-mad-enable -O3 -DNV_PTX -target nvptx64-nvidia-cuda -nogpulib -nocudalib
    -Xclang -target-cpu -Xclang sm_80 -Xclang -target-feature -Xclang +ptx70 -Wno-linker-warnings)
modules=()
for name in "${programs[@]}"; do
    clang-19 "${flags[@]}" -Xclang -mlink-builtin-bitcode -Xclang "$library" -emit-llvm -c "$name.cl" -o "$name.bc"
    modules+=(-Xclang -mlink-bitcode-file -Xclang "$name.bc")
done
: >all.cl
clang-19 "${flags[@]}" "${modules[@]}" -S all.cl -o all.ptx

{
    echo "// The kernels of Sources/GPU/Kernels, made by scripts/ptx.sh; see there."
    echo "// clang $(clang-19 -dumpversion)"
    for name in "${programs[@]}"; do
        read -r sum bytes _ < <(cksum "$name.cl")
        echo "// program $name $sum $bytes"
    done
    # Comments of the compiler say nothing that the code does not.
    sed -E -e 's,[[:space:]]*//.*$,,' -e '/^[[:space:]]*$/d' all.ptx
} >"$to.new"
mv "$to.new" "$to"
