#!/usr/bin/env bash
# Runs everything that a change must pass, section by section, each with a limit of its own; a section that fails does
# not keep the others from running. The last line is PASS or FAIL.
set -euo pipefail
cd "$(dirname "$0")/.."
make=(make --no-print-directory)
summary=() failed=0

# section NAME LIMIT COMMAND… runs the command for at most LIMIT.
section() {
	local name=$1 limit=$2 start=$SECONDS result=ok
	shift 2
	printf '\n=== %s\n' "$name"
	timeout --kill-after=30s "$limit" "$@" </dev/null || result="failed (exit $?)"
	if [ "$result" != ok ]; then failed=1; fi
	printf '=== %s: %s, %d s\n' "$name" "$result" $((SECONDS - start))
	summary+=("$(printf '%-24s %5d s  %s' "$name" $((SECONDS - start)) "$result")")
}

section build 10m "${make[@]}" build
section static 1m scripts/static.sh ./imgtool
section test 15m "${make[@]}" test TESTFLAGS=-count=1
section faults 25m env IMGTOOL_FAULTS=full IMGTOOL_FULL=1 go test -count=1 -timeout 20m ./internal/faulttest ./layout ./store
section 'test as ordinary user' 15m "${make[@]}" test-user
section demo 2m "${make[@]}" demo
section lint 15m "${make[@]}" lint
section cross 10m "${make[@]}" cross
section 'generated docs' 2m scripts/docs-unchanged.sh
section promises 1m "${make[@]}" check
section race 15m "${make[@]}" race TESTFLAGS=-count=1
section fuzz 8m "${make[@]}" fuzz FUZZTIME="${FUZZTIME:-3s}"
section accept 15m "${make[@]}" accept
section interop 20m "${make[@]}" interop

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}" "$(printf '%-24s %5d s' total $SECONDS)"
if [ $failed != 0 ]; then
	echo FAIL
	exit 1
fi
echo PASS
