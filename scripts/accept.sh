#!/usr/bin/env bash
# Holds a binary against real archives with independent ground truth. The checker and the archives are not part of this
# repository: IMGTOOL_ACCEPT names the one, IMGTOOL_FIXTURES the directory of the others. What is known to fail, and why,
# stands in accept-known.txt; it is compared when all is checked.
#
# Usage: accept.sh IMGTOOL [FLAG…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${IMGTOOL_ACCEPT:-}" ] || [ -z "${IMGTOOL_FIXTURES:-}" ]; then
	echo "accept: skipped: IMGTOOL_ACCEPT and IMGTOOL_FIXTURES are not set"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exit=0
python3 "$IMGTOOL_ACCEPT" --bin "$1" --fixtures "$IMGTOOL_FIXTURES" --jobs 2 --list-failures \
	--check "${IMGTOOL_CHECKS:-load,pipe,save,convert,names,digest,history,verify,refuse}" "${@:2}" | tee "$work/out" || exit=$?
if [ $# -gt 1 ] || [ -n "${IMGTOOL_CHECKS:-}" ] || [ $exit -gt 1 ]; then
	exit $exit
fi
grep -q '^passed [1-9]' "$work/out" # it did check something
sed -n 's/^FAIL  *\([^ ]*\)  *\([^ ]*\): .*/\1 \2/p' "$work/out" | sort >"$work/failed"
grep -v '^#' "$here/accept-known.txt" | sort >"$work/known"
if ! diff "$work/known" "$work/failed"; then
	echo "accept: other checks fail (>) or pass (<) than accept-known.txt says" >&2
	exit 1
fi
echo "accept: all pass but the $(wc -l <"$work/known") that are known"
