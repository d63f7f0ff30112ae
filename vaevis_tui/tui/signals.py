"""Leaving when the system says so: asked to end, interrupted, or the terminal has gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from textual.app import App

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.session_store import SessionKeeper
from vaevis_tui.tui.textual_private.driver import HANGUP_CODE, give_back_terminal

TIMEOUT = 3.0
"""Seconds to leave in order. A terminal that takes no output any more would hold the program up for ever."""

ENDING = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU", "SIGPWR")
"""What ends a program that does not look at it, without a fault of its own."""

NOTE_EVERY = 3.0
"""Seconds of exploring that a program that is killed may lose."""


def leave_on_signals(app: App[Any], keeper: SessionKeeper) -> None:
    """See to it that the app ends, and restores the terminal, on every signal that would end it.

    The session is kept first, before anything that a terminal that has gone could hold up. The exit code is
    128 and the signal's number, as shells have it. To be called in the app's event loop, in the main thread;
    the handlers end with the loop.
    """
    if sys.platform == "win32":  # where the console's own events end a program, and asyncio takes no signals
        return
    loop = asyncio.get_running_loop()
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None:
            loop.add_signal_handler(number, _leave, app, 128 + number, keeper)


def be_ready_to_be_killed(app: App[Any], keeper: SessionKeeper) -> None:
    """Note every few seconds where the person stands: SIGKILL, as when memory ends, leaves no time for it."""
    app.set_interval(NOTE_EVERY, keeper.note)


def watch_terminal(app: App[Any], keeper: SessionKeeper) -> None:
    """End the app once the terminal has gone, where no SIGHUP says so (under ``nohup``, for example)."""
    if os.isatty(0):
        app.set_interval(1.0, lambda: None if os.isatty(0) else _leave(app, HANGUP_CODE, keeper))


def _leave(app: App[Any], code: int, keeper: SessionKeeper) -> None:
    backstop = threading.Timer(TIMEOUT, _give_up, (app, code))
    backstop.daemon = True
    backstop.start()
    with suppress(UserError):  # there may be nobody left to tell
        keeper.keep(cut_off=True)
    app.exit(return_code=code)


def _give_up(app: App[Any], code: int) -> None:
    """End here and now."""
    give_back_terminal(app)
    os._exit(code)
