#!/usr/bin/env bash
# Runs a command beside real daemons: two Dockers (three stores), two containerds and a registry on the loopback. They
# listen on sockets in DIR, keep all they have there, and end with this script.
#
# Usage: daemons.sh DIR COMMAND…
#   DIR                 an empty directory; its path is short, for a socket's path has at most 107 bytes
#   $IMGTOOL_PEERS      directory of the programs that install.sh builds
#
# In DIR are then docker20.sock, docker29.sock (containerd store), docker29-classic.sock, containerd16.sock,
# containerd2.sock, registry (its host:port), containers.conf (podman's), and a log of each daemon.
# The exit status is the command's; 1 if a daemon does not start.
set -euo pipefail
dir=$1 peers=$IMGTOOL_PEERS
shift
pids=()

cleanup() {
	trap '' INT TERM
	local pid
	if [ ${#pids[@]} != 0 ]; then
		kill -- "${pids[@]}" 2>/dev/null || true
		for _ in $(seq 100); do
			for pid in "${pids[@]}"; do
				if kill -0 "$pid" 2>/dev/null; then
					sleep 0.1
					continue 2
				fi
			done
			return
		done
		kill -9 -- "${pids[@]}" 2>/dev/null || true
	fi
}
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# daemon NAME COMMAND… starts a daemon that does not get the terminal's signals, and dies with this script.
daemon() {
	local name=$1
	shift
	setsid setpriv --pdeathsig TERM "$@" >"$dir/$name.log" 2>&1 </dev/null &
	pids+=($!)
}

# await NAME COMMAND… waits until the command succeeds, at most 30 seconds.
await() {
	local name=$1
	shift
	for _ in $(seq 150); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.2
	done
	echo "daemons: $name does not answer; its log ends with:" >&2
	tail -n 20 "$dir/$name.log" >&2
	exit 1
}

# A daemon that only loads and saves needs no network; its cgroups it would make itself, where systemd is not.
docker_daemon() { # NAME CONFIG COMMAND…
	local name=$1
	printf '%s\n' "$2" >"$dir/$name.json"
	shift 2
	daemon "$name" "$@" --config-file "$dir/$name.json" --host "unix://$dir/$name.sock" --pidfile "$dir/$name.pid" \
		--data-root "$dir/$name" --exec-root "$dir/$name.run" --exec-opt native.cgroupdriver=cgroupfs \
		--bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false
}

containerd_daemon() { # NAME DISABLED-PLUGINS COMMAND…
	local name=$1
	printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = [%s]\n[grpc]\naddress = "%s"\n' \
		"$dir/$name" "$dir/$name.run" "$2" "$dir/$name.sock" >"$dir/$name.toml"
	shift 2
	daemon "$name" "$@" --config "$dir/$name.toml" --log-level warn
}

# Limits that a process without CAP_SYS_RESOURCE may have: podman's own are beyond them in many a container.
limit=$(ulimit -Hn)
case $limit in unlimited) limit=1048576 ;; esac
printf '[containers]\ndefault_ulimits = ["nofile=%s:%s"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nruntime = "runc"\n' \
	"$limit" "$limit" >"$dir/containers.conf"

modern=$peers:$PATH # dockerd and containerd look for their helpers there
docker_daemon docker20 '{}' /usr/sbin/dockerd
docker_daemon docker29 '{}' env PATH="$modern" "$peers/dockerd"
docker_daemon docker29-classic '{"features": {"containerd-snapshotter": false}}' env PATH="$modern" "$peers/dockerd"
containerd_daemon containerd16 '"io.containerd.grpc.v1.cri"' /usr/bin/containerd
containerd_daemon containerd2 '"io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri"' \
	env PATH="$modern" "$peers/containerd"
daemon registry "$peers/crane" registry serve --address 127.0.0.1:0

for name in docker20 docker29 docker29-classic; do
	await $name curl -fsS --unix-socket "$dir/$name.sock" http://docker/_ping
done
await containerd16 /usr/bin/ctr -a "$dir/containerd16.sock" version
await containerd2 "$peers/ctr" -a "$dir/containerd2.sock" version
await registry grep -q 'serving on' "$dir/registry.log"
sed -nE 's/.*serving on port ([0-9]+).*/127.0.0.1:\1/p' "$dir/registry.log" >"$dir/registry"

"$@"
