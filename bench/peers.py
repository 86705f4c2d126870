"""What is measured: for each job, the command of every tool that can do it."""

import os
import pathlib
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import Callable

import measure

IMGTOOL = os.environ["IMGTOOL"]
NOTHING = lambda: None


@dataclass
class Tool:
    """A way to do a job. The command writes below or to Case.out, which is not there when it begins."""

    name: str
    command: Callable[[], list]
    daemon: measure.Daemon = None
    setup: Callable = NOTHING  # once, before the first round
    clean: Callable = NOTHING  # after each round
    teardown: Callable = NOTHING  # once, after the last round
    limit: bool = False  # no peer, but what a part of the work takes by itself


@dataclass
class Case:
    """A job on one image."""

    image: str
    corpus: pathlib.Path
    work: pathlib.Path
    sockets: pathlib.Path

    @property
    def out(self):
        return self.work / "out"

    @property
    def docker(self):  # by docker 20.10: plain layers
        return self.corpus / self.image / "docker20.tar"

    @property
    def oci(self):  # gzip layers
        return self.named if self.image == "multi" else self.corpus / self.image / "oci-gz.tar"

    @property
    def named(self):  # by docker 29: gzip layers, and names in full
        return self.corpus / self.image / "docker29.tar"

    @property
    def single(self):  # skopeo copies one image at a time
        return self.image != "multi"

    def daemon(self, name):
        path = self.sockets / f"{name}.sock"
        return measure.Daemon(path) if path.is_socket() else None


