#!/bin/bash
# make.sh makes the archives of this directory with the programs that users make theirs with.
#
#   make.sh seed          builds the images anew and saves docker20-multi.tar (new IDs: builds carry their time)
#   make.sh [NAME…]       makes what is named (docker20, podman, …: the functions make_NAME below), or all, from docker20-multi.tar
#
# It runs as root (podman, buildah and umoci do here what only root can) and starts no daemon. What is unset is skipped:
#
#   DOCKER20_HOST            unix://… of a Docker 20.10
#   DOCKER29_HOST            unix://… of a Docker 29 with the containerd image store
#   DOCKER29_CLASSIC_HOST    unix://… of a Docker 29 with "containerd-snapshotter": false
#   CONTAINERD_ADDRESS       socket of a containerd 2
#   REGISTRY                 host:port of a registry without TLS, for crane, which writes archives only of what it pulls
#   DOCKER PODMAN BUILDAH SKOPEO UMOCI CRANE REGCTL CTR    programs, if not the ones in PATH (words are split: options may follow)
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC DOCKER_BUILDKIT=0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

: "${DOCKER=docker}" "${SKOPEO=skopeo}" "${UMOCI=umoci}" "${CRANE=crane}" "${REGCTL=regctl}" "${CTR=ctr}"
containers="--storage-driver vfs --root $work/containers/root --runroot $work/containers/run"
: "${PODMAN=podman}" "${BUILDAH=buildah}"
# shellcheck disable=SC2086 # $containers is several words
podman() { command $PODMAN $containers "$@"; }
# shellcheck disable=SC2086 # as above
buildah() { command $BUILDAH $containers "$@"; }

hello=imgtool.example/hello:1.0
latest=hello:latest
tool=imgtool.example/tool:2.0

# keep FILE NAME: takes a finished file over, readable by everyone, whole or not at all.
keep() { chmod 644 "$1" && mv "$1" "$here/$2" && printf '%-28s %7d bytes\n' "$2" "$(stat -c %s "$here/$2")"; }

# pack DIR FILE: a directory as a tar that depends on nothing but its content.
pack() { (cd "$1" && tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 --format=gnu -cf "$2" -- *); }

docker_at() { local host=$1; shift; DOCKER_HOST=$host $DOCKER "$@"; }

## The images.

compile_hello() {
	gcc -Os -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
		-fcf-protection=none -Wall -Wextra -s -Wl,--build-id=none,-z,norelro,-z,noseparate-code,-n -o "$1" hello.c
	strip -R .comment "$1"
}

text() { printf '%s\n' "$2" >"$1"; }

root_tree() { # DIR: the lowest layer's files
	local r=$1 long
	long=$(printf 'long-%.0s' $(seq 22))name
	mkdir -p "$r"/{bin,data,etc,srv/data/sub,tmp,home/app,var/{log,empty},usr/{lib/hello/tree,share/hello,share/doc/hello}}
	compile_hello "$r/bin/hello"
	printf 'root:x:0:0:root:/root:/bin/hello\napp:x:1000:1000:app:/home/app:/bin/hello\n' >"$r/etc/passwd"
	printf 'root:x:0:\napp:x:1000:\nlog:x:4:app\n' >"$r/etc/group"
	text "$r/etc/hello.conf" 'greeting = hello'
	text "$r/etc/old.conf" 'removed above'
	ln -s /proc/self/mounts "$r/etc/mtab"
	ln -s nowhere "$r/usr/share/hello/dangling"
	text "$r/srv/data/one" first
	text "$r/srv/data/two" second
	text "$r/srv/data/sub/deep" deep
	text "$r/srv/bigid" 'owner beyond what octal digits hold' && chown 3000000:3000001 "$r/srv/bigid"
	text "$r/usr/share/hello/a" linked && ln "$r/usr/share/hello/a" "$r/usr/share/hello/b"
	text "$r/usr/share/doc/hello/naïve-文字.txt" 'a name beyond ASCII'
	text "$r/usr/share/doc/hello/$long" 'a name beyond 100 bytes'
	text "$r/usr/lib/hello/kind" 'a file'
	text "$r/usr/lib/hello/tree/leaf" leaf
	text "$r/usr/lib/hello/setuid" 'not a program' && chmod 4755 "$r/usr/lib/hello/setuid"
	text "$r/home/app/.profile" '# nothing' && chown -R 1000:1000 "$r/home/app" && chmod 700 "$r/home/app"
	chmod 1777 "$r/tmp" && chgrp 4 "$r/var/log" && chmod 2775 "$r/var/log"
	find "$r" -exec touch -h -d @1700000100 {} +
	text "$r/etc/epoch" 'the first second' && touch -d @0 "$r/etc/epoch"
	text "$r/etc/far" 'the year 2100' && touch -d @4102444800 "$r/etc/far"
	text "$r/etc/nano" 'with nanoseconds' && touch -d '2001-02-03T04:05:06.789012345Z' "$r/etc/nano"
	touch -d @1700000100 "$r/etc"
}

