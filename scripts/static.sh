#!/usr/bin/env bash
# Fails if a binary asks for a dynamic loader or was built with cgo.
set -euo pipefail
if ! go version -m "$1" | grep -q 'CGO_ENABLED=0'; then
	echo "static: $1 was not built with CGO_ENABLED=0" >&2
	exit 1
fi
if LC_ALL=C ldd "$1" >/dev/null 2>&1; then
	echo "static: $1 is linked dynamically" >&2
	exit 1
fi
echo "static: $1, $(wc -c <"$1") bytes"
