"""The size of a terminal's window, as the system knows it."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A window of cells.

    Attributes:
        rows: Height in cells.
        columns: Width in cells.
        height: Height in dots; 0 if not known.
        width: Width in dots; 0 if not known.
    """

    rows: int
    columns: int
    height: int = 0
    width: int = 0

    @property
    def cell(self) -> tuple[int, int] | None:
        """Height and width of a cell in dots, None if not known."""
        if not (self.rows and self.columns):
            return None
        cell = self.height // self.rows, self.width // self.columns
        return cell if all(cell) else None


def window_of(descriptor: int) -> Window | None:
    """What the terminal behind a file descriptor has told the system (tty_ioctl(4), TIOCGWINSZ)."""
    if sys.platform == "win32":
        return None
    import fcntl
    import termios

    try:
        answer = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
    except (OSError, ValueError):
        return None
    rows, columns, width, height = struct.unpack("HHHH", answer)
    return Window(rows, columns, height, width)
