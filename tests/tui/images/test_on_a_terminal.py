"""A live image in a process of its own, on a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.terminal.emulator import PixelScreen
from tests.tui.images.frames import random_frame
from vaevis_tui.terminal.placement import fit, resample
from vaevis_tui.tui.textual_private.driver import HANGUP_CODE

pytestmark = pytest.mark.e2e

COLUMNS, ROWS = 40, 12
ALTERNATE_SCREEN_ON = b"\x1b[?1049h"
KITTY_KEYS_OFF = b"\x1b[<u"
"""What Textual writes right before it leaves the alternate screen; the emulator takes it for text."""


def _environment() -> dict[str, str]:
    """A truecolor terminal's, without a size, which pytest-xdist would hand on."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    return inherited | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Program:
    """The program and the terminal it runs on, which takes output only while it is read."""

    def __init__(self, journal: Path, *, ignore_hangup: bool = False) -> None:
        self._journal = journal
        self._terminal, device = pty.openpty()
        fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        hangup = signal.SIG_IGN if ignore_hangup else signal.SIG_DFL
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tui.images.live_image_app", str(journal)],
            stdin=device,
            stdout=device,
            stderr=device,
            start_new_session=True,
            env=_environment(),
            preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup),
        )
        self._device = os.ttyname(device)
        self.modes_at_start = termios.tcgetattr(device)
        os.close(device)
        self.output = b""

    def read(self, seconds: float) -> bool:
        """Read what comes within some time; False once there will be no more."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:  # the program has closed its end
            return False
        self.output += data
        return bool(data)

    def read_pictures(self, size: int) -> None:
        """Read until so many bytes of pictures came."""
        while ALTERNATE_SCREEN_ON not in self.output or len(self.output) < size:
            assert self.read(60), self.output[-2000:].decode()

    def press(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def journal(self) -> list[str]:
        return self._journal.read_text().split("\n")[:-1] if self._journal.exists() else []

    def until_heard(self, keys: int) -> None:
        """Wait until the program has heard so many keys."""
        while len(self.journal()) < keys:
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"the program ended: {self.process.wait(0.02)}")

    def modes(self) -> list[Any]:
        """What the terminal does to bytes."""
        with Path(self._device).open("rb") as device:
            return termios.tcgetattr(device)

    def is_stopped(self) -> bool:
        """Whether a signal has stopped the process, asked for until it has."""
        pid, status = os.waitpid(self.process.pid, os.WUNTRACED | os.WNOHANG)
        return pid != 0 and os.WIFSTOPPED(status)

    def hang_up(self) -> None:
        os.close(self._terminal)
        self._terminal = -1

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self._terminal >= 0:
            os.close(self._terminal)


@pytest.fixture
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Program]:
    program = Program(tmp_path / "journal", **getattr(request, "param", {}))
    yield program
    program.close()


def assert_ends_with_its_last_frame(program: Program) -> int:
    """End the program, and compare what it left on the screen with the frame it says was last."""
    program.press(b"e")
    while program.read(60):
        pass
    number, presented = map(int, program.journal()[-1].split())
    screen = PixelScreen(COLUMNS, ROWS)
    screen.feed(program.output.split(KITTY_KEYS_OFF)[-2].decode())
    frame = random_frame(number)
    height, width, _ = frame.image.shape
    place = fit(height, width, COLUMNS, ROWS)
    top = 2 * place.top
    shown = screen.pixels()[top : top + place.height, place.left : place.left + place.width]
    assert np.array_equal(shown, resample(frame.image, place.height, place.width))
    assert program.process.wait(30) == 0
    return presented


def test_frames_reach_the_terminal_and_the_program_hears_of_it(program: Program) -> None:
    program.read_pictures(300_000)
    assert program.modes() != program.modes_at_start
    assert assert_ends_with_its_last_frame(program) > 10
    assert program.modes() == program.modes_at_start


def test_keys_are_heard_while_the_terminal_takes_nothing(program: Program) -> None:
    program.read_pictures(50_000)
    # From here on nothing is read, and no more can be written than the terminal's buffer holds.
    program.press(b"abc")
    program.until_heard(3)
    program.press(b"df" * 10)
    program.until_heard(23)
    assert program.journal() == [*"abc", *"df" * 10]
    assert_ends_with_its_last_frame(program)


@pytest.mark.parametrize("program", [{"ignore_hangup": True}], indirect=True)
def test_a_terminal_that_goes_ends_the_program(program: Program) -> None:
    program.read_pictures(50_000)
    program.hang_up()
    assert program.process.wait(30) == HANGUP_CODE


def test_a_program_that_is_stopped_gives_the_terminal_back_and_goes_on_later(program: Program) -> None:
    program.read_pictures(100_000)
    program.process.send_signal(signal.SIGTSTP)
    while not program.is_stopped():
        program.read(0.02)
    assert program.modes() == program.modes_at_start

    program.process.send_signal(signal.SIGCONT)
    size = len(program.output)
    program.read_pictures(size + 100_000)
    assert program.modes() != program.modes_at_start
    assert_ends_with_its_last_frame(program)
