#!/usr/bin/env bash
# Exchanges images between imgtool and the programs that users have: installs what is missing, starts private daemons,
# and runs the tests of internal/interop against them. Root only, since the daemons are.
#
# Usage: run.sh [FLAG…]     flags of go test, such as -run TestConsumers/docker20 or -v
#   $IMGTOOL            the imgtool under test (default: built from this tree)
#   $IMGTOOL_PEERS      a directory with the peers that are Go programs; they are built into it if they are not there
#                       (default: imgtool-peers under $XDG_CACHE_HOME, else under /var/cache)
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export IMGTOOL_PEERS=${IMGTOOL_PEERS:-${XDG_CACHE_HOME:-/var/cache}/imgtool-peers}

if [ "$(id -u)" != 0 ]; then
	echo "interop: skipped: docker and containerd need root"
	if [ -n "${IMGTOOL_CI:-}" ]; then exit 1; fi
	exit 0
fi
scripts/interop/install.sh
IMGTOOL_PEERS=$(cd "$IMGTOOL_PEERS" && pwd)

tmp=$(mktemp -d "${TMPDIR:-/tmp}/interop.XXXXXX")
trap 'rm -rf --one-file-system "$tmp"' EXIT
if [ -z "${IMGTOOL:-}" ]; then
	export IMGTOOL=$tmp/imgtool
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$IMGTOOL" .
fi
mkdir "$tmp/run"
start=$SECONDS
status=0
IMGTOOL_INTEROP=$tmp/run scripts/interop/daemons.sh "$tmp/run" go test -count=1 -parallel 4 -timeout 15m "$@" ./internal/interop || status=$?
if [ -e "$tmp/run/matrix" ]; then cat "$tmp/run/matrix"; fi
echo "interop: done in $((SECONDS - start)) s"
exit $status
