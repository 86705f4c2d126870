#!/usr/bin/env bash
# Fuzzes every target for FUZZTIME (a time or, as 1000x, a count), one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${FUZZTIME:-10s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0 count=0
while IFS=: read -r file name; do
	count=$((count + 1))
	echo "fuzz: $(dirname "$file") $name"
	if go test -run '^$' -fuzz "^$name\$" -fuzztime "$fuzztime" "./$(dirname "$file")" >"$log" 2>&1; then
		tail -n 2 "$log"
		continue
	fi
	# A run that ends by its time can report the end itself as a failure, without any input that fails.
	if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
		echo "fuzz: $name ran out of time"
		continue
	fi
	cat "$log"
	status=1
done < <(find . -name '*_test.go' -not -path '*/testdata/*' -exec grep -HoE '^func Fuzz[A-Za-z0-9_]+' {} + |
	sed -e 's|^\./||' -e 's/func //' | sort)
echo "fuzz: $count targets"
exit $status
