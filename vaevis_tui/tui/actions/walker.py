"""The walk on the screen: a step each time the image of the step before has come."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.journey_player import JourneyPlayer
from vaevis_tui.explorer.walk_pacer import WalkPacer

WALK_RATE = 60.0
"""Steps a second where decoding and drawing keep up: what most terminals refresh at."""


class Walker:
    """Runs a ticker while there is a walk, or a journey, to be seen.

    It never asks for more than can be shown: a step is due when its time has come, the image of the last one
    was decoded, and no frame waits for the link.

    Args:
        screen: Whose ticker it is.
        clock: Seconds that never go back.
        link_free: Whether no frame waits to be sent.
        submit: Has the new point decoded.
        player: Of journeys.
        ended: Called when a journey has come to its end by itself, its last step submitted.
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
        """Make the ticker; the screen is mounted."""
        self._ticker = self._screen.set_interval(1 / WALK_RATE, self._tick, pause=True)

    def follow(self, exploration: Exploration) -> None:
        """Run if there is something to be seen."""
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
        """Rest, e.g. while another screen hides the image; `follow` goes on."""
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
