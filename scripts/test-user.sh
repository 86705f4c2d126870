#!/usr/bin/env bash
# Runs the tests as an ordinary user: compiled by root, run in a copy of the tree that the user owns.
set -euo pipefail
cd "$(dirname "$0")/.."
user=${IMGTOOL_TEST_USER:-nobody}
if [ "$(id -u)" != 0 ]; then
	echo "test-user: skipped: you are an ordinary user already, and make test is this test"
	exit 0
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/imgtool-test-user.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/tree" "$tmp/home" "$tmp/tmp" "$tmp/bin"
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -cf - -T - | tar -xf - -C "$tmp/tree"
chmod 0755 "$tmp"

as_user() {
	setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --inh-caps=-all --reset-env \
		env PATH="$PATH" HOME="$tmp/home" TMPDIR="$tmp/tmp" IMGTOOL_CI="${IMGTOOL_CI:-}" IMGTOOL_FIXTURES="${IMGTOOL_FIXTURES:-}" IMGTOOL="$tmp/bin/imgtool" "$@"
}

# Archives that the user may not read are copied to where it may.
if [ -n "${IMGTOOL_FIXTURES:-}" ] && ! as_user test -r "$IMGTOOL_FIXTURES/fixtures.json"; then
	cp -R "$IMGTOOL_FIXTURES" "$tmp/fixtures"
	chmod -R a+rX "$tmp/fixtures"
	export IMGTOOL_FIXTURES=$tmp/fixtures
fi

# The user has no Go cache, so the binary that internal/faulttest is for is built here too.
CGO_ENABLED=0 go build -o "$tmp/bin/imgtool" .

status=0
packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' ./...)
while read -r package dir; do
	[ -n "$package" ] || continue
	binary=$tmp/bin/$(tr / - <<<"$package").test
	go test -c -o "$binary" "$package"
done <<<"$packages"
chown -R "$user" "$tmp/tree" "$tmp/home" "$tmp/tmp"
while read -r package dir; do
	[ -n "$package" ] || continue
	echo "$package as $user"
	binary=$tmp/bin/$(tr / - <<<"$package").test
	(cd "$tmp/tree/${dir#"$PWD"}" && as_user "$binary" -test.timeout 10m -test.paniconexit0) || status=1
done <<<"$packages"
exit $status
