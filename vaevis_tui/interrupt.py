"""What an interrupt does while there is nothing to clean up, and afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from types import FrameType

INTERRUPTED = 128 + 2
"""Exit code of a program that SIGINT, signal 2, has ended."""

_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, an orderly end from elsewhere, and a terminal that has gone."""

_came = 0
"""The signal that came, or 0."""


def not_ignored(names: Iterable[str]) -> Iterator[int]:
    """The numbers of those signals that this system has and that were not ignored when the program started.

    What was ignored stays so: SIGHUP under nohup, SIGINT and SIGQUIT where a script started the program in
    the background. To handle one later would leave it without effect first, and then not.
    """
    for name in names:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            yield number


def end_at_once() -> None:
    """Let an interrupt end the program without a word: an exception while importing could not be caught."""
    for number in not_ignored(["SIGINT"]):
        signal.signal(number, lambda number, frame: os._exit(INTERRUPTED))


def raise_on_interrupt() -> None:
    """Let what ends a program raise an exception from now on: there are files to be cleaned up."""
    for number in not_ignored(_ENDS):
        signal.signal(number, _note_and_raise)


def exit_code() -> int | None:
    """The program's, by the signal that came since `raise_on_interrupt`; None where none did.

    Libraries may make another exception of it.
    """
    return 128 + _came if _came else None


def _note_and_raise(number: int, frame: FrameType | None) -> None:
    global _came
    _came = number
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)  # of a KeyboardInterrupt within eval Python remembers that it was Ctrl-C
