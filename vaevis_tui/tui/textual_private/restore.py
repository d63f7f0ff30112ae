"""Giving the terminal back where the usual way takes too long: it takes no output, or nobody gets to it.

What is queued for it is thrown away, here and in the kernel. What follows is short enough for a queue that is
empty, so that a terminal that goes on later finds it there.
"""

from __future__ import annotations

import os
import select
import sys
import time
from contextlib import suppress
from typing import Any

if sys.platform != "win32":
    import termios

LONGEST_WRITE = 1.0
"""Seconds to hand over what gives the terminal back."""

FLUSH_INTERVAL = 0.01
"""Seconds after which to look whether a write has come to its end."""

MODES_AT_REST = (
    "\x18\x1b\\\x1b[?2026l\x1b[m"  # ends what was cut off: a sequence, a string, an update, colours
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What Textual writes at the end, in its order: kitty's keyboard protocol has a stack for each screen."""


def restore_terminal(terminal: int, modes: list[Any] | None) -> None:
    """Throw away what is queued, and set the terminal's modes as they were; takes `LONGEST_WRITE` at most.

    Args:
        terminal: Its file descriptor.
        modes: As of `termios.tcgetattr`, or None to leave them.
    """
    with suppress(OSError, termios.error):
        if modes is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
        throw_away(terminal)
        # A description of its own: what is set for the program's would be set for its parent's, too.
        own = os.open(_path(terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            _write(own, MODES_AT_REST.encode("ascii"))
        finally:
            os.close(own)


def _path(terminal: int) -> str:
    try:
        return os.ttyname(terminal)
    except OSError:  # its file is not in sight, as in some containers
        return "/dev/tty"


def throw_away(terminal: int) -> None:
    """Empty the kernel's queue of output, so that whoever waits for room in it goes on.

    Nobody is woken where it is emptied, but where output is started, for which it must have been stopped. By
    Ctrl-S it may have been, where the terminal's own modes are back already: one in what was typed ahead.
    """
    with suppress(OSError, termios.error):
        termios.tcflush(terminal, termios.TCOFLUSH)
        termios.tcflow(terminal, termios.TCOOFF)
        termios.tcflow(terminal, termios.TCOON)


def _write(file: int, data: bytes) -> None:
    """Write all of it, from its beginning again where the queue had been filled once more meanwhile."""
    end, rest = time.monotonic() + LONGEST_WRITE, data
    while rest and time.monotonic() < end:
        if select.select([], [file], [], 5 * FLUSH_INTERVAL)[1]:
            with suppress(BlockingIOError):
                rest = rest[os.write(file, rest) :]
        else:
            throw_away(file)
            rest = data
