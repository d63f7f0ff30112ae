"""The explorer on a pseudo-terminal that reads, and answers, as fast as it can; measured while it walks."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.bench.timing import Spread, spread
from vaevis_tui.errors import UserError

STARTS = 3
"""Starts of the command, of whose times to the first image the median is given."""
TIMEOUT = 30.0
"""Seconds after which an explorer that shows no image has failed."""
CURSOR_QUESTION = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[6n")
"""Go there, and tell where you are: by the answer the explorer knows that a frame has arrived."""
LONGEST_QUESTION = 24
"""Bytes."""
ELSEWHERE = (
    *("NO_COLOR", "TMUX", "STY", "ZELLIJ", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"),
    *("COLUMNS", "LINES"),  # which Textual believes before it asks for the size
)
"""Variables that would tell the explorer of another terminal than ours."""
BESIDE, BELOW = 60, 6
"""Columns and rows that the explorer takes for itself, so that an image is not drawn smaller than it is."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a terminal saw of the walking explorer.

    Attributes:
        frames_a_second: Images a second that the terminal said it has, from the first to the last.
        frame: Time from one frame to the next.
        kilobytes_a_frame: What the terminal got for a frame, bars and statistics included.
        dropped: Images that gave way to a newer one.
        first_image_s: From starting ``vaevis-tui`` to its first image.
        memory_mb: Largest resident memory of the process.
        cpu_share: Processor time over wall time while walking; 1 is one core.
        columns: Of the terminal.
        rows: Of the terminal.
    """

    frames_a_second: float
    frame: Spread
    kilobytes_a_frame: float
    dropped: int
    first_image_s: float
    memory_mb: float
    cpu_share: float
    columns: int
    rows: int


def present(
    model: str, backend: str, seconds: float, first: NDArray[np.uint8], tune: bool = True
) -> Presented:
    """Start the explorer a few times, then let it walk for some seconds.

    Args:
        model: As ``--model`` takes it.
        backend: As ``--backend`` takes it.
        seconds: How long it walks.
        first: The image that the explorer begins with, uint8 (h, w, 3).
        tune: Whether wgpu's kernels are.

    Raises:
        UserError: it showed no image, or one alone.
    """
    window = _Window.of(first)
    explorer = [sys.executable, "-m", "vaevis_tui", "--model", model, "--backend", backend]
    options = [] if tune else ["--no-tune"]
    starts = [_time_to_first_image([*explorer, *options], window) for _ in range(STARTS)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        walker = [sys.executable, "-m", "vaevis_tui.bench.walk", model, backend, str(report), *options]
        with _Terminal(walker, window) as terminal:
            terminal.await_image()
            before = terminal.cpu_seconds()
            began, received = time.perf_counter(), terminal.received
            terminal.read_for(seconds)
            wall, received = time.perf_counter() - began, terminal.received - received
            cpu = terminal.cpu_seconds() - before
            memory = terminal.peak_memory_mb()
            terminal.quit()
        told = json.loads(report.read_text())
    times: list[float] = told["presented"]
    rate = rate_of(times, seconds)
    return Presented(
        frames_a_second=rate,
        frame=spread([1000 * (after - before) for before, after in itertools.pairwise(times)]),
        kilobytes_a_frame=received / wall / rate / 1000,
        dropped=told["dropped"],
        first_image_s=statistics.median(starts),
        memory_mb=memory,
        cpu_share=cpu / wall,
        columns=window.columns,
        rows=window.rows,
    )


def rate_of(times: list[float], seconds: float) -> float:
    """Images a second, from the first to the last.

    Args:
        times: When each was shown, in seconds.
        seconds: How long they were waited for.

    Raises:
        UserError: There are fewer than two.
    """
    if len(times) < 2:
        raise UserError(f"too few images were shown in {seconds:g} s to tell a rate; take more --seconds")
    return (len(times) - 1) / (times[-1] - times[0])


@dataclass(frozen=True, slots=True)
class _Window:
    """A terminal large enough for an image, and how the image is recognised in what is written to it."""

    columns: int
    rows: int
    mark: bytes

    @classmethod
    def of(cls, first: NDArray[np.uint8]) -> _Window:
        height, width = first.shape[:2]
        pixels = first.reshape(-1, 3)
        brightest = pixels[pixels.sum(axis=1).argmax()].tolist()
        mark = "8;2;{};{};{}".format(*brightest).encode()  # of SGR 38 or 48, followed by a 24-bit colour
        return cls(max(80, width + BESIDE), max(24, (height + 1) // 2 + BELOW), mark)


def _time_to_first_image(command: list[str], window: _Window) -> float:
    began = time.perf_counter()
    with _Terminal(command, window) as terminal:
        terminal.await_image()
        elapsed = time.perf_counter() - began
        terminal.quit()
    return elapsed


class _Terminal:
    """A process on a pseudo-terminal whose other side we are."""

    def __init__(self, command: list[str], window: _Window) -> None:
        self._window = window
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", window.rows, window.columns, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "VAEVIS_TUI_PANELS": "none"}
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.received = 0
        self._tail = self._unanswered = b""

    def await_image(self) -> None:
        end = time.perf_counter() + TIMEOUT
        while self._window.mark not in self._tail:
            if time.perf_counter() > end or not self._read():
                raise UserError("the explorer showed no image; run vaevis-tui to see why")

    def read_for(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and self._read():
            pass

    def quit(self) -> None:
        """Press q, and read until the process is gone."""
        os.write(self._master, b"q")
        self.read_for(10)

    def cpu_seconds(self) -> float:
        """Processor time of the process and its children so far; 0 where the system has no /proc."""
        return sum(_cpu_seconds(pid) for pid in self._family())

    def peak_memory_mb(self) -> float:
        """Largest resident memory of the process and its children so far; 0 where the system has no /proc."""
        return sum(_peak_memory_mb(pid) for pid in self._family())

    def _family(self) -> list[int]:
        """The process and its children: the wgpu backend is one."""
        pid = self._process.pid
        with contextlib.suppress(OSError):
            tasks = Path(f"/proc/{pid}/task").iterdir()
            return [pid, *(int(child) for task in tasks for child in (task / "children").read_text().split())]
        return [pid]

    def _read(self) -> bool:
        """Take what came within 20 ms; False when the other side is closed."""
        ready, _, _ = select.select([self._master], [], [], 0.02)
        if not ready:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # Linux says EIO when the last process on the other side has gone
            return False
        self.received += len(data)
        self._answer(data)
        self._tail = self._tail[-4000:] + data
        return bool(data)

    def _answer(self, data: bytes) -> None:
        self._unanswered += data
        end = 0
        for question in CURSOR_QUESTION.finditer(self._unanswered):
            os.write(self._master, b"\x1b[%b;%bR" % question.groups())
            end = question.end()
        self._unanswered = self._unanswered[end:][-LONGEST_QUESTION:]

    def __enter__(self) -> _Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)  # hangs up, should the process still be there
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _cpu_seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)
    return 0.0


def _peak_memory_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
