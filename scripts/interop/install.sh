#!/usr/bin/env bash
# Installs the peers that imgtool exchanges images with: Debian's docker 20.10, podman, skopeo and containerd 1.6 from
# packages, and today's docker and containerd, crane and regctl from their Go modules, at fixed versions. What is here
# already stays.
#
#   $IMGTOOL_PEERS      where the modules' programs are, or are built into (run.sh says what the default is)
set -euo pipefail
peers=$IMGTOOL_PEERS

"$(dirname "$0")/../packages.sh" docker dockerd podman skopeo containerd ctr runc

# Each package, and its version. Modules bring no version of docker 29 but this one, which is where its releases come from.
modules='
github.com/google/go-containerregistry/cmd/crane@v0.22.1
github.com/regclient/regclient/cmd/regctl@v0.11.7
github.com/containerd/containerd/v2/cmd/ctr@v2.4.2
github.com/containerd/containerd/v2/cmd/containerd@v2.4.2
github.com/moby/moby/v2/cmd/dockerd@v2.0.0-beta.24
'

# built PACKAGE@VERSION tells whether the program is here in this version, of which every Go program tells itself.
built() {
	local program=$peers/${1##*/}
	go version -m "${program%@*}" 2>/dev/null |
		awk -v want="$1" '$1 == "path" { path = $2 } $1 == "mod" { version = $3 } END { exit path "@" version != want }'
}

mkdir -p "$peers"
peers=$(cd "$peers" && pwd)
for module in $modules; do
	if built "$module"; then continue; fi
	start=$SECONDS
	for attempt in 1 2 3; do
		if (cd "$peers" && GOBIN=$peers GOFLAGS=-buildvcs=false CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "$module") 2>&1 |
			{ grep -v '^go: downloading' || true; }; then break; fi
		echo "interop: attempt $attempt to build $module failed" >&2
		sleep $((attempt * 5))
	done
	built "$module"
	echo "interop: built $module, $((SECONDS - start)) s"
done
echo "interop: peers are in $peers"
