"""Two live images of one program on a real pseudo-terminal, whose other end acknowledges frames."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.terminal.dotscreen import DotScreen, stretched
from tests.terminal.sixels import filled
from tests.tui.images.frames import FakeFrame
from tests.tui.images.two_images_app import CELL, LAST_MAIN, LAST_SECOND, SECOND_COLUMNS, renderer
from vaevis_tui.terminal.images.sixel import SixelEncoder, Sixels

pytestmark = pytest.mark.e2e

COLUMNS, ROWS = 46, 13
ACK_REQUEST = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[6n")
SETTLED = re.compile(rb"\x1b\]2;settled (\d+) (\d+)\x07")
IMAGE_COMMAND = re.compile(rb"\x1b_Ga=[tf][^\x1b]*?i=(\d+)")


class TerminalAt:
    """The terminal's end of a pseudo-terminal: it keeps all output, and answers cursor reports in order."""

    def __init__(self, graphics: str) -> None:
        self._terminal, device = pty.openpty()
        fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tui.images.two_images_app", graphics],
            stdin=device,
            stdout=device,
            stderr=device,
            start_new_session=True,
            env=inherited | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(device)
        self.output = b""
        self.answered = 0
        self._scanned = 0

    def pump(self) -> None:
        """Take what has come, and acknowledge it."""
        if select.select([self._terminal], [], [], 0.1)[0]:
            self.output += os.read(self._terminal, 1 << 16)
        for request in ACK_REQUEST.finditer(self.output, self._scanned):
            self._scanned = request.end()
            self.answered += 1
            os.write(self._terminal, b"\x1b[%s;%sR" % request.groups())

    def pump_until_settled(self) -> tuple[int, int]:
        """Go on until both images are exact; gives how many frames of each were presented."""
        deadline = time.monotonic() + 60
        while (told := SETTLED.search(self.output)) is None:
            assert time.monotonic() < deadline, self.output[-2000:].decode()
            self.pump()
        return int(told[1]), int(told[2])

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._terminal)


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Iterator[TerminalAt]:
    terminal = TerminalAt(request.param)
    yield terminal
    terminal.close()


def drawn(frame: FakeFrame, graphics: str, left: int, columns: int) -> tuple[slice, slice, np.ndarray]:
    """Where an image is to be seen in dots, and its dots."""
    made = renderer(graphics)
    height, width, _ = frame.image.shape
    place = made.place(height, width, columns, ROWS - 1)
    pixels = made.pixels(frame.image, place)
    if isinstance(made, Sixels):
        assert place.dots is not None
        dots = filled(SixelEncoder().encode(pixels).shown, place.dots)
    else:
        dots = stretched(pixels, place.rows * CELL[0], place.columns * CELL[1])
    top, left = place.top * CELL[0], (left + place.left) * CELL[1]
    return slice(top, top + len(dots)), slice(left, left + dots.shape[1]), dots


@pytest.mark.parametrize("terminal", ["half", "kitty", "sixel"], indirect=True)
def test_each_has_its_own_acknowledgements_and_ends_exact(
    terminal: TerminalAt, request: pytest.FixtureRequest
) -> None:
    graphics = request.node.callspec.params["terminal"]
    while len(terminal.output) < 150_000 or terminal.answered < 120:
        terminal.pump()
    terminal.press(b"e")
    main, second = terminal.pump_until_settled()
    assert main > 10
    assert second > 5

    screen = DotScreen(COLUMNS, ROWS, CELL)
    screen.feed(re.sub(r"\x1b\[[<>][^a-zA-Z]*u", "", terminal.output.decode(errors="replace")))
    seen = screen.dots()
    for frame, left, columns in (
        (LAST_MAIN, 0, COLUMNS - SECOND_COLUMNS),
        (LAST_SECOND, COLUMNS - SECOND_COLUMNS, SECOND_COLUMNS),
    ):
        down, across, dots = drawn(frame, graphics, left, columns)
        assert (seen[down, across] == dots).all()
    if graphics == "kitty":
        assert len(set(IMAGE_COMMAND.findall(terminal.output))) == 2, "each has an image id of its own"

    terminal.press(b"q")
    assert terminal.process.wait(30) == 0