added_tree() { # DIR: the second layer's files
	mkdir -p "$1"/{etc,srv/www}
	text "$1/etc/hello.conf" 'greeting = good day'
	text "$1/srv/www/index.html" '<p>hello'
	find "$1" -exec touch -h -d @1700000200 {} +
}

make_seed() {
	local c=$work/context d="docker_at $DOCKER20_HOST" container
	mkdir -p "$c" && root_tree "$work/root" && added_tree "$work/added"
	(cd "$work/root" && tar --sort=name --numeric-owner --format=pax -cf "$c/rootfs.tar" -- *)
	(cd "$work/added" && tar --sort=name --numeric-owner --format=pax -cf "$c/files.tar" -- *)
	cp Dockerfile "$c"
	$d build -q --no-cache --network=none --target changed -t imgtool.example/hello:changed "$c"
	container=$($d create --network=none imgtool.example/hello:changed /bin/hello \
		put /srv/data/four fourth time /srv/data/four 1700000600 time /srv/data 1700000600)
	$d start -a "$container"
	$d commit -m 'add a fourth file' -a 'imgtool <imgtool@imgtool.example>' "$container" imgtool.example/hello:committed
	$d rm "$container"
	$d build -q --network=none --target tool -t $tool "$c"
	$d build -q --network=none --target hello -t $hello -t $latest "$c"
	$d rmi imgtool.example/hello:changed imgtool.example/hello:committed
	$d save -o "$work/multi.tar" $hello $latest $tool
	keep "$work/multi.tar" docker20-multi.tar
}

## The producers, one function an archive. Each starts from docker20-multi.tar or from an archive made before it.

load20() { docker_at "$DOCKER20_HOST" load -q -i docker20-multi.tar >/dev/null; }

make_docker20() { # two names of one image
	load20
	docker_at "$DOCKER20_HOST" save -o "$work/d.tar" $hello $latest
	keep "$work/d.tar" docker20.tar
}

make_compressed() { # the whole file, as it travels
	compressed docker20.tar gz gzip -9n
	compressed docker20.tar zst zstd -q -19
	compressed docker20.tar xz xz -9
	compressed docker20.tar bz2 bzip2 -9
}

compressed() { # FILE SUFFIX COMMAND…
	local from=$1 suffix=$2
	shift 2
	"$@" <"$from" >"$work/compressed"
	keep "$work/compressed" "$(basename "$from").$suffix"
}

make_docker20_id() { # saved by its ID: no names
	load20
	docker_at "$DOCKER20_HOST" save -o "$work/docker20-id.tar" "$(docker_at "$DOCKER20_HOST" image inspect -f '{{.Id}}' $tool)"
	compressed "$work/docker20-id.tar" gz gzip -9n
}

make_docker_v1() {
	python3 docker-v1.py docker20.tar "$work/v1.tar"
	keep "$work/v1.tar" docker-v1.tar
}

save29() { # HOST FROM TO NAME…: load and save
	local host=$1 from=$2 to=$3
	shift 3
	docker_at "$host" load -q -i "$from" >/dev/null
	docker_at "$host" save -o "$work/d29.tar" "$@"
	docker_at "$host" rmi -f "$@" >/dev/null
	keep "$work/d29.tar" "$to"
}

