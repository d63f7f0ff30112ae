"""Drive a real program as a real process on a real pseudo-terminal, with a terminal emulator behind it.

    with PtySession(["vaevis-tui", "--model", "mnist"], 80, 24) as session:
        session.wait_for(lambda: "FPS" in session.text, "the panel")
        session.press("right")
        ...
        session.press("q")
        assert session.wait_exit() == 0
        assert session.left_behind() == []

Nothing sleeps: every wait reads the terminal until what was waited for is there. All happens in the calling
thread: a test that does something else for long holds the program up, as a busy terminal does.

Counting frames and answering queries goes at 70 to 140 MB/s of truecolor half-blocks on one slow core,
drawing the screen at 1 to 3 MB/s (0.1 to 0.3 s for a full picture of 128x128). So the screen is drawn only
when somebody looks at it, and what measures rates is made with ``emulate=False`` and uses `pump_for`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tests.e2e.harness.child import environment, take_terminal
from tests.e2e.harness.keys import key, mouse
from tests.e2e.harness.terminal import Frame, Terminal, Traits

TIMEOUT = 20.0
"""Seconds that a wait lasts unless told otherwise: slow machines pass, broken programs fail soon."""


_SLICE = 0.02  # seconds between looks at whether the program has ended


_CHUNK = 1 << 16


_AT_ONCE = 1 << 20  # bytes read before anything else is done


class PtyTimeoutError(AssertionError):
    """What was waited for did not come; the message holds the screen and the last bytes."""


class PtySession:
    """A program on a pseudo-terminal of its own, its session's leader.

    Attributes:
        terminal: What the program writes to: modes, frames, queries, screen.
        process: The program.
        started: When it was started, on the clock of `time.perf_counter`.
        log: What was read and when, if kept.

    Args:
        argv: The program and its arguments.
        columns: Width of the terminal in cells.
        rows: Height of the terminal in cells.
        env: Changes to the environment; None removes a variable. The rest is the caller's, with a plain
            truecolor terminal named, and a folder of its own for what programs keep between runs.
        cwd: Where it runs.
        emulate: Whether there is a screen to look at.
        traits: What kind of terminal it is.
        keep_log: Whether all bytes are kept.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str | None] | None = None,
        *,
        cwd: Path | None = None,
        emulate: bool = True,
        traits: Traits | None = None,
        keep_log: bool = True,
    ) -> None:
        self.terminal = Terminal(columns, rows, emulate=emulate, traits=traits)
        self.log: list[tuple[float, bytes]] = []
        self._keep_log = keep_log
        self._outgoing = bytearray()
        self._master, slave = pty.openpty()
        self._slave: int | None = slave  # kept open: its settings are looked at when the program has ended
        self._open = True
        os.set_blocking(self._master, False)
        self._set_size(columns, rows)
        self._settings_before = termios.tcgetattr(slave)
        self._settings_after: list[Any] | None = None
        self._state = tempfile.TemporaryDirectory()
        own = {f"XDG_{kind}_HOME": f"{self._state.name}/{kind.lower()}" for kind in ("STATE", "DATA")}
        self.started = time.perf_counter()
        try:
            self.process = subprocess.Popen(
                [str(argument) for argument in argv],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=environment({**own, **(env or {})}),
                start_new_session=True,
                preexec_fn=take_terminal,
            )
        except BaseException:
            self._close_files()
            self._state.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program the hard way if it still runs, and give the terminal back."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._close_files()
        self._state.cleanup()

    def wait_for(self, condition: Callable[[], object], what: str = "", timeout: float = TIMEOUT) -> float:
        """Read the terminal until the condition holds; gives the seconds that took.

        The condition is looked at after each read, not in between.

        Args:
            condition: Tells whether what is waited for is there.
            what: What that is, for the message.
            timeout: Seconds to wait at most.

        Raises:
            PtyTimeoutError: it did not come, or the program ended without it.
        """
        begun = time.perf_counter()
        while not condition():
            if time.perf_counter() - begun > timeout:
                raise PtyTimeoutError(self._story(f"waited {timeout} s for {what or condition}"))
            if not self.pump(_SLICE) and self.process.poll() is not None:
                self._finish()
                if condition():
                    break
                raise PtyTimeoutError(
                    self._story(f"{what or condition} never came: exit code {self.process.returncode}")
                )
        return time.perf_counter() - begun

    def wait_for_text(self, text: str, timeout: float = TIMEOUT) -> float:
        """Wait until the screen shows a text within one row; gives the seconds that took."""
        return self.wait_for(lambda: text in self.text, f"the text {text!r}", timeout)

    def wait_for_frames(self, count: int, timeout: float = TIMEOUT) -> float:
        """Wait for so many more synchronised updates; gives the seconds that took."""
        goal = len(self.frames) + count
        return self.wait_for(lambda: len(self.frames) >= goal, f"{count} frames", timeout)

    def wait_exit(self, timeout: float = TIMEOUT) -> int:
        """Wait until the program has ended and all it wrote is read.

        Returns:
            Its exit code, or minus the signal that ended it.

        Raises:
            PtyTimeoutError: it goes on.
        """
        begun = time.perf_counter()
        while self.process.poll() is None:
            rest = begun + timeout - time.perf_counter()
            if rest < 0:
                raise PtyTimeoutError(self._story(f"waited {timeout} s for the program to end"))
            if self._open:
                self.pump(_SLICE)
            else:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(rest)
        self._finish()
        return int(self.process.returncode)

    def pump_for(self, seconds: float) -> list[Frame]:
        """Keep the terminal read for so long, as one does to measure; gives the frames of that time."""
        end = time.perf_counter() + seconds
        first = len(self.frames)
        while (rest := end - time.perf_counter()) > 0 and self.process.poll() is None:
            self.pump(min(rest, _SLICE))
        return self.frames[first:]

    def pump(self, timeout: float) -> bool:
        """Wait at most so long for output, take it, send answers and keys; tells whether there was any."""
        if not self._open:
            return False
        readable, writable, _ = select.select(
            [self._master], [self._master] if self._outgoing else [], [], timeout
        )
        if writable:
            self._flush()
        return bool(readable) and self._read()

    def send(self, text: str | bytes) -> None:
        """Type text, or send bytes as they are."""
        self._outgoing += text.encode() if isinstance(text, str) else text
        self._flush()

    def press(self, *names: str) -> None:
        """Press keys by name, see `keys.key`."""
        self.send("".join(key(name) for name in names))

    def point(
        self, row: int, column: int, *, pressed: bool = True, moving: bool = False, button: int = 0
    ) -> None:
        """Report the mouse over a cell, counted from 0, in the encoding that the program asked for.

        Args:
            row: Of the cell.
            column: Of the cell.
            pressed: Whether the button is down; False reports its release.
            moving: Whether this is a movement with the button held.
            button: 0 left, 1 middle, 2 right, 64 and 65 the wheel.

        Raises:
            ValueError: the program did not ask for mouse reports in SGR encoding.
        """
        modes, traits = self.terminal.modes, self.terminal.traits
        if not modes.get(1006) and not modes.get(1016):
            raise ValueError("the program did not ask for the mouse")
        if modes.get(1016):  # in pixels, at the middle of the cell
            row = row * traits.cell_height + traits.cell_height // 2
            column = column * traits.cell_width + traits.cell_width // 2
        self.send(mouse(row, column, pressed=pressed, moving=moving, button=button))

    def click(self, row: int, column: int) -> None:
        """Press and release the left button over a cell, counted from 0."""
        self.point(row, column)
        self.point(row, column, pressed=False)

    def drag(self, *cells: tuple[int, int]) -> None:
        """Press the left button over the first cell (row, column), move along the others, release it."""
        self.point(*cells[0])
        for row, column in cells[1:]:
            self.point(row, column, moving=True)
        self.point(*cells[-1], pressed=False)

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size; the kernel sends SIGWINCH to whoever is in the foreground."""
        report = self.terminal.resize(columns, rows)
        self._set_size(columns, rows)
        self.send(report)

    def terminate(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the program."""
        self.process.send_signal(with_signal)

    def stall(self) -> None:
        """Fill the kernel's queue of output, as where nobody reads, and stop it, as Ctrl-S does in a shell.

        The program's next write waits.
        """
        assert self._slave is not None
        filler = os.open(os.ttyname(self._slave), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while True:
                os.write(filler, b" " * 256)
        os.close(filler)
        termios.tcflow(self._slave, termios.TCOOFF)

    def go_on(self) -> None:
        """Take output again after `stall`; what fills the queue comes, too."""
        assert self._slave is not None
        termios.tcflow(self._slave, termios.TCOON)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does: it gets SIGHUP."""
        self._close_files()

    @property
    def text(self) -> str:
        """What the screen shows, row by row."""
        return "\n".join(line.rstrip() for line in self.terminal.screen.lines())

    @property
    def frames(self) -> list[Frame]:
        """Synchronised updates so far, their times on the clock of `time.perf_counter`."""
        return self.terminal.frames

    @property
    def raw(self) -> bytes:
        """All bytes read so far, if the log is kept."""
        return b"".join(data for _, data in self.log)

    def pixels(self, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        """Pixels of half-block cells, uint8 (2 * height, width, 3); see `Screen.pixels`."""
        return self.terminal.screen.pixels(top, left, height, width)

    def left_behind(self) -> list[str]:
        """What the program left of itself in the terminal, in words; [] is as it should be.

        Raises:
            ValueError: the program has not ended, or its terminal is gone.
        """
        found = self.terminal.left_behind()
        if self._settings_after is None:
            raise ValueError("the program has not ended, or its terminal is gone; wait_exit() comes first")
        if self._settings_after != self._settings_before:
            found.append("changed terminal settings")
        return found

    def _read(self) -> bool:
        chunks: list[bytes] = []
        size = 0
        while size < _AT_ONCE:
            try:
                chunk = os.read(self._master, _CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EIO:  # Linux says so when nobody has the other side open any more
                    raise
                chunk = b""
            if not chunk:
                self._open = False
                break
            chunks.append(chunk)
            size += len(chunk)
        if not size:
            return False
        data, now = b"".join(chunks), time.perf_counter()
        if self._keep_log:
            self.log.append((now, data))
        self._outgoing += self.terminal.feed(data, now)
        self._flush()
        return True

    def _flush(self) -> None:
        """Send what there is room for and keep the rest, so that the two sides never wait for each other."""
        if self._outgoing and self._open:
            with suppress(BlockingIOError):
                del self._outgoing[: os.write(self._master, self._outgoing)]

    def _finish(self) -> None:
        """The program has ended: note the terminal's settings and read what is left."""
        if self._slave is None:
            return
        self._settings_after = termios.tcgetattr(self._slave)
        os.close(self._slave)
        self._slave = None
        end = time.perf_counter() + 1.0  # should a child of it live on and hold the terminal
        while self._open and time.perf_counter() < end:
            self.pump(_SLICE)

    def _set_size(self, columns: int, rows: int) -> None:
        traits = self.terminal.traits
        dots = (min(cells, 0xFFFF) for cells in (columns * traits.cell_width, rows * traits.cell_height))
        size = struct.pack("HHHH", rows, columns, *dots)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _close_files(self) -> None:
        self._open = False
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _story(self, what: str) -> str:
        """A failure's message: what happened, what the screen shows, what came last."""
        parts = [what, f"{self.terminal.received} bytes, {len(self.frames)} frames"]
        if self.terminal.emulate:
            parts.append(self.text.rstrip())
        if self.log:
            parts.append(repr(self.log[-1][1][-500:]))
        return "\n".join(parts)
