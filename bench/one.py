"""Runs a command, and writes to a descriptor what it took: exit code, wall and CPU seconds, and peak memory in bytes.

Usage: one.py DESCRIPTOR COMMAND…

It is a process of its own because the kernel counts to a child's peak the memory of the process that started it: below
this small interpreter's own, about 10 MiB, nothing is seen.
"""

import json
import os
import sys
import time

descriptor, argv = int(sys.argv[1]), sys.argv[2:]
os.set_inheritable(descriptor, False)
start = time.perf_counter()
child = os.posix_spawnp(argv[0], argv, os.environ)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
took = {
    "exit": os.waitstatus_to_exitcode(status),
    "wall": wall,
    "cpu": usage.ru_utime + usage.ru_stime,
    "rss": usage.ru_maxrss << 10,
}
with os.fdopen(descriptor, "w") as out:
    json.dump(took, out)
