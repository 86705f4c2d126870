"""Measures imgtool beside its peers and prints tables in Markdown; run.sh sets up what it needs.

The tools of a job run by turns, A B C A B C …, into a fresh place each, with the input in the page cache and everything
else on the disk. What is printed are medians.
"""

import argparse
import os
import pathlib
import platform
import shutil
import subprocess

import measure
import peers
import targets
from peers import IMGTOOL

IMAGES = ["debian", "python-app", "manylayers", "multi"]


def main():
    parser = argparse.ArgumentParser(description="Measures imgtool beside its peers.")
    parser.add_argument("--corpus", type=pathlib.Path, default=os.environ.get("IMGTOOL_CORPUS"))
    parser.add_argument("--work", type=pathlib.Path, required=True, help="an empty directory")
    parser.add_argument("--sockets", type=pathlib.Path, required=True, help="where the daemons listen")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", help="a job, or memory, or start (may be repeated)")
    parser.add_argument("--image", action="append", help="an image of the corpus (may be repeated)")
    args = parser.parse_args()
    wanted = lambda name: not args.only or name in args.only
    print(machine(args.sockets))
    results = {}
    for name, title, tools, read_from in peers.JOBS:
        if not wanted(name):
            continue
        print(f"\n### {title}\n\n{HEAD}", flush=True)
        for image in args.image or IMAGES:
            case = peers.Case(image, args.corpus, args.work, args.sockets)
            results[name, image] = compare(case, tools(case), args.rounds, read_from)
            print(rows(case, results[name, image], input_size(case, read_from)), flush=True)
    if results:
        print("\n### Targets\n\n" + targets.table(results), flush=True)
    if wanted("memory"):
        print("\n### Peak memory\n\n" + memory(args), flush=True)
    if wanted("start"):
        print("\n### Start\n\n" + start(args), flush=True)


def machine(sockets):
    cpu = next((line.partition(":")[2].strip() for line in measure.read("/proc/cpuinfo").splitlines() if line.startswith("model name")), "")
    load = " ".join(measure.read("/proc/loadavg").split()[:3])
    lines = [f"{os.cpu_count()} cores ({cpu or platform.machine()}), Linux {platform.release()}, load before {load}", *versions(sockets)]
    return "; ".join(lines) + "."


def versions(sockets):
    commands = {
        "imgtool": [IMGTOOL, "version"],
        "skopeo": ["skopeo", "--version"],
        "podman": ["podman", "--version"],
        "regctl": ["regctl", "version", "--format", "regctl {{.VCSTag}}"],
        "ctr": ["ctr", "--version"],
    }
    for name in ("docker20", "docker29"):
        if (sockets / f"{name}.sock").is_socket():
            commands[name] = ["docker", "-H", f"unix://{sockets}/{name}.sock", "version", "--format", "docker {{.Server.Version}}"]
    for name, command in commands.items():
        if not peers.have(command[0]):
            yield f"no {name}"
            continue
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        yield said.strip().splitlines()[0]


def compare(case, tools, rounds, read_from):
    """Returns the samples of each tool. One that fails is left out, with a word."""
    samples = {}
    for tool in tools:
        try:
            tool.setup()
            samples[tool.name] = measure.Samples()
        except (measure.Failed, subprocess.CalledProcessError, OSError) as e:
            leave_out(case, tool, e)
    running = [tool for tool in tools if tool.name in samples]
    for _ in range(rounds):
        for tool in list(running):
            try:
                one_round(case, tool, samples[tool.name])
            except (measure.Failed, subprocess.CalledProcessError, OSError) as e:
                leave_out(case, tool, e)
                running.remove(tool)
                del samples[tool.name]
    for tool in running:
        if read_from and not tool.limit:
            samples[tool.name].read = read_once(case, tool, read_from)
        tool.teardown()
    return samples


def leave_out(case, tool, e):
    said = getattr(e, "stderr", None)
    measure.say(f"{case.image}: {tool.name} is left out: {e} {said or ''}")


def one_round(case, tool, samples):
    command = tool.command()
    os.sync()
    try:
        measure.run(command, samples, tool.daemon)
        samples.size = outputs_size(case)
    finally:
        tool.clean()
        remove_outputs(case)


def read_once(case, tool, read_from):
    try:
        return measure.bytes_read(tool.command(), str(getattr(case, read_from)), str(case.work / "trace"))
    except subprocess.CalledProcessError as e:
        leave_out(case, tool, e)
        return None
    finally:
        tool.clean()
        remove_outputs(case)


def outputs(case):
    return [path for path in case.work.iterdir() if path.name in ("out", "out.tar")]


