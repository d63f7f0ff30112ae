"""Drives the walk on the screen: takes a step when the image of the last one has come."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.motion.journey_player import JourneyPlayer
from vaevis_tui.explorer.motion.walk_pacer import WalkPacer

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
