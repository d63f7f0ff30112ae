"""Resident memory, descriptors and threads over many frames: they have to stay where they are.

    python -m tests.benchmarks.memory [--model mnist] [--backend wgpu] [--frames 100000]

Frames are decoded one at a time, each from another latent vector. The process in which wgpu decodes counts,
too. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from pathlib import Path

from vaevis_tui.api import Model, load

WARMING = 200
"""Frames before the first look: drivers and allocators fill their pools."""

LOOKS = 10
"""Times that memory is looked at after that."""


def processes(process: str = "self") -> list[Path]:
    """A process, this one or of a number, and those that it started, as folders of /proc."""
    folder = Path("/proc", process)
    started = " ".join(path.read_text() for path in folder.glob("task/*/children")).split()
    return [folder, *(each for child in started for each in processes(child))]


def resident(process: str = "self") -> float:
    """MiB that all of them hold in memory."""
    gc.collect()
    pages = sum(int((each / "statm").read_text().split()[1]) for each in processes(process))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors(process: str = "self") -> int:
    """Files and pipes that they have open."""
    return sum(len(os.listdir(each / "fd")) for each in processes(process))  # noqa: PTH208  (a count of names)


def threads(process: str = "self") -> int:
    """Their threads, those of libraries among them."""
    return sum(len(os.listdir(each / "task")) for each in processes(process))  # noqa: PTH208


def watch(model: Model, frames: int) -> list[float]:
    """Resident memory before so many frames, after a tenth of them, and so on.

    Raises:
        AssertionError: There are more descriptors or threads than before.
    """
    points = model.sample(0, 64)

    def decode(count: int) -> None:
        for index in range(count):
            model.decode(points[index % 64])

    decode(WARMING)
    found, held = [resident()], (descriptors(), threads())
    for _ in range(LOOKS):
        decode(frames // LOOKS)
        found.append(resident())
    assert descriptors() <= held[0], "more descriptors than before"
    assert threads() <= held[1], "more threads than before"
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="mnist")
    parser.add_argument("--backend", default="wgpu")
    parser.add_argument("--frames", type=int, default=100_000)
    options = parser.parse_args(arguments)
    with load(options.model, backend=options.backend) as model:
        began = time.perf_counter()
        found = watch(model, options.frames)
        took = time.perf_counter() - began
        print(f"{options.model} on {model.info.backend}, {model.info.adapter}: {options.frames:,} frames")
    print("MiB after each tenth: " + ", ".join(f"{size:.1f}" for size in found))
    print(f"grown by {found[-1] - found[0]:.2f} MiB in {took:.0f} s, no descriptor and no thread more")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