def outputs_size(case):
    return sum(measure.size(path) for path in outputs(case))


def remove_outputs(case):
    for path in outputs(case):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def input_size(case, read_from):
    return getattr(case, read_from).stat().st_size if read_from else None


HEAD = """| image | tool | wall s | CPU s | peak RSS MiB | read × | output MB | imgtool's wall / its | CPU / its |
|---|---|--:|--:|--:|--:|--:|--:|--:|"""


def rows(case, samples, input_bytes):
    own = next(iter(samples.values()))
    lines = []
    for name, s in samples.items():
        read = f"{s.read / input_bytes:.2f}" if s.read and input_bytes else ""
        written = f"{s.size / 1e6:.1f}" if s.size else ""
        ratios = ["", ""] if s is own else [ratio(own.median(m), s.median(m)) for m in ("wall", "cpu")]
        cells = [case.image, name, f"{s.median('wall'):.3f}", f"{s.median('cpu'):.2f}", f"{s.median('rss') / 2**20:.0f}", read, written, *ratios]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ratio(a, b):
    return f"{a / b:.2f}" if b else ""


def memory(args):
    """Returns the peak memory of verbs on a small and a large image, one run each."""
    lines = ["| job | " + " | ".join(name for name, _, _ in SIZES) + " |", "|---|" + "--:|" * len(SIZES)]
    for title, command in memory_jobs(args.work):
        cells = []
        for name, docker, oci in SIZES:
            sources = [args.corpus / docker, args.corpus / oci]
            cells.append(memory_of(args.work, command, *sources) if all(s.exists() for s in sources) else "")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


SIZES = [
    ("debian, 0.17 GB, 1 layer", "debian/docker20.tar", "debian/oci-gz"),
    ("python-app, 0.72 GB, 9 layers", "python-app/docker20.tar", "python-app/oci-gz"),
    ("big, 4.4 GB, 24 layers", "big/docker20.tar", "big/oci-gz"),
]


def memory_jobs(work):
    out = str(work / "out.tar")
    store = ["--store", str(work / "out")]
    convert = lambda source, compression: [IMGTOOL, "convert", "-q", "--compression", compression, source, out]
    return [
        ("load docker archive", lambda docker, oci: [IMGTOOL, "load", "-q", *store, docker]),
        ("load OCI layout, gzip layers", lambda docker, oci: [IMGTOOL, "load", "-q", *store, oci]),
        ("save, blobs kept", lambda docker, oci: [IMGTOOL, "save", "-q", "-o", out, f"{oci}/"]),
        ("docker archive to gzip layers", lambda docker, oci: convert(docker, "gzip")),
        ("docker archive to zstd layers", lambda docker, oci: convert(docker, "zstd")),
        ("gzip layers to zstd", lambda docker, oci: convert(f"{oci}/", "zstd")),
        ("gzip layers to plain", lambda docker, oci: convert(f"{oci}/", "none")),
    ]


def memory_of(work, command, docker, oci):
    samples = measure.Samples()
    case = peers.Case("", None, work, None)
    try:
        measure.run(command(str(docker), str(oci)), samples)
    except measure.Failed as e:
        measure.say(str(e))
        return "failed"
    finally:
        remove_outputs(case)
    return f"{samples.median('rss') / 2**20:.0f} MiB"


def start(args):
    """Returns how long verbs take that only look at an archive."""
    lines = ["| command | " + " | ".join(name for name, _, _ in SIZES) + " |", "|---|" + "--:|" * len(SIZES)]
    commands = {f"imgtool {verb}": [IMGTOOL, verb] for verb in ("inspect", "history", "images")}
    if peers.have("skopeo"):
        commands["skopeo inspect"] = ["skopeo", "inspect"]
    times = {(name, docker): measure.Samples() for name in commands for _, docker, _ in SIZES}
    nothing, version = measure.Samples(), measure.Samples()
    for _ in range(max(args.rounds, 15)):
        measure.run(["/bin/true"], nothing)
        measure.run([IMGTOOL, "version"], version)
        for name, command in commands.items():
            for _, docker, _ in SIZES:
                place = str(args.corpus / docker)
                if pathlib.Path(place).exists():
                    measure.run([*command, ("docker-archive:" if name.startswith("skopeo") else "") + place], times[name, docker])
    for name in commands:
        cells = [f"{times[name, docker].median('wall') * 1000:.1f} ms" if times[name, docker].wall else "" for _, docker, _ in SIZES]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append(f"\n`imgtool version` takes {version.median('wall') * 1000:.1f} ms, `/bin/true` {nothing.median('wall') * 1000:.1f} ms.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
