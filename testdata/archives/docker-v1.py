#!/usr/bin/env python3
"""docker-v1.py IN OUT: what Docker before 1.10 would have saved for the one image of IN, an archive by Docker 20.10.

Those versions do not run on today's kernels, so this archive is derived, not made by them. As they did, it has no
manifest.json and no config object; every line of the history is a layer, also those that changed no file (their
layer.tar is 1024 zero bytes); a layer that stands twice is there twice, as a file; and every json tells its own
container_config. Unlike theirs, its IDs are not random, and of a lower layer's json only Cmd is told, since the later
config object does not say what else was set at that moment.
"""
import hashlib
import io
import json
import sys
import tarfile
from datetime import datetime

EMPTY = b"\0" * 1024


def versions(config, layers):
    """versions returns the json documents from the lowest to the tip, each with its layer's bytes."""
    parent, made = None, []
    for number, line in enumerate(config["history"]):
        layer = EMPTY if line.get("empty_layer") else layers.pop(0)
        tip = number == len(config["history"]) - 1
        doc = {"id": hashlib.sha256(f"{parent} {number} {line['created_by']}".encode()).hexdigest()}
        if parent:
            doc["parent"] = parent
        doc["created"] = line["created"]
        doc["container_config"] = config["container_config"] if tip else {"Cmd": [line["created_by"]]}
        doc["docker_version"] = "1.9.1"
        doc.update({key: line[key] for key in ("author", "comment") if key in line})
        if tip:
            doc["config"] = config["config"]
        doc.update(architecture=config["architecture"], os=config["os"], Size=size(layer))
        made.append((doc, layer))
        parent = doc["id"]
    return made


def size(layer):
    """size is that of the files in a layer, as docker counts them."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return sum(member.size for member in tar)


def main(source, target):
    with tarfile.open(source) as tar:
        [entry] = json.load(tar.extractfile("manifest.json"))
        config = json.load(tar.extractfile(entry["Config"]))
        layers = [tar.extractfile(name).read() for name in entry["Layers"]]
    made = versions(config, layers)
    tip = made[-1][0]["id"]
    repositories = {}
    for name in entry["RepoTags"]:
        repository, tag = name.rsplit(":", 1)
        repositories.setdefault(repository, {})[tag] = tip
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as out:
        for doc, layer in sorted(made, key=lambda pair: pair[0]["id"]):
            when = int(datetime.fromisoformat(doc["created"][:19] + "+00:00").timestamp())
            add(out, doc["id"] + "/", None, when)
            add(out, doc["id"] + "/VERSION", b"1.0", when)
            add(out, doc["id"] + "/json", json.dumps(doc, separators=(",", ":"), ensure_ascii=False).encode(), when)
            add(out, doc["id"] + "/layer.tar", layer, when)
        add(out, "repositories", json.dumps(repositories, separators=(",", ":")).encode(), 0)


def add(out, name, content, when):
    member = tarfile.TarInfo(name)
    member.mtime = when
    member.uname = member.gname = "root"
    if content is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        out.addfile(member)
        return
    member.size, member.mode = len(content), 0o644
    out.addfile(member, io.BytesIO(content))


main(*sys.argv[1:])
