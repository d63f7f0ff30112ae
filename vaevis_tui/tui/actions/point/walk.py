"""The random walk by keys: on and off, faster and slower, and on from the start."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.motion.journey_player import JourneyPlayer
from vaevis_tui.explorer.motion.walk_pacer import WalkPacer
from vaevis_tui.tui.actions.arrows import ArrowTarget
from vaevis_tui.tui.actions.workspace import Workspace

WALK_RATE = 60.0
"""Steps a second where decoding and drawing keep up: what most terminals refresh at."""


class Walker:
    """Runs a timer while a walk or journey is on.

    A step is due when its time has come, the image of the last one was decoded, and no frame waits for the
    link. So it never asks for more than can be shown.

    Args:
        screen: The screen that the timer belongs to.
        clock: Monotonic seconds.
        link_free: Whether no frame waits to be sent.
        submit: Submits the new point for decoding.
        player: Plays journeys.
        ended: Called after the last step of a journey.
    """

    def __init__(
        self,
        screen: Screen[None],
        clock: Callable[[], float],
        link_free: Callable[[], bool],
        submit: Callable[[], None],
        player: JourneyPlayer,
        ended: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._pace = WalkPacer(clock, link_free)
        self._submit = submit
        self._player = player
        self._ended = ended
        self._exploration: Exploration | None = None
        self._ticker: Timer | None = None
        self.running = False

    def mount(self) -> None:
        """Create the timer; call it once the screen is mounted."""
        self._ticker = self._screen.set_interval(1 / WALK_RATE, self._tick, pause=True)

    def follow(self, exploration: Exploration) -> None:
        """Start or stop the timer, as the exploration walks or not."""
        self._exploration = exploration
        on = self._screen.is_active and self._moving(exploration)
        if self._ticker is None:
            return
        if on and not self.running:
            self._pace.restart()
            self._ticker.resume()
        elif self.running and not on:
            self._ticker.pause()
        self.running = on

    def _moving(self, exploration: Exploration) -> bool:
        return exploration.walking or self._player.playing(exploration)

    def pause(self) -> None:
        """Pause, e.g. while another screen hides the image; `follow` resumes."""
        if self._ticker is not None:
            self._ticker.pause()
        self.running = False

    def image_came(self) -> None:
        """The image of a step was decoded."""
        self._pace.frame_came()
        self.step_if_due()

    def step_if_due(self) -> None:
        """Take a step if its time has come."""
        if self.running and self._exploration is not None and self._pace.due:
            seconds = self._pace.step()
            self._exploration.step_walk(seconds)
            self._player.advance(seconds)
            self._submit()
            if not self._moving(self._exploration):
                self._ended()

    def _tick(self) -> None:
        self._pace.tick()
        self.step_if_due()


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
