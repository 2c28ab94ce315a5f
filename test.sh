#!/usr/bin/env bash
# Installs what is missing, checks the style, the C kernels and those of devices, builds, checks the program as a service, and runs all tests.
# Arguments go to the test runner, and leave out the checks of kernels and service: ./test.sh --filter AudioIOTests
#
# Exit codes: as start.sh, else those of the failing step.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=scripts/prepare.sh
. "$root/scripts/prepare.sh"

# Tests alone need them: they execute the kernels of graphics cards on the processor, and look for races in them.
packages+=(pocl-opencl-icd ocl-icd-libopencl1 oclgrind)
# What makes the module for NVIDIA's driver, and what its assembler is fetched with.
packages+=(clang-19 libclc-19 python3-venv)
prepare
cd "$root"
say "== Style"
swift format lint --strict --recursive Sources Tests Package.swift
scripts/house-check.sh
if [ $# -eq 0 ]; then
    tools/kernel-check/run.sh
    tools/ptx-check/run.sh
fi
say "== Build"
swift build --build-tests || stop 5 "The build failed."
if [ $# -eq 0 ]; then tools/oclgrind-check/run.sh; fi
if [ $# -eq 0 ]; then
    say "== Service"
    swift build -c release --product mynah || stop 5 "The build failed."
    tools/service-check/run.sh
fi
say "== Tests"
if [ $# -gt 0 ]; then
    swift test --skip-build --disable-xctest "$@"
else
    # Those of the server wait for clients and clocks, one measures the machine: each runs without those that compute.
    for part in SpeechServerTests benchTellsWhatItMustTell; do
        swift test --skip-build --disable-xctest --filter "$part"
    done
    swift test --skip-build --disable-xctest --skip 'SpeechServerTests|benchTellsWhatItMustTell'
fi
