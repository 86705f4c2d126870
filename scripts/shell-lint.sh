#!/usr/bin/env bash
# Parses every shell script of the repository, and hands them to shellcheck where it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t scripts < <(find .ci scripts bench testdata -type f -exec grep -lE -m 1 '^#!.*\b(ba)?sh\b' {} + 2>/dev/null | sort)
for script in "${scripts[@]}"; do
	bash -n "$script"
done
if command -v shellcheck >/dev/null; then
	shellcheck --severity=warning "${scripts[@]}"
	echo "shell-lint: ${#scripts[@]} scripts"
elif [ -n "${IMGTOOL_CI:-}" ]; then
	echo "shell-lint: shellcheck is missing" >&2
	exit 1
else
	echo "shell-lint: ${#scripts[@]} scripts parsed; shellcheck is not installed"
fi