make_docker29_classic() { save29 "$DOCKER29_CLASSIC_HOST" docker20.tar docker29-classic.tar $hello $latest; }

make_docker29_containerd() { save29 "$DOCKER29_HOST" docker20.tar docker29-containerd.tar $hello $latest; }

make_docker29_gzip() { # layers as they were loaded: gzip
	save29 "$DOCKER29_HOST" skopeo-oci.tar docker29-gzip.tar $hello
}

make_docker29_sparse() { # the index of two platforms, the blobs of one
	local name=imgtool.example/hello:multi absent
	absent=$($SKOPEO inspect --raw oci-archive:buildah-index.tar | grep -o 'sha256:[0-9a-f]*' | tail -1)
	docker_at "$DOCKER29_HOST" load -q --platform linux/amd64 -i buildah-index.tar >/dev/null
	# The daemon first takes all blobs and drops the other platform's a little later.
	for _ in $(seq 30); do
		docker_at "$DOCKER29_HOST" save -o "$work/d29.tar" $name
		tar -tf "$work/d29.tar" | grep -q "${absent#sha256:}" || break
		sleep 1
	done
	docker_at "$DOCKER29_HOST" rmi -f $name >/dev/null
	keep "$work/d29.tar" docker29-sparse.tar
}

make_podman() {
	podman load -q -i docker20.tar >/dev/null
	podman save -q --format docker-archive -o "$work/p.tar" $hello
	keep "$work/p.tar" podman-docker.tar
	podman save -q --format oci-archive -o "$work/p.tar" $hello
	keep "$work/p.tar" podman-oci.tar
}

make_skopeo() {
	local from=docker-archive:docker20.tar:$hello
	$SKOPEO copy -q $from docker-archive:"$work/s.tar":$hello
	keep "$work/s.tar" skopeo-docker.tar
	$SKOPEO copy -q $from oci-archive:"$work/s.tar":$hello
	keep "$work/s.tar" skopeo-oci.tar
	$SKOPEO copy -q $from oci:"$work/gzip":1.0
	pack "$work/gzip" "$work/s.tar"
	keep "$work/s.tar" oci-gzip.tar
	$SKOPEO copy -q --dest-compress-format zstd $from oci:"$work/zstd":1.0
	pack "$work/zstd" "$work/s.tar"
	keep "$work/s.tar" oci-zstd.tar
}

make_buildah() { # a layer with user.* attributes, and an index of two platforms
	local c root
	c=$(buildah from -q docker-archive:docker20.tar:$hello)
	root=$(buildah mount "$c")
	setfattr -n user.imgtool -v 'kept by buildah' "$root/etc/hello.conf"
	setfattr -n user.imgtool.binary -v 0x000102ff "$root/etc/hello.conf"
	buildah umount "$c" >/dev/null
	buildah commit -q --disable-compression=false --timestamp 1700000700 "$c" oci-archive:"$work/b.tar":imgtool.example/hello:xattr >/dev/null
	keep "$work/b.tar" buildah-xattr.tar

	c=$(buildah from -q docker-archive:docker20.tar:$hello)
	buildah commit -q --timestamp 1700000700 "$c" imgtool.example/hello:amd64 >/dev/null
	buildah config --arch arm64 --variant v8 --created-by 'the same bytes for another platform' "$c"
	buildah commit -q --timestamp 1700000700 "$c" imgtool.example/hello:arm64 >/dev/null
	buildah manifest create imgtool.example/hello:multi >/dev/null
	buildah manifest add imgtool.example/hello:multi containers-storage:imgtool.example/hello:amd64 >/dev/null
	buildah manifest add --arch arm64 --variant v8 imgtool.example/hello:multi containers-storage:imgtool.example/hello:arm64 >/dev/null
	buildah manifest push -q --all imgtool.example/hello:multi oci-archive:"$work/b.tar":imgtool.example/hello:multi
	keep "$work/b.tar" buildah-index.tar
}

