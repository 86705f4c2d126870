"""The targets that imgtool's speed and memory are held against."""

SHARE = {"wall": "wall", "cpu": "CPU", "size": "output"}

# A job, whose figure, which of its figures, and the most that it may be of those of other tools: the largest, if several.
TARGETS = [
    ("load-docker", "imgtool load", "cpu", 0.8, ["skopeo copy, plain layers"]),
    ("load-docker", "imgtool load", "cpu", 0.15, ["skopeo copy"]),
    ("load-docker", "imgtool load", "cpu", 0.15, ["docker load, 29"]),
    ("load-oci", "imgtool load", "wall", 1.15, ["copy and SHA-256", "gzip -dc of layers, 2 at a time"]),
    ("load-oci", "imgtool load --trust-layers", "wall", 1.2, ["copy and SHA-256"]),
    ("save", "imgtool save", "wall", 1.3, ["tar of the layout"]),
    ("docker-gzip", "imgtool convert", "wall", 0.7, ["skopeo copy"]),
    ("docker-gzip", "imgtool convert", "size", 1.0, ["skopeo copy"]),
    ("docker-zstd", "imgtool convert", "wall", 0.8, ["skopeo copy"]),
    ("gzip-plain", "imgtool convert", "wall", 0.6, ["skopeo copy"]),
]
MOST_MEMORY = 48 << 20


def table(results):
    """Returns the targets and what was measured. results has the samples of each tool by job and image."""
    images = list(dict.fromkeys(image for _, image in results))
    lines = ["| job | target | " + " | ".join(images) + " |", "|---|---|" + "--:|" * len(images)]
    for job, own, what, most, others in TARGETS:
        cells = [verdict(results.get((job, image), {}), own, what, most, others) for image in images]
        if any(cells):
            lines.append(f"| {job} | {own}: {SHARE[what]} ≤ {most:g} × {' or '.join(others)} | " + " | ".join(cells) + " |")
    lines.append(f"| all | imgtool: peak RSS ≤ {MOST_MEMORY >> 20} MiB | " + " | ".join(memory(results, image) for image in images) + " |")
    return "\n".join(lines)


def verdict(samples, own, what, most, others):
    others = [figure(samples[o], what) for o in others if o in samples]
    if own not in samples or not others:
        return ""
    got = figure(samples[own], what) / max(others)
    return mark(f"{got:.2f}", got <= most)


def figure(samples, what):
    return samples.size if what == "size" else samples.median(what)


def memory(results, image):
    peaks = [s.median("rss") for (_, i), samples in results.items() if i == image for name, s in samples.items() if name.startswith("imgtool")]
    return mark(f"{max(peaks) / 2**20:.0f}", max(peaks) <= MOST_MEMORY)


def mark(text, met):
    return f"{text} ✓" if met else f"**{text} ✗**"
