#!/usr/bin/env bash
# Checks the module for NVIDIA's driver without a card: that it is what scripts/ptx.sh makes, that it leans on nothing and
# reads weights in 128-bit words, and that NVIDIA's assembler makes code of it for all cards, within limits.
#
# Needs clang-19 and libclc-19. The assembler comes from PyPI, into a folder under .build; where it cannot be had, that part
# is left out, with a word about it.
#
# Exit codes: 0 all well, 1 something is wrong, 2 the check could not be run.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd -- "$here/../.." && pwd)
module=$root/Sources/CPTX/kernels.ptx
out=$root/.build/ptx-check
mkdir -p "$out"
faults=0

fault() {
    printf '%s\n' "$*" >&2
    faults=$((faults + 1))
}

echo "== The module for NVIDIA's driver" >&2
"$root/scripts/ptx.sh" "$out/kernels.ptx" || exit 2
version() { sed -n 's,^// clang ,,p' "$1"; }
if [ "$(version "$module")" = "$(version "$out/kernels.ptx")" ]; then
    cmp -s "$module" "$out/kernels.ptx" || fault "The committed module is not that of these kernels: run scripts/ptx.sh."
else
    # The tests compare at least what both were made of.
    echo "The module was made by clang $(version "$module"), so it is not compared with that of $(version "$out/kernels.ptx")." >&2
fi

# A call to what is nowhere, and names of folders.
if grep -nE '\.extern|\.file|"/' "$module"; then fault "The module leans on something outside."; fi

# entry NAME: the text of one kernel.
entry() { sed -n "/\.entry $1(/,/^}/p" "$module"; }
mapfile -t entries < <(sed -nE 's/.*\.entry ([a-z0-9_]+)\(.*/\1/p' "$module")
for name in "${entries[@]}"; do
    case $name in
        linear_*) grep -q 'ld\.global\.nc\.v4\.u32' <(entry "$name") || fault "$name reads no weights in 128-bit words." ;;
    esac
    case $name in
        linear_tensor*) grep -q 'mma\.sync' <(entry "$name") || fault "$name has no instruction of tensor cores." ;;
    esac
done

# NVIDIA's assembler, which is a part of a package of 40 MB.
assembler=$(command -v ptxas || true)
if [ -z "$assembler" ]; then
    assembler() { find "$out/venv" -name ptxas -type f -print -quit 2>/dev/null; }
    if [ -z "$(assembler)" ] && [ -z "${MYNAH_NO_INSTALL:-}" ]; then
        rm -rf "$out/venv"
        python3 -m venv "$out/venv" >"$out/pip.log" 2>&1 &&
            "$out/venv/bin/pip" install --quiet --retries 1 --timeout 15 nvidia-cuda-nvcc-cu12==12.9.86 \
                >>"$out/pip.log" 2>&1 || true
    fi
    assembler=$(assembler)
fi
if [ -z "$assembler" ]; then
    echo "== NVIDIA's assembler is left out: it is not installed (PyPI: nvidia-cuda-nvcc-cu12)." >&2
else
    for card in 80 86 89 90 120; do
        log=$out/sm_$card.log
        "$assembler" -v -arch="sm_$card" -o /dev/null "$module" >"$log" 2>&1 || {
            cat "$log" >&2
            fault "The module cannot be assembled for sm_$card."
            continue
        }
        # NAME REGISTERS STACK SPILLED SHARED for each kernel.
        awk '
            /Compiling entry function/ { split($0, words, "\047"); name = words[2] }
            /bytes stack frame/ { stack = $1; spilled = $5 + $9 }
            /Used [0-9]+ registers/ {
                shared = 0
                for (i = 1; i < NF; i++) if ($(i + 2) ~ /^smem/) shared = $i
                for (i = 1; i < NF; i++) if ($i == "Used") registers = $(i + 1)
                print name, registers, stack, spilled, shared
            }' "$log" | sort >"$out/sm_$card.txt"
        [ "$(wc -l <"$out/sm_$card.txt")" = ${#entries[@]} ] || fault "The assembler does not tell of all kernels for sm_$card."
        while read -r name registers stack spilled shared; do
            [ "$spilled" = 0 ] && [ "$stack" = 0 ] || fault "$name spills on sm_$card: $spilled bytes, $stack of stack."
            [ "$shared" -le 49152 ] || fault "$name takes $shared bytes of shared memory on sm_$card."
            # A group of 256 threads has 65,536 registers.
            [ "$registers" -le 255 ] || fault "$name takes $registers registers on sm_$card."
        done <"$out/sm_$card.txt"
        awk -v card="$card" '
            $2 > registers { registers = $2; name = $1 }
            $5 > shared { shared = $5 }
            END { print "sm_" card ": " NR " kernels, no spills, at most " registers " registers (" name "), " \
                  shared " bytes of shared memory" }' "$out/sm_$card.txt"
    done
fi

((faults == 0)) || exit 1
echo "${#entries[@]} kernels, $(wc -c <"$module") bytes"
