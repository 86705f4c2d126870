"""Runs commands and measures what they take."""

import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
from dataclasses import dataclass, field

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Samples:
    """The measurements of one tool: seconds, seconds and bytes, one a round."""

    wall: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    rss: list = field(default_factory=list)
    read: float = None  # bytes read from the input, in a round that is not timed
    size: int = None  # bytes of the output

    def median(self, what):
        return statistics.median(getattr(self, what))


class Failed(Exception):
    """A command failed; the text is the end of what it said."""


def run(argv, samples, daemon=None):
    """Runs a command. The CPU time and memory of a daemon that works for it are added to its own."""
    if daemon:
        daemon.begin()
    took = one(argv)
    if daemon:
        cpu, rss = daemon.end()
        took["cpu"] += cpu
        took["rss"] += rss
    samples.wall.append(took["wall"])
    samples.cpu.append(took["cpu"])
    samples.rss.append(took["rss"])


def one(argv):
    """Runs a command by one.py."""
    reader, writer = os.pipe()
    launcher = [sys.executable, "-IS", str(pathlib.Path(__file__).with_name("one.py")), str(writer)]
    done = subprocess.run([*launcher, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          pass_fds=[writer], check=False)
    os.close(writer)
    with os.fdopen(reader) as f:
        said = f.read()
    took = json.loads(said) if said else {"exit": done.returncode}
    if took["exit"] != 0:
        text = done.stderr.decode(errors="replace").strip()[-500:]
        raise Failed(f"{' '.join(argv)}: exit {took['exit']}: {text}")
    return took


class Daemon:
    """The process behind a socket, and all processes below it."""

    def __init__(self, path):
        self.path = path
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(path))
            self.pid = struct.unpack("iII", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]

    def begin(self):
        for pid in self.tree():
            write(f"/proc/{pid}/clear_refs", "5")  # VmHWM starts anew
        self.before = self.cpu()

    def end(self):
        return self.cpu() - self.before, sum(peak(pid) for pid in self.tree())

    def tree(self):
        found, todo = [], [self.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                todo += [int(child) for child in read(task).split()]
        return found

    def cpu(self):
        """Seconds of the processes and of their children that have ended."""
        ticks = 0
        for pid in self.tree():
            fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            ticks += sum(int(f) for f in fields[11:15])
        return ticks / TICKS


def read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:  # it has ended
        return ""


def write(path, text):
    try:
        pathlib.Path(path).write_text(text)
    except OSError:
        pass


def peak(pid):
    found = re.search(r"VmHWM:\s+(\d+) kB", read(f"/proc/{pid}/status"))
    return int(found[1]) << 10 if found else 0


def bytes_read(argv, path, log):
    """Runs a command once more, under strace, and returns how many bytes it read from a file; None without strace."""
    if not shutil.which("strace"):
        return None
    calls = "read,pread64,readv,preadv,preadv2,copy_file_range,sendfile,splice"
    subprocess.run(["strace", "-f", "-qq", "-o", log, "-P", path, "-e", f"trace={calls}", *argv],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    total = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = re.search(r"\) += (\d+)$", line.rstrip())
            if found:
                total += int(found[1])
    return total


def size(path):
    """Returns the bytes of a file, or of all files below a directory, each once."""
    path = pathlib.Path(path)
    files = {(s.st_dev, s.st_ino): s.st_size for s in (f.lstat() for f in [path, *path.rglob("*")] if not f.is_dir())}
    return sum(files.values())


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
