#!/usr/bin/env bash
# Installs what the tests use beyond Go and git, from Debian's packages, and only what is missing.
#
# Usage: packages.sh [COMMAND…]     without arguments: all of the table below
# Exit status: 0 everything is here, 1 something is missing and could not be installed (it says what).
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# A command, and the packages that bring it.
table='
make        make
gcc         gcc libc6-dev
python3     python3
shellcheck  shellcheck
jq          jq
zstd        zstd
xz          xz-utils
bzip2       bzip2
pigz        pigz
strace      strace
mkfs.ext4   e2fsprogs
losetup     mount
setpriv     util-linux
skopeo      skopeo
podman      podman
umoci       umoci
docker      docker.io
dockerd     docker.io
containerd  containerd
ctr         containerd
runc        runc
'

missing() {
	for name in "$@"; do
		command -v "$name" >/dev/null || echo "$name"
	done
}

if [ $# = 0 ]; then
	mapfile -t wanted < <(awk 'NF { print $1 }' <<<"$table")
else
	wanted=("$@")
fi
mapfile -t absent < <(missing "${wanted[@]}")
if [ ${#absent[@]} = 0 ]; then
	echo "packages: everything is here"
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "packages: missing, and only root can install them, with apt-get: ${absent[*]}"
	exit 1
fi

# No package may start its daemon: tests start their own, on sockets of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
fi
packages=()
for name in "${absent[@]}"; do
	read -r -a more < <(awk -v name="$name" '$1 == name { $1 = ""; print }' <<<"$table") || true # not in the table: named like its package
	packages+=("${more[@]:-$name}")
done
echo "packages: installing ${packages[*]}"
for attempt in 1 2 3; do
	if apt-get update -qq &&
		apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "${packages[@]}" >/dev/null; then
		break
	fi
	echo "packages: attempt $attempt failed"
	sleep $((attempt * 5))
done
hash -r
mapfile -t absent < <(missing "${wanted[@]}")
if [ ${#absent[@]} != 0 ]; then
	echo "packages: still missing: ${absent[*]}"
	exit 1
fi
