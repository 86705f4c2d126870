#!/usr/bin/env bash
# Fails if writing the generated pages again changes any.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -R docs completions "$before"
make --no-print-directory docs
if ! { diff -ru "$before/docs" docs && diff -ru "$before/completions" completions; }; then
	echo "docs: generated pages are not what the command table says: run make docs and commit" >&2
	exit 1
fi
