#!/usr/bin/env bash
# Breaks each floor of .golangci.yml and expects exactly that finding.
#
# A module of empty packages is made with the paths of this one. Then every package imports every other one, a file an
# import, and the files that depguard complains of are compared with the table below: what it does not allow must be
# found, what it allows must not. Two runs, upwards and downwards, because imports may not form a ring.
#
# Usage: floors-test.sh GOLANGCI-LINT
set -euo pipefail
lint=$(realpath "$1")
repo=$(cd "$(dirname "$0")/.." && pwd)
module=github.com/imgtool/imgtool

# Package: which of ours it may import, from the lowest floor to the highest.
below='compression convert image internal/atomicfile internal/reference internal/tarfs internal/tarscan layer layout rootfs run squash store tarball'
floors="
compression:
internal/atomicfile:
internal/tarscan:
internal/tarfs: internal/tarscan
image:
internal/reference: image
layer: image compression internal/tarscan
layout: image internal/tarfs
tarball: image layout internal/tarfs internal/tarscan compression
convert: image layer compression
rootfs: image layer
run: image rootfs
squash: image layer compression internal/reference
store: image layout
internal/imagetest: $below
internal/command: $below
internal/docgen: internal/command
main: internal/command
newcomer:
"
# Other modules and packages of Go, each with the packages that may import it.
outside="
github.com/urfave/cli/v2: internal/command
github.com/pkg/errors:
github.com/klauspost/pgzip: compression
flag: internal/command
fmt: *
net/url: *
net: 
net/http: 
net/http/httptest: 
math/rand: 
math/rand/v2: *
"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

dir() { if [ "$1" = main ]; then echo .; else echo "$1"; fi; }
names() { sed -n 's/:.*//p' <<<"$1"; }
row() { sed -n "s|^$2: *||p" <<<"$1"; }
has() { case " $1 " in *" $2 "*) return 0 ;; esac; return 1; }

# offend PACKAGE IMPORT ALLOWED [_test] writes one file with one import, and its name to expected if it is forbidden.
offend() {
	local file
	file=$(dir "$1")/uses_${2//[^a-z0-9]/_}${4:-}.go
	file=${file#./}
	printf 'package %s\n\nimport _ "%s"\n' "${1##*/}" "$2" >"$work/$file"
	if [ "$3" = no ]; then echo "$file" >>"$work/expected"; fi
}

# skeleton DIRECTORY makes the module of empty packages, with stubs for what is imported from outside.
skeleton() {
	work=$1
	mkdir -p "$work" && cp "$repo/.golangci.yml" "$work/"
	printf 'module %s\n\ngo 1.26\n' "$module" >"$work/go.mod"
	: >"$work/expected"
	for package in $(names "$floors"); do
		mkdir -p "$work/$(dir "$package")"
		printf '// Package %s is empty.\npackage %s\n' "${package##*/}" "${package##*/}" >"$work/$(dir "$package")/doc.go"
	done
	printf '\nfunc main() {}\n' >>"$work/doc.go"
	for import in $(names "$outside" | grep '\.'); do
		mkdir -p "$work/vendored/$import"
		printf 'module %s\n' "$import" >"$work/vendored/$import/go.mod"
		printf 'package stub\n' >"$work/vendored/$import/stub.go"
		(cd "$work" && go mod edit -require="$import@${import_version[$import]:-v1.0.0}" -replace="$import=./vendored/$import")
	done
}

# findings runs the linter and prints each file that depguard complains of.
findings() {
	local exit=0
	(cd "$work" && GOFLAGS=-mod=mod GOLANGCI_LINT_CACHE=$tmp/cache "$lint" run --allow-parallel-runners --enable-only depguard \
		--output.text.print-issued-lines=false --output.text.colors=false ./...) >"$work/out" 2>"$work/err" || exit=$?
	if [ $exit != 1 ]; then # 1: it has findings
		cat "$work/err" >&2
		echo "floors-test: the linter ended with exit $exit" >&2
		return 1
	fi
	if grep -v -e '(depguard)$' -e '^[0-9]* issues' -e '^\* depguard' "$work/out" >&2 || grep -i error "$work/err" >&2; then
		echo "floors-test: the linter says something else" >&2
		return 1
	fi
	sed -n 's/^\([^:]*\):.*(depguard)$/\1/p' "$work/out" | sort -u
}

# compare holds the findings against the expectation.
compare() {
	findings >"$work/found"
	sort -o "$work/expected" "$work/expected"
	if ! diff -u --label expected --label found "$work/expected" "$work/found"; then
		echo "floors-test: .golangci.yml and the floors differ ($1)" >&2
		return 1
	fi
	echo "floors-test: $1: $(wc -l <"$work/found") of $(find "$work" -name 'uses_*.go' | wc -l) imports are forbidden, and found"
}

declare -A import_version=([github.com/urfave/cli/v2]=v2.0.0)

verdict() { if has "$1" "$2" || [ "$1" = '*' ]; then echo yes; else echo no; fi; }

for way in upwards downwards; do
	skeleton "$tmp/$way"
	seen=
	for package in $(names "$floors"); do
		allowed=$(row "$floors" "$package")
		for other in $(names "$floors"); do
			if [ "$other" = "$package" ] || [ "$other" = main ]; then continue; fi
			lower=no
			if has "$seen" "$other"; then lower=yes; fi
			if { [ $way = downwards ] && [ $lower = yes ]; } || { [ $way = upwards ] && [ $lower = no ]; }; then
				offend "$package" "$module/$other" "$(verdict "$allowed" "$other")"
			fi
		done
		seen="$seen $package"
	done
	if [ $way = upwards ]; then
		for import in $(names "$outside"); do
			for package in $(names "$floors"); do
				who=$(row "$outside" "$import")
				if [ "$package" = newcomer ]; then who=; fi
				offend "$package" "$import" "$(verdict "$who" "$package")"
			done
		done
		for package in $(names "$floors"); do # tests may import what they need, but the command line
			case $package in main | internal/command | internal/docgen | newcomer) continue ;; esac
			offend "$package" flag yes _test
			offend "$package" github.com/urfave/cli/v2 no _test
			offend "$package" $module/internal/command no _test
		done
	fi
	compare "$way"
done
