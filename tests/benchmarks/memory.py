"""Resident memory, descriptors and threads over many frames: they have to stay where they are.

    python -m tests.benchmarks.memory [--model mnist] [--backend wgpu] [--frames 100000]

Frames are decoded one at a time, each from another latent vector. The process in which wgpu decodes counts,
too. Each line is printed when it is known, so that a run that was ended early says how far it came. The exit
code is 1 if more is held in the end than may be. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vaevis_tui.api import Model, load

WARMING = 200
"""Frames before the first look: drivers and allocators fill their pools."""

LOOKS = 20
"""Times that memory is looked at after that."""


GROWTH = 5.0
"""MiB that may be held more in the end."""


@dataclass(frozen=True)
class Held:
    """What the processes hold.

    Attributes:
        memory: MiB that are resident.
        descriptors: Files and pipes that are open.
        threads: Those of libraries among them.
    """

    memory: float
    descriptors: int
    threads: int


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


def watch(model: Model, frames: int) -> Iterator[tuple[int, Held]]:
    """Decode so many frames; gives how many were decoded and what is held, at first and `LOOKS` times."""
    points = model.sample(0, 64)

    def decode(count: int) -> Held:
        for index in range(count):
            model.decode(points[index % 64])
        return Held(resident(), descriptors(), threads())

    yield 0, decode(WARMING)
    done = 0
    for look in range(1, LOOKS + 1):
        part = frames * look // LOOKS - done
        held = decode(part)
        done += part
        yield done, held


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="mnist")
    parser.add_argument("--backend", default="wgpu")
    parser.add_argument("--frames", type=int, default=100_000)
    options = parser.parse_args(arguments)
    with load(options.model, backend=options.backend) as model:
        print(f"{options.model} on {model.info.backend}, {model.info.adapter}", flush=True)
        began, looks = time.perf_counter(), watch(model, options.frames)
        _, first = next(looks)
        for done, held in looks:
            took, more = time.perf_counter() - began, held.memory - first.memory
            size = f"{held.memory:.1f} MiB ({more:+.1f})"
            found = f"{size}, {held.descriptors} descriptors, {held.threads} threads"
            print(f"{done:9,} frames, {took:6.0f} s: {found}", flush=True)
    kept = held.descriptors <= first.descriptors and held.threads <= first.threads
    return 0 if kept and held.memory - first.memory <= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
