"""The random walk by keys: on and off, faster and slower, and on from the start."""

from __future__ import annotations

from collections.abc import Callable

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.motion.journey_player import JourneyPlayer
from vaevis_tui.tui.actions.arrows import ArrowTarget
from vaevis_tui.tui.actions.point.walker import Walker
from vaevis_tui.tui.actions.workspace import Workspace


class WalkActions(ArrowTarget):
    """Space starts and stops the walk; the walker moves it, and journeys.

    Args:
        work: What all actions work on.
        player: Plays journeys.
        busy: Whether something moves the point that a walk must wait for at the start.
    """

    def __init__(self, work: Workspace, player: JourneyPlayer, busy: Callable[[], bool]) -> None:
        self._work = work
        self._busy = busy
        self._waits = work.settings.walk
        """Whether the walk that was asked for at the start is yet to begin."""
        self.walker = Walker(
            work.screen,
            work.settings.clock,
            lambda: not work.widgets.image.waiting,
            work.submit,
            player,
            work.follow_motion,
        )

    def toggle(self) -> None:
        """Start or stop the walk."""
        self._work.change(lambda e: e.stop_walk() if e.walking else e.start_walk())

    def change_speed(self, steps: int) -> bool:
        """Change the speed of the walk."""

        def change(exploration: Exploration) -> None:
            exploration.change_speed(steps)
            if not exploration.walking:
                self._work.say(f"walk {exploration.speed:g} σ/s")

        self._work.change(change)
        return True

    def start_first(self, exploration: Exploration) -> None:
        """Start the walk that was asked for at the start, unless something else moves the point."""
        if self._waits and not self._busy():
            self._waits = False
            exploration.start_walk()

    def search_ended(self) -> None:
        """Start the walk that waited for a search."""
        if self._waits:
            self._waits = False
            self.toggle()

    @property
    def text(self) -> str:
        """Its speed, for the status line; empty if it is off."""
        exploration = self._work.exploration
        return f"walk {exploration.speed:g} σ/s" if exploration and exploration.walking else ""
