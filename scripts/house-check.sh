#!/usr/bin/env bash
# Rules of the house that no compiler checks: short files, no crashes by design, no paths of one machine.
set -euo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
faults=0

fault() {
    printf '%s\n' "$*" >&2
    faults=$((faults + 1))
}

# One concern per file: 350 lines are a warning, 500 a fault.
while IFS= read -r -d '' file; do
    lines=$(wc -l <"$file")
    if ((lines > 500)); then
        fault "$file has $lines lines: split it (500 at most)."
    elif ((lines > 350)); then
        printf 'warning: %s has %s lines: one concern per file?\n' "$file" "$lines" >&2
    fi
done < <(find Sources Tests -path Tests/Fixtures -prune -o -type f \
    \( -name '*.swift' -o -name '*.c' -o -name '*.h' -o -name '*.cl' \) -print0)

# forbid PATTERN ADVICE: no line of Swift but a comment may match.
forbid() {
    local found
    found=$(grep -rnE --include='*.swift' "$1" Sources Tests | grep -vE '^[^:]+:[0-9]+:[[:space:]]*//' |
        grep -v '^Sources/mynah/' || true)
    [ -z "$found" ] || fault "$found"$'\n'"$2"
}
forbid '\btry!' "Handle the error instead of try!."
forbid '\bas!' "Use as? and handle nil instead of as!."
forbid '\bfatalError\(' "Throw an error instead of fatalError."
forbid '(^|[^[:alnum:]_.])print\(' "Only the command writes to standard output."

# Nothing committed may name the machine that it was made on.
found=$(git grep --no-index --exclude-standard -nIE \
    '(^|[^[:alnum:]_.-])/(work|root|home/[a-z]+|Users/[A-Za-z]+)/' -- . ':!scripts/house-check.sh' |
    cut -c1-200 || true)
[ -z "$found" ] || fault "$found"$'\n'"Take these paths of one machine out."

if command -v shellcheck >/dev/null; then
    shellcheck -x start.sh test.sh .ci/run scripts/*.sh tools/*/*.sh Benchmarks/*/*.sh || fault "shellcheck found the above."
fi

((faults == 0)) || exit 1
