"""What an interrupt does while there is nothing to clean up, and afterwards."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 128 + 2
"""Exit code of a program that SIGINT, signal 2, has ended."""

_came = False


def end_at_once() -> None:
    """Let an interrupt end the program without a word: an exception while importing could not be caught."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))


def raise_on_interrupt() -> None:
    """Let an interrupt raise KeyboardInterrupt again: there are files to be cleaned up by now."""
    signal.signal(signal.SIGINT, _note_and_raise)


def came() -> bool:
    """Whether there was one since `raise_on_interrupt`: libraries may make another exception of it."""
    return _came


def _note_and_raise(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    raise KeyboardInterrupt
