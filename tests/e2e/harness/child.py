"""What a program on a pseudo-terminal is started with."""

from __future__ import annotations

import fcntl
import os
import signal
import termios
from collections.abc import Mapping

_ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


_NOT_INHERITED = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "LC_ALL", "TERM_PROGRAM", "TMUX", "STY")


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**os.environ, **dict.fromkeys(_NOT_INHERITED), **_ENVIRONMENT, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def take_terminal() -> None:
    """In the new process: make the terminal its controlling one, so that ^C, SIGWINCH and SIGHUP arrive.

    Whoever runs the tests in the background or under nohup ignores some signals, which would be inherited.
    """
    for each in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