def output(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def have(*programs):
    return all(shutil.which(p) for p in programs)


def shell(text):
    return ["sh", "-c", text]


# Loading.

def load_docker(c):
    return [
        imgtool_load(c, c.docker),
        *skopeo_load(c, "docker-archive", c.docker),
        *podman_load(c, c.docker),
        *docker_load(c, c.docker, "docker20", "docker load, 20.10"),
        *docker_load(c, c.docker, "docker29", "docker load, 29"),
        *regctl_load(c, c.docker),
        *ctr_load(c, c.docker),
        *copy_limits(c, c.docker),
    ]


def load_oci(c):
    return [
        imgtool_load(c, c.oci),
        imgtool_load(c, c.oci, "--trust-layers"),
        *(skopeo_load(c, "oci-archive", c.oci) if c.single else []),
        *podman_load(c, c.oci),
        *docker_load(c, c.oci, "docker29", "docker load, 29"),
        *regctl_load(c, c.oci),
        *ctr_load(c, c.oci),
        *copy_limits(c, c.oci),
        *inflate_limit(c),
    ]


def imgtool_load(c, source, *flags):
    return Tool(" ".join(["imgtool load", *flags]), lambda: [IMGTOOL, "load", "-q", *flags, "--store", str(c.out), str(source)])


def skopeo_load(c, transport, source):
    if not have("skopeo"):
        return []

    def command(*flags):
        if c.single:
            return ["skopeo", "copy", *flags, f"{transport}:{source}", f"oci:{c.out}:x"]
        one = shlex.join(["skopeo", "copy", *flags])
        return shell(f"set -e; for i in 0 1 2 3; do {one} {transport}:{source}:@$i oci:{c.out}:x$i; done")

    tools = [Tool("skopeo copy", command)]
    if transport == "docker-archive":
        flag = "--dest-oci-accept-uncompressed-layers"
        tools.append(Tool("skopeo copy, plain layers", lambda: command(flag)))
    return tools


def podman_load(c, source):
    if not have("podman") or os.geteuid() != 0:
        return []

    def clean():
        subprocess.run(["umount", "-q", c.out / "root" / "overlay"], check=False)

    return [Tool("podman load", lambda: [*podman(c.out), "load", "-i", str(source)], clean=clean)]


def podman(root):
    return ["podman", "--root", str(root / "root"), "--runroot", str(root / "run")]


def docker_load(c, source, socket, name):
    daemon = c.daemon(socket)
    if not daemon or not have("docker"):
        return []
    docker = ["docker", "-H", f"unix://{daemon.path}"]
    return [Tool(name, lambda: [*docker, "load", "-q", "-i", str(source)], daemon, clean=lambda: output(*docker, "system", "prune", "-af"))]


def regctl_load(c, source):
    if not have("regctl") or not c.single:  # it imports one image of several
        return []
    return [Tool("regctl image import", lambda: ["regctl", "image", "import", f"ocidir://{c.out}:x", str(source)])]


def ctr_load(c, source):
    daemon = c.daemon("containerd2")
    if not daemon or not have("ctr"):
        return []
    ctr = ["ctr", "-a", str(daemon.path), "images"]
    return [Tool("ctr images import --no-unpack", lambda: [*ctr, "import", "--no-unpack", str(source)], daemon, clean=lambda: ctr_empty(ctr))]


def ctr_empty(ctr):
    names = output(*ctr, "ls", "-q")
    if names:
        output(*ctr, "rm", "--sync", *names)


def copy_limits(c, source):
    if not have("openssl"):
        return []
    text = f"tee {c.out} <{source} | openssl dgst -sha256"
    return [
        Tool("copy and SHA-256", lambda: shell(text), limit=True),
        Tool("copy, SHA-256 and fsync", lambda: shell(f"{text} && sync {c.out}"), limit=True),
    ]


def inflate_limit(c):
    if not have("pigz"):
        return []
    layers = c.work / "layers"

    def setup():
        subprocess.run([IMGTOOL, "convert", "-q", str(c.oci), f"{layers}/"], check=True, capture_output=True)
        for blob in (layers / "blobs" / "sha256").iterdir():
            with blob.open("rb") as f:
                magic = f.read(2)
            if magic != b"\x1f\x8b":
                blob.unlink()

    find = f"find {layers}/blobs -type f -print0"
    return [Tool("gzip -dc of layers, 2 at a time", lambda: shell(f"{find} | xargs -0 -n 1 -P 2 pigz -p 1 -dc >{os.devnull}"),
                 setup=setup, teardown=lambda: shutil.rmtree(layers), limit=True)]


# Saving.

def save(c):
    return [
        imgtool_save(c),
        *skopeo_save(c),
        *regctl_save(c),
        *docker_save(c),
        *ctr_save(c),
        *tar_limit(c),
    ]


def imgtool_save(c):
    store = c.work / "store"

    def setup():
        output(IMGTOOL, "load", "-q", "--store", store, c.oci)

    def command():
        ids = dict.fromkeys(output(IMGTOOL, "images", "-q", "--store", store))
        return [IMGTOOL, "save", "-q", "--store", str(store), "-o", str(c.out), *ids]

    return Tool("imgtool save", command, setup=setup, teardown=lambda: shutil.rmtree(store))


def tar_limit(c):
    layout = c.work / "layout"
    tar = f"tar -cf {c.out} -C {layout} ."
    return [
        Tool("tar of the layout", lambda: shell(tar), limit=True, setup=lambda: output(IMGTOOL, "convert", "-q", c.oci, f"{layout}/")),
        Tool("tar of the layout and fsync", lambda: shell(f"{tar} && sync {c.out}"), limit=True, teardown=lambda: shutil.rmtree(layout)),
    ]


def skopeo_save(c):
    if not have("skopeo") or not c.single:
        return []
    layout = c.work / "skopeo"
    return [Tool("skopeo copy to oci-archive", lambda: ["skopeo", "copy", f"oci:{layout}:x", f"oci-archive:{c.out}:x"],
                 setup=lambda: output("skopeo", "copy", f"oci-archive:{c.oci}", f"oci:{layout}:x"),
                 teardown=lambda: shutil.rmtree(layout))]


def regctl_save(c):
    if not have("regctl") or not c.single:
        return []
    layout = c.work / "regctl"
    return [Tool("regctl image export", lambda: ["regctl", "image", "export", f"ocidir://{layout}:x", str(c.out)],
                 setup=lambda: output("regctl", "image", "import", f"ocidir://{layout}:x", c.oci),
                 teardown=lambda: shutil.rmtree(layout))]


def docker_save(c):
    daemon = c.daemon("docker29")
    if not daemon or not have("docker"):
        return []
    docker = ["docker", "-H", f"unix://{daemon.path}"]
    return [Tool("docker save, 29", lambda: [*docker, "save", "-o", str(c.out), *dict.fromkeys(output(*docker, "image", "ls", "-q"))],
                 daemon, setup=lambda: output(*docker, "load", "-i", c.named), teardown=lambda: output(*docker, "system", "prune", "-af"))]


def ctr_save(c):
    daemon = c.daemon("containerd2")
    if not daemon or not have("ctr"):
        return []
    ctr = ["ctr", "-a", str(daemon.path), "images"]
    return [Tool("ctr images export", lambda: [*ctr, "export", str(c.out), *output(*ctr, "ls", "-q")], daemon,
                 setup=lambda: output(*ctr, "import", "--no-unpack", c.oci), teardown=lambda: ctr_empty(ctr))]


# Converting.

def docker_to_gzip(c):
    return convert(c, "gzip", c.docker, "docker-archive", ["--dest-compress-format", "gzip"], "oci-archive:{}:x")


def docker_to_zstd(c):
    return convert(c, "zstd", c.docker, "docker-archive", ["--dest-compress-format", "zstd"], "oci-archive:{}:x")


def gzip_to_zstd(c):
    return convert(c, "zstd", c.oci, "oci-archive", ["--dest-compress-format", "zstd"], "oci-archive:{}:x")


def gzip_to_plain(c):
    return convert(c, "none", c.oci, "oci-archive", [], "docker-archive:{}:x:y")


def convert(c, compression, source, transport, flags, target):
    tools = [Tool("imgtool convert", lambda: [IMGTOOL, "convert", "-q", "--compression", compression, str(source), str(c.out) + ".tar"])]
    if have("skopeo") and c.single:
        tools.append(Tool("skopeo copy", lambda: ["skopeo", "copy", *flags, f"{transport}:{source}", target.format(f"{c.out}.tar")]))
    return tools


JOBS = [
    ("load-docker", "Load a docker archive (20.10's, plain layers)", load_docker, "docker"),
    ("load-oci", "Load an OCI archive (gzip layers)", load_oci, "oci"),
    ("save", "Save what an OCI archive with gzip layers held, blobs kept", save, None),
    ("docker-gzip", "Docker archive to gzip layers", docker_to_gzip, "docker"),
    ("docker-zstd", "Docker archive to zstd layers", docker_to_zstd, "docker"),
    ("gzip-zstd", "OCI archive, gzip layers to zstd", gzip_to_zstd, "oci"),
    ("gzip-plain", "OCI archive with gzip layers to a docker archive with plain ones", gzip_to_plain, "oci"),
]
