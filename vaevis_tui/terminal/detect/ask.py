"""Asking a terminal that nobody else listens to, and waiting for its answers."""

from __future__ import annotations

import os
import select
import time

from vaevis_tui.terminal.detect.replies import Reply
from vaevis_tui.terminal.detect.reply_parser import ReplyParser


def ask(
    queries: bytes,
    timeout: float,
    *,
    source: int = 0,
    sink: int = 1,
) -> tuple[Reply, ...]:
    """Write queries to a terminal and read its answers, which are not shown; keys pressed meanwhile are lost.

    Args:
        queries: What to write, ending in DA1.
        timeout: Seconds to wait for the answer to that.
        source: File descriptor that is read.
        sink: File descriptor that is written to.

    Raises:
        OSError: One of them is no terminal, or it has gone.
    """
    import termios

    parser = ReplyParser()
    try:
        before = termios.tcgetattr(source)
        modes = termios.tcgetattr(source)
        modes[3] &= ~(termios.ECHO | termios.ICANON)  # local modes: nothing is shown, nothing waits for Enter
        termios.tcsetattr(source, termios.TCSADRAIN, modes)
    except termios.error as error:
        raise OSError(*error.args) from None
    try:
        os.write(sink, queries)
        end = time.monotonic() + timeout
        while not parser.fenced and (left := end - time.monotonic()) > 0:
            if select.select([source], [], [], left)[0]:
                parser.feed(os.read(source, 1 << 12))
    finally:
        termios.tcsetattr(source, termios.TCSAFLUSH, before)
    return parser.replies
