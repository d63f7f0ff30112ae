"""How many pictures a second reach a terminal through a live image, and what they cost.

    python -m tests.benchmarks.present [--rate 60] [--side 128] [--seconds 5] [--columns 132] [--rows 68]
        [--pictures gradient|walk]

An app with nothing but a live image runs on a pseudo-terminal that is read as fast as it can, fed with a
gradient in which every pixel changes, or with pictures like those of a walk through photographs. Keys are
sent meanwhile, and the time until the app has them is taken. ``cores`` is processor time over time, decoding
not included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pty
import select
import struct
import sys
import termios
import threading
import time
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

KEY_INTERVAL = 0.033
"""Seconds between keys: a held key repeats about 30 times a second."""


@dataclass(frozen=True)
class Animation:
    """Frames of a moving colour gradient, all made beforehand so that making them costs nothing."""

    pictures: list[NDArray[np.uint8]]

    @classmethod
    def of_side(cls, side: int, count: int = 64) -> Animation:
        y, x = np.mgrid[:side, :side] * (255 / max(1, side - 1))
        phases = np.arange(count) * (256 / count)
        return cls(
            [
                np.stack([(x + p) % 256, (y + 2 * p) % 256, (x + y - p) % 256], axis=-1).astype(np.uint8)
                for p in phases
            ]
        )


def run_app(rate: float, side: int, seconds: float, pictures: str, report: Path) -> None:
    """Run the app on the terminal this process has, and write what was measured to a file."""
    from textual.app import ComposeResult
    from textual.events import Key

    from tests.link.simulator import walk
    from tests.tui.images.frames import FakeFrame
    from vaevis_tui.tui.images.live_app import LiveApp
    from vaevis_tui.tui.images.live_image import LiveImage

    animation = Animation(walk(side, 240)) if pictures == "walk" else Animation.of_side(side)

    class BenchApp(LiveApp[None]):
        def __init__(self) -> None:
            super().__init__()
            self.keys: list[float] = []

        def compose(self) -> ComposeResult:
            yield LiveImage(self.port)

        def on_ready(self) -> None:
            self.run_worker(self.feed(), exit_on_error=True)

        def on_key(self, event: Key) -> None:
            self.keys.append(time.monotonic())

        async def feed(self) -> None:
            image = self.query_one(LiveImage)
            loop = asyncio.get_running_loop()
            begun, cpu, number, snapshots = loop.time(), time.process_time(), 0, []
            while loop.time() - begun < seconds:
                number += 1
                await asyncio.sleep(max(0.0, begun + number / rate - loop.time()))
                image.show(FakeFrame(animation.pictures[number % len(animation.pictures)]))
                if number % round(rate) == 0:
                    snapshots.append(image.meter.snapshot())
            elapsed = loop.time() - begun
            last = snapshots[1:] or snapshots
            report.write_text(
                json.dumps(
                    {
                        "fps": median(s.fps for s in last),
                        "dropped": image.slot.dropped,
                        "offered": number,
                        "draw_ms": median(s.draw.median for s in last if s.draw),
                        "draw_p99_ms": median(s.draw.p99 for s in last if s.draw),
                        "write_ms": median(s.write.median for s in last if s.write),
                        "kilobytes": median(s.frame_bytes for s in last if s.frame_bytes) / 1e3,
                        "cores": (time.process_time() - cpu) / elapsed,
                        "keys": self.keys,
                    }
                )
            )
            self.exit()

    BenchApp().run()


def measure(
    rate: float, side: int, seconds: float, pictures: str, columns: int, rows: int
) -> dict[str, float]:
    """Run the app in a process of its own on a pseudo-terminal, and read all it writes."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            arguments = [sys.executable, "-m", "tests.benchmarks.present", "--app", str(report)]
            arguments += ["--rate", str(rate), "--side", str(side), "--seconds", str(seconds)]
            arguments += ["--pictures", pictures]
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execv(sys.executable, arguments)
        pressed: list[float] = []
        stop = threading.Event()
        keys = threading.Thread(target=_press_keys, args=(terminal, pressed, stop))
        received = _drain(terminal, keys)
        stop.set()
        if keys.ident:
            keys.join()
        os.close(terminal)
        os.waitpid(pid, 0)
        figures: dict[str, float] = json.loads(report.read_text())
    arrived: list[float] = figures.pop("keys")  # type: ignore[assignment]
    delays = sorted(1e3 * (b - a) for a, b in zip(pressed, arrived, strict=False))
    figures["key_ms"] = median(delays)
    figures["key_p99_ms"] = delays[int(0.99 * (len(delays) - 1))]
    figures["received_mb"] = received / 1e6
    return figures


def _press_keys(terminal: int, pressed: list[float], stop: threading.Event) -> None:
    while not stop.wait(KEY_INTERVAL):
        pressed.append(time.monotonic())
        os.write(terminal, b"x")


def _drain(terminal: int, keys: threading.Thread) -> int:
    received = 0
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # the other end is closed
            return received
        if not data:
            return received
        received += len(data)
        if not keys.ident and received > 100_000:  # pictures come
            keys.start()


def main() -> None:
    """Measure, or be what is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=60, help="pictures offered a second")
    parser.add_argument("--side", type=int, default=128, help="width and height of the picture")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--pictures", choices=("gradient", "walk"), default="gradient")
    parser.add_argument("--columns", type=int, default=132)
    parser.add_argument("--rows", type=int, default=68)
    parser.add_argument("--app", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.app:
        run_app(options.rate, options.side, options.seconds, options.pictures, options.app)
        return
    figures = measure(
        options.rate, options.side, options.seconds, options.pictures, options.columns, options.rows
    )
    for name, value in figures.items():
        print(f"{name:>12}  {value:.2f}")


if __name__ == "__main__":
    main()
