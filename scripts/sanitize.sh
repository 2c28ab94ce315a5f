#!/usr/bin/env bash
# Builds with the thread sanitizer and with the address sanitizer, each in a folder of its own, and runs the tests of
# the rooms that share memory among threads or hand it to C, and of nothing else. Takes some minutes.
#
#     scripts/sanitize.sh [thread|address]...    default: both
#
# MYNAH_SANITIZE_FILTER chooses other tests. Exit codes: those of the first step that fails.
set -euo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
filter=${MYNAH_SANITIZE_FILTER:-ComputeTests|VoxCPMTests}
# Drivers compile and run code that the sanitizers do not know.
drivers='OnDeviceTests|OnCUDATests'
export MYNAH_ENGINE_ONLY=1
kinds=("$@")
if [ ${#kinds[@]} -eq 0 ]; then kinds=(thread address); fi

for kind in "${kinds[@]}"; do
    case $kind in
        thread | address) ;;
        *)
            echo "sanitize.sh knows thread and address, not $kind." >&2
            exit 2
            ;;
    esac
    folder=.build/sanitize-$kind
    echo "== The $kind sanitizer" >&2
    nice -n 10 swift build --build-tests --sanitize="$kind" --scratch-path "$folder"
    nice -n 10 swift test --skip-build --disable-xctest --sanitize="$kind" --scratch-path "$folder" --filter "$filter" --skip "$drivers"
done
