#!/usr/bin/env bash
# Shows the main job on a real archive: load, look, save in four forms, verify, load what was saved into new stores.
# Fails unless every image comes out of them as it went in. Needs no root, no daemon and no network.
set -euo pipefail
cd "$(dirname "$0")/.."
archive=$PWD/testdata/archives/docker20-multi.tar
program=$(cd "$(dirname "${IMGTOOL:-./imgtool}")" && pwd)/$(basename "${IMGTOOL:-./imgtool}")
if [ ! -x "$program" ]; then
	echo "demo: there is no $program: run make build" >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"
export IMGTOOL_STORE=store
unset SOURCE_DATE_EPOCH

imgtool() { "$program" "$@"; }

# say prints what comes next.
say() { printf '\n# %s\n' "$*"; }

# run prints a command and then what it prints.
run() {
	printf '$ %s\n' "$*"
	"$@" 2>&1
}

# names prints each name of a store or an archive with the image ID and the digest that it stands for.
names() { imgtool images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Digest}}' "$@" | sort; }

# ids prints the names and image IDs alone.
ids() { names "$@" | cut -d ' ' -f 1,2; }

# equal fails and shows the difference if what was found is not what was expected.
equal() { # WHAT EXPECTED FOUND
	if [ -z "$2" ] || [ "$2" != "$3" ]; then
		printf 'FAILED: %s\n--- expected\n%s\n--- found\n%s\n' "$@"
		exit 1
	fi
	printf 'ok: %s\n' "$1"
}

say 'An archive that docker 20.10 saved: two images, three names'
run cp "$archive" from-docker.tar
run imgtool images from-docker.tar

say 'Load it, and look at it'
run imgtool load -i from-docker.tar
run imgtool history imgtool.example/tool:2.0
equal 'the store has the names, IDs and digests of the archive' "$(names from-docker.tar)" "$(names)"

say 'Save both images by their IDs, which keeps all names: for docker, as an OCI layout, compressed, and with zstd layers'
run imgtool save -o docker.tar 37bbcecd7834 e59dc4d472e8
run imgtool save -o layout.oci 37bbcecd7834 e59dc4d472e8
run imgtool save -o docker.tar.zst 37bbcecd7834 e59dc4d472e8
run imgtool save -o zstd-layers.tar --compression zstd 37bbcecd7834 e59dc4d472e8

say 'Verify every byte of the store and of what was saved'
run imgtool verify
run imgtool verify docker.tar layout.oci docker.tar.zst zstd-layers.tar

say 'Load each of them into a new store'
for file in docker.tar layout.oci docker.tar.zst; do
	run imgtool load --store "store-of-$file" -i "$file"
	equal "$file: names, IDs and digests are those of the first store" "$(names)" "$(names --store "store-of-$file")"
done
run imgtool load --store store-of-zstd-layers.tar -i zstd-layers.tar
equal 'zstd-layers.tar: names and IDs are; digests cannot be, the layers have other bytes' "$(ids)" "$(ids --store store-of-zstd-layers.tar)"

say 'Save from there again: the same bytes'
run imgtool save --store store-of-docker.tar -o again.tar 37bbcecd7834 e59dc4d472e8
run cmp docker.tar again.tar
printf '\nok: everything came out as it went in\n'
