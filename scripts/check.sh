#!/usr/bin/env bash
# Lists what docs/promises.md promises now and no test names, and what tests name and it does not have.
set -euo pipefail
cd "$(dirname "$0")/.."

ids='(Spec|Hostile|Promise)[0-9]{2}'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# rows DUE prints the IDs of the table's rows; an empty DUE prints all.
rows() { sed -nE "s/^\| $ids(.*)\| .*${1:-(now|later)} \|$/&/p" docs/promises.md | grep -oE "^\| $ids" | tr -d '| ' | sort; }

# A test's name is a function's, a subtest's (the string of t.Run or of a field "name"), or a script's.
go_tests() { find . -name '*_test.go' -not -path './bin/*' -not -path './.*' -print0 | xargs -0 -r cat; }
{
	go_tests | grep -E '^func (Test|Fuzz)|\.Run\("|name: +"' | grep -oE "$ids" || true
	# The suites of imagetest are tests that lie in an ordinary package.
	find internal/imagetest -name '*.go' -print0 2>/dev/null | xargs -0 -r cat | grep -E '\.Run\("|name: +"' | grep -oE "$ids" || true
	find testdata/script -name '*.txtar' 2>/dev/null | sed 's|.*/||' | grep -oE '(spec|hostile|promise)[0-9]{2}' |
		sed -e 's/^s/S/' -e 's/^h/H/' -e 's/^p/P/' || true
} | sort -u >"$tmp/tested"
rows >"$tmp/rows"
rows now >"$tmp/due"

status=0
if [ ! -s "$tmp/due" ]; then
	echo "check: docs/promises.md has no rows that are due" >&2
	exit 1
fi
if [ -n "$(uniq -d "$tmp/rows")" ]; then
	echo "check: rows that docs/promises.md has twice:" && uniq -d "$tmp/rows"
	status=1
fi
untested=$(comm -23 "$tmp/due" "$tmp/tested")
if [ -n "$untested" ]; then
	echo "check: promised now, and named by no test:"
	for id in $untested; do grep -E "^\| $id " docs/promises.md | cut -c -150; done
	status=1
fi
unknown=$(comm -13 "$tmp/rows" "$tmp/tested")
if [ -n "$unknown" ]; then
	echo "check: named by a test, and not in docs/promises.md:"
	echo "$unknown"
	status=1
fi
echo "check: $(comm -12 "$tmp/due" "$tmp/tested" | wc -l) of $(wc -l <"$tmp/due") promises that are due have a test"
exit $status
