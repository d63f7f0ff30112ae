"""What strip and map cost at 200x60, where they are open at first: ``python -m tests.benchmarks.panels``."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, pairwise
from pathlib import Path
from statistics import median, quantiles

from tests.e2e.harness.ptyharness import PtySession

SIZE = 200, 60
LARGE = 600
"""Bytes of output from which it is an image and not a line of text."""
GAP = 0.005
"""Seconds without output between two images."""
REST = 0.8
WALK_SECONDS = 6.0
ROWS, COLUMNS = frozenset(range(10, 30)), range(2, 60)
"""Cells of the main image, whether or not panels are beside it."""
END_OF_UPDATE = b"\x1b[?2026l"
KEYS = 20
"""Frames that are compared at 1 Mbit/s."""
OVER_SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}


@contextmanager
def explorer(
    *arguments: str, megabits: float | None = None, round_trip: float = 0.05
) -> Iterator[PtySession]:
    """The program at rest with its first image, maybe behind a slow network."""
    command: list[str | Path] = [sys.executable, "-m", "vaevis_tui", "--backend", "onnxruntime", *arguments]
    if megabits is not None:
        relay = ["-m", "tests.link.relay", "--megabits", str(megabits), "--round-trip", str(round_trip), "--"]
        command = [sys.executable, *relay, *command]
    env = None if megabits is None else OVER_SSH
    with PtySession(command, *SIZE, env=env, emulate=False) as session:
        session.wait_for(lambda: len(session.raw) > 20_000, "the first image")
        session.pump_for(4.0)  # what the rows do is found out
        yield session


def image_times(session: PtySession, key: str) -> list[float]:
    """Milliseconds from a key to each piece of an image that it causes."""
    session.pump_for(0.3)
    before, pressed = len(session.log), time.perf_counter()
    session.press(key)
    session.pump_for(REST)
    return [1e3 * (at - pressed) for at, data in session.log[before:] if len(data) > LARGE]


def strip() -> None:
    """From a key that selects another row to the last of the strip's seven tiles."""
    with explorer("--model", "dog") as session:
        rows = cycle(["down"] * 8 + ["up"] * 8)  # there are only so many
        times = [found for _ in range(16) if (found := image_times(session, next(rows)))]
        print(f"strip, dog: complete after {median(each[-1] for each in times):.0f} ms (asked: 100)")
        before = len(session.log)
        began = time.perf_counter()
        while time.perf_counter() - began < 4.0:
            session.press(next(rows))
            session.pump_for(1 / 30)
        seconds = time.perf_counter() - began
        large = [at for at, data in session.log[before:] if len(data) > LARGE]
        follows = sum(later - earlier > GAP for earlier, later in pairwise([began, *large])) / seconds
        print(f"strip, dog: follows a held key {follows:.0f} times a second (asked: 10)")


def maps() -> None:
    """From a key that asks for another map to its first and its last tiles."""
    with explorer("--model", "mnist-2d") as session:
        times = []
        for _ in range(8):
            session.press("p")
            times.append(image_times(session, "p"))
        first, last = (median(each[index] for each in times if each) for index in (0, -1))
        print(f"map, mnist-2d: first tiles after {first:.0f} ms, all after {last:.0f} ms (asked: 150, 600)")
    with explorer("--model", "dog") as session:
        times = [image_times(session, "P") for _ in range(8)]
        print(f"map, dog: all tiles after {median(each[-1] for each in times if each):.0f} ms (asked: 800)")


def walk() -> None:
    """Frames a second of a walk, as the program counts them, alone and with both panels open."""
    for keys in ("vpp", ""):
        with explorer("--model", "dog", "--walk") as session:
            session.press(*keys)
            session.pump_for(2.0)
            before = len(session.raw)
            session.pump_for(WALK_SECONDS)
            rates = [int(each) for each in re.findall(rb"(\d+) fps", session.raw[before:])]
            what = "alone" if keys else "with strip and map"
            print(f"walk, dog, {what}: {median(rates) if rates else 60:.0f} frames a second (asked: 55, 59)")


def rest(*sessions: PtySession) -> None:
    """Wait until no image has come to any of them for a while."""
    while True:
        before = [len(session.log) for session in sessions]
        until = time.perf_counter() + REST
        while time.perf_counter() < until:
            for session in sessions:
                session.pump(0.01)
        if not any(
            len(data) > LARGE
            for session, known in zip(sessions, before, strict=True)
            for _, data in session.log[known:]
        ):
            return


def frame_time(session: PtySession, key: str) -> float:
    """Milliseconds from a key, pressed at rest, to the end of the update that draws the main image."""
    known, pressed = len(session.log), time.perf_counter()
    session.press(key)
    update = b""
    while time.perf_counter() - pressed < 5.0:
        session.pump(0.02)
        for at, data in session.log[known:]:
            known += 1
            *ended, update = (update + data).split(END_OF_UPDATE)
            for each in ended:
                places = re.findall(rb"\x1b\[(\d+);(\d+)H", each)
                if (
                    len({int(row) for row, column in places if int(column) in COLUMNS} & ROWS)
                    > len(ROWS) // 2
                ):
                    return 1e3 * (at - pressed)
    raise TimeoutError("no frame within 5 s")


def slow_link() -> None:
    """A key's frame at 1 Mbit/s, alone and with both panels open: the same frames, in turns."""
    model = ("--model", "dog", "--seed", "1")
    with explorer(*model, megabits=1.0) as alone, explorer(*model, megabits=1.0) as beside:
        alone.press("v", "p", "p", "escape")
        beside.press("escape")
        times: dict[PtySession, list[float]] = {alone: [], beside: []}
        for turn in range(KEYS):
            for session in (alone, beside)[:: 1 if turn % 2 else -1]:
                rest(alone, beside)
                times[session].append(frame_time(session, "r"))
    later = [with_panels / without - 1 for without, with_panels in zip(*times.values(), strict=True)]
    quarters = quantiles(later, n=4)
    print(
        f"1 Mbit/s, dog: a key's frame after {median(times[alone]):.0f} ms, with strip and map "
        f"{median(later):+.0%} (quartiles {quarters[0]:+.0%} to {quarters[2]:+.0%}; asked: +20%)"
    )


def main() -> None:
    """Measure all."""
    strip()
    maps()
    walk()
    slow_link()


if __name__ == "__main__":
    main()
