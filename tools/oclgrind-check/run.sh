#!/usr/bin/env bash
# Runs every kernel of Sources/GPU/Kernels beside the processor's on Oclgrind, a device that looks at every access: two
# threads of a group that touch the same memory without meeting in between, and accesses beyond the end of a buffer.
#
#     tools/oclgrind-check/run.sh [ARGUMENT OF swift test...]    such as --scratch-path FOLDER
#
# The tests must be built. Needs Oclgrind (package oclgrind), and is left out, with a word about it, where that is missing.
#
# Exit codes: 0 all well, 1 a kernel is wrong or Oclgrind found something.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
cd "$here/../.."
driver=/usr/lib/oclgrind/liboclgrind-rt-icd.so
if [ ! -f "$driver" ]; then
    echo "== Races of the kernels are not looked for: there is no Oclgrind (package oclgrind)." >&2
    exit 0
fi

out=.build/oclgrind-check
mkdir -p "$out"
rm -f "$out"/log "$out"/words
echo "== Kernels on Oclgrind" >&2
# One of so many linear layers and attentions, whose lists are long, and a quarter of the other steps: all of them would
# take an hour.
export MYNAH_CHECK_EVERY=${MYNAH_CHECK_EVERY:-41}
# The loader takes a driver's file for a list of drivers. Oclgrind's compiler must not turn loads into ones that are wider
# than what they are of: then it reports what no device does.
export OCLGRIND_LOCAL_MEM_SIZE=49152 OCLGRIND_CONSTANT_MEM_SIZE=65536
export OCL_ICD_VENDORS=$driver OCLGRIND_DATA_RACES=1 OCLGRIND_BUILD_OPTIONS=-cl-opt-disable OCLGRIND_LOG=$out/log
status=0
swift test --skip-build --disable-xctest --filter 'GPUTests.KernelTests/everyKernelGivesWhatTheCPUGives' "$@" \
    >"$out/words" 2>&1 || status=1
if ! grep -q Oclgrind "$out/words"; then
    echo "The tests did not run on Oclgrind:" >&2
    status=1
fi
if [ -s "$out/log" ]; then
    echo "Oclgrind reports:" >&2
    head -n 40 "$out/log" >&2
    status=1
fi
if [ "$status" = 0 ]; then echo "no race and no stray access"; else tail -n 20 "$out/words" >&2; fi
exit "$status"