make_umoci() { # a layer by GNU tar: nanoseconds, user.* attributes, and a hard link to a file of the layer below
	local d=$work/umoci t=$work/added-by-tar
	mkdir -p "$t/etc"
	text "$t/etc/nano" 'with nanoseconds'
	touch -d '2001-02-03T04:05:06.789012345Z' "$t/etc/nano"
	setfattr -n user.imgtool -v 'kept by tar' "$t/etc/nano"
	text "$t/etc/hello.conf" 'greeting = good day'
	ln "$t/etc/hello.conf" "$t/etc/link"
	touch -d @1700000800 "$t/etc" "$t/etc/link"
	tar --sort=name --format=pax --pax-option=delete=atime,delete=ctime --owner=0 --group=0 --numeric-owner --xattrs --xattrs-include='user.*' \
		-C "$t" -cf "$work/l.tar" etc
	tar --delete -f "$work/l.tar" etc/hello.conf
	$SKOPEO copy -q docker-archive:docker20.tar:$hello oci:"$d":1.0
	$UMOCI raw add-layer --image "$d:1.0" --tag linked --history.created 2023-11-14T22:26:40Z --history.created_by tar \
		--history.comment 'a hard link to a lower layer' "$work/l.tar"
	pack "$d" "$work/u.tar"
	keep "$work/u.tar" umoci.tar
}

make_containerd() { # what ctr exports: docker and OCI in one, an index of two platforms
	local ctr="$CTR -a $CONTAINERD_ADDRESS -n imgtool-archives"
	$ctr images import --all-platforms --no-unpack buildah-index.tar >/dev/null
	$ctr images export --all-platforms "$work/c.tar" imgtool.example/hello:multi
	$ctr images rm imgtool.example/hello:multi >/dev/null
	keep "$work/c.tar" containerd-index.tar
}

make_crane() {
	$SKOPEO copy -q --dest-tls-verify=false docker-archive:docker20.tar:$hello "docker://$REGISTRY/hello:1.0"
	$CRANE pull --insecure "$REGISTRY/hello:1.0" "$work/c.tar"
	keep "$work/c.tar" crane.tar
}

make_regctl() { # docker and OCI in one, gzip layers
	mkdir "$work/regctl"
	tar -C "$work/regctl" -xf oci-gzip.tar
	$REGCTL image export --name $hello "ocidir://$work/regctl:1.0" "$work/r.tar"
	keep "$work/r.tar" regctl.tar
}

## What a reader must find.

make_tree() { # the merged tree of hello, by umoci: type, mode, owner, group, size, time, links, path, link target, digest
	$SKOPEO copy -q docker-archive:docker20.tar:$hello oci:"$work/tree":1.0
	$UMOCI unpack --image "$work/tree:1.0" "$work/bundle" 2>/dev/null
	(cd "$work/bundle/rootfs" && find . -mindepth 1 -printf '%y\t%04m\t%U\t%G\t%s\t%Ts\t%n\t%P\t%l\n' | LC_ALL=C sort -t "$(printf '\t')" -k8,8 |
		while IFS= read -r line; do
			path=$(cut -f8 <<<"$line")
			case $line in
			f*) printf '%s%s\n' "$line" "$(sha256sum <"$path" | cut -d' ' -f1)" ;;
			d*) awk -F'\t' -v OFS='\t' '{ $5 = $7 = "-"; print }' <<<"$line" ;;
			*) printf '%s\n' "$line" ;;
			esac
		done) >"$work/hello.tree"
	keep "$work/hello.tree" hello.tree
}

## Which of them.

have() { [ -n "${!1:-}" ] || { echo "skipped: $2 ($1 is unset)"; return 1; }; }

all=(docker20 compressed docker20_id docker_v1 skopeo docker29_classic docker29_containerd docker29_gzip podman buildah docker29_sparse umoci containerd crane regctl tree)
for name in "${@:-${all[@]}}"; do
	case $name in
	seed | docker20*) have DOCKER20_HOST "$name" || continue ;;
	docker29_classic) have DOCKER29_CLASSIC_HOST "$name" || continue ;;
	docker29*) have DOCKER29_HOST "$name" || continue ;;
	containerd) have CONTAINERD_ADDRESS "$name" || continue ;;
	crane) have REGISTRY "$name" || continue ;;
	esac
	make_"$name"
done
