"""Leaving when the system says so: asked to end, interrupted, or the terminal has gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from textual.app import App

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.session_store import SessionStore
from vaevis_tui.interrupt import not_ignored
from vaevis_tui.tui.textual_private.driver import HANGUP_CODE, restore_terminal_now

TIMEOUT = 3.0
"""Seconds to leave in order. A terminal that takes no output any more would hold the program up for ever."""

ENDING = (
    *("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT"),
    *("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU", "SIGPWR"),
)
"""What ends a program that does not look at it, without a fault of its own."""

AUTOSAVE_INTERVAL = 3.0
"""Seconds of exploring that a program that is killed may lose."""


@contextmanager
def leaving_on_signals(app: App[Any], store: SessionStore) -> Iterator[None]:
    """See to it that the app ends, and restores the terminal, on every signal that would end the program.

    The session is kept first, before anything that a terminal that has gone could hold up. The exit code is
    128 and the signal's number, as shells have it. To be entered in the app's event loop, in the main thread;
    afterwards signals do what they did before.
    """
    loop = asyncio.get_running_loop()

    def handle(number: int, _: FrameType | None) -> None:
        # Not by the loop's own handlers, which hear of signals by the pipe that wakes it. It is full where
        # other threads have called 300 times while the loop was busy, and the signal would be lost.
        if not loop.is_closed():
            loop.call_soon_threadsafe(_leave, app, 128 + number, store)

    # On Windows the console's own events end a program.
    numbers = () if sys.platform == "win32" else not_ignored(ENDING)
    former = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler or signal.SIG_DFL)


def autosave_session(app: App[Any], store: SessionStore) -> None:
    """Note every few seconds where the person stands: SIGKILL, as when memory ends, leaves no time for it."""
    app.set_interval(AUTOSAVE_INTERVAL, store.autosave)


def watch_terminal(app: App[Any], store: SessionStore) -> None:
    """End the app once the terminal has gone, where no SIGHUP says so (under ``nohup``, for example)."""
    if os.isatty(0):
        app.set_interval(1.0, lambda: None if os.isatty(0) else _leave(app, HANGUP_CODE, store))


def _leave(app: App[Any], code: int, store: SessionStore) -> None:
    backstop = threading.Timer(TIMEOUT, _give_up, (app, code))
    backstop.daemon = True
    backstop.start()
    with suppress(UserError):  # there may be nobody left to tell
        store.keep(cut_off=True)
    app.exit(return_code=code)


def _give_up(app: App[Any], code: int) -> None:
    """End here and now."""
    restore_terminal_now(app)
    os._exit(code)
