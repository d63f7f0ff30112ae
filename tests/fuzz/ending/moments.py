"""Moments of the explorer at which it may be ended; see `ends`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.harness.ptyharness import PtyTimeoutError
from tests.fuzz.ending.far import FarSession
from tests.fuzz.terminal import DRAWN, STARTING
from vaevis_tui.explorer.storage.session import SessionFolder

BROKEN = 8.0
"""Seconds for a session to be noted where a mistake may keep the program from it."""


@dataclass
class Run:
    """One run.

    Attributes:
        session: The program.
        rng: All that is left to chance.
        folder: Its own.
        code: Exit codes that may follow.
        moved: Whether there is a session to keep.
        breaks: Whether a traceback is asked for.
        full: Whether no file can be written.
        tour: Which of `tours.TOURS` to take; any keys if empty.
    """

    session: FarSession
    rng: random.Random
    folder: Path
    code: tuple[int, ...] = (0,)
    moved: bool = False
    breaks: bool = False
    full: bool = False
    tour: str = ""

    @property
    def sessions(self) -> SessionFolder:
        """Where they are kept."""
        return SessionFolder(self.folder / "vaevis-tui" / "sessions")

    def pause(self, most: float) -> None:
        """Let some time pass."""
        self.session.pump_for(self.rng.uniform(0.0, most))

    def drawn(self) -> None:
        """Wait for the first screen."""
        self.session.wait_for(lambda: self.session.terminal.received > DRAWN, "the first screen", STARTING)

    def move(self) -> None:
        """Go somewhere, so that there is a session to keep: it has been noted when this returns."""
        self.drawn()
        if self.full:
            self.session.press("shift+right")
            self.session.pump_for(self.session.round_trip + 1.0)
            return
        until = time.monotonic() + (BROKEN if self.breaks else STARTING)
        while not any(self.sessions.path.glob("*.running.json")):
            if time.monotonic() > until or self.session.process.poll() is not None:
                raise PtyTimeoutError("the note never came")
            self.session.press("shift+right")  # before a model is open it moves nothing
            self.session.pump_for(1.0)
        self.moved = True


def starting(run: Run) -> None:
    """Before, while and just after the first bytes are written."""
    if run.rng.random() < 0.5:
        run.pause(1.5)
    else:
        least = run.rng.choice((1, 1, 50, 400, DRAWN))
        run.session.wait_for(lambda: run.session.terminal.received >= least, "the start", STARTING)


def first_image(run: Run) -> None:
    """When the first screen has come."""
    run.drawn()
    run.pause(0.3)


def exploring(run: Run) -> None:
    """At rest, or in the middle of a walk."""
    run.move()
    if run.rng.random() < 0.5:
        run.session.press("w")
    run.pause(0.5)


def in_a_menu(run: Run) -> None:
    """With a menu or a prompt open, or two."""
    run.move()
    for _ in range(run.rng.choice((1, 1, 2))):
        run.session.press(run.rng.choice(("?", "ctrl+p", "m", "S", "=", "/", "e")))
        run.pause(0.4)


def exporting(run: Run) -> None:
    """While an animation is written."""
    run.move()
    run.session.press("S")
    run.session.pump_for(run.session.round_trip + 0.4)
    for _ in range(run.rng.randrange(4)):
        run.session.press("down")
    for _ in range(2):
        run.session.press("enter")
        run.session.pump_for(run.session.round_trip + 0.3)
    run.pause(0.6)


def searching(run: Run) -> None:
    """While the point nearest to a picture is searched for; see `_arguments`."""
    run.drawn()
    run.pause(1.5)


def quitting(run: Run) -> None:
    """A moment after q."""
    run.move()
    run.session.press("q")
    run.pause(0.5 + run.session.round_trip)


MOMENTS: tuple[Callable[[Run], None], ...] = (
    *(starting, starting, first_image, exploring, in_a_menu, exporting, searching, quitting),
)
