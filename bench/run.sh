#!/usr/bin/env bash
# Measures imgtool against the programs that users have, all in one run and by turns, and prints tables in Markdown.
# docs/benchmarks.md says what is in them, and what the corpus is. A peer that is not here is left out of them.
#
# Usage: run.sh [FLAG…]     flags of bench.py, such as --rounds 3 or --only save
#   $IMGTOOL            the imgtool to be measured (default: built from this tree)
#   $IMGTOOL_CORPUS     directory of the corpus; without it nothing is measured
#   $IMGTOOL_PEERS      directory of the peers that are Go programs, as scripts/interop/install.sh builds them
#   $TMPDIR             where all output goes: on the file system of the corpus, so that both are on one disk
set -euo pipefail
cd "$(dirname "$0")/.."
export IMGTOOL_PEERS=${IMGTOOL_PEERS:-${XDG_CACHE_HOME:-/var/cache}/imgtool-peers}
export PATH=$IMGTOOL_PEERS:$PATH:/usr/sbin:/sbin PYTHONDONTWRITEBYTECODE=1

if [ -z "${IMGTOOL_CORPUS:-}" ]; then
	echo "bench: skipped: \$IMGTOOL_CORPUS is not set" >&2
	exit 0
fi
if ! command -v python3 >/dev/null; then
	echo "bench: skipped: python3 is missing" >&2
	exit 0
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/bench.XXXXXX")
# What podman mounts stays when it is stopped in the middle.
trap 'umount -q "$tmp/work/out/root/overlay" || true; rm -rf --one-file-system "$tmp"' EXIT
if [ -z "${IMGTOOL:-}" ]; then
	export IMGTOOL=$tmp/imgtool
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$IMGTOOL" .
fi
mkdir "$tmp/run" "$tmp/work"
bench=(python3 bench/bench.py --work "$tmp/work" --sockets "$tmp/run" "$@")

# daemons tells whether this machine can run those that scripts/interop/daemons.sh starts.
daemons() {
	[ "$(id -u)" = 0 ] || return
	local program
	for program in dockerd containerd ctr crane; do [ -x "$IMGTOOL_PEERS/$program" ] || return; done
	for program in /usr/sbin/dockerd /usr/bin/containerd /usr/bin/ctr; do [ -x $program ] || return; done
}
if daemons; then
	scripts/interop/daemons.sh "$tmp/run" "${bench[@]}"
else
	echo 'bench: docker and containerd are left out: they need root, and what scripts/interop/install.sh installs' >&2
	"${bench[@]}"
fi
