"""Journeys by keys: chosen, played, paused, scrubbed and ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.explorer.motion.journey_player import JourneyPlayer
from vaevis_tui.latent.motion.journey import Journey
from vaevis_tui.tui.actions.arrows import ArrowTarget
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.panels.scrubber import Passage

if TYPE_CHECKING:
    from vaevis_tui.tui.menus.journey_menu import Route

OWNER, PRIORITY = "journey", 0
SCRUB = 0.1
"""Of the journey that a step of one sigma is: the keys that move by 0.1 σ go a hundredth of it."""


class JourneyActions(ArrowTarget):
    """While a journey is on, ← and → scrub, Space plays and pauses, Esc ends it.

    Args:
        work: What all actions work on.
        keepsakes: The bookmarks and marked points that journeys go through.
        free_arrows: Ends whatever else has the arrows, or the point.
    """

    def __init__(
        self, work: Workspace, keepsakes: KeepsakeActions, free_arrows: Callable[[], object]
    ) -> None:
        self._work = work
        self._keepsakes = keepsakes
        self._free_arrows = free_arrows
        self.player = JourneyPlayer()
        self._ticket = 0

    def choose(self) -> None:
        """Choose a journey."""
        self._keepsakes.with_keepsakes(self._open_menu)

    def _open_menu(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.tui.menus.journey_menu import JourneyMenu

        exploration = self._work.exploration
        if exploration is None or not self._work.screen.is_active:
            return
        routes = _routes(keepsakes, exploration)
        if not routes:
            self._work.say(
                "A journey goes through bookmarks: keep the point on show with b, go elsewhere, and again"
            )
            return
        self._work.open_menu(JourneyMenu(routes), self._begin)

    def _begin(self, route: Route | None) -> None:
        exploration = self._work.exploration
        if route is None or exploration is None:
            return
        self._free_arrows()
        journey = Journey(exploration.bundle.space, route.stops, loop=route.loop, ease=route.ease)

        def begin(exploration: Exploration) -> None:
            z = self.player.begin(exploration, journey, route.title)
            self._ticket = self._work.request_tiles(OWNER, z, PRIORITY)

        self._work.change(begin)
        self._work.say("Space pauses, ← → scrub, Esc ends")

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """Images by which the journey's pace is measured."""
        if tiles.ticket == self._ticket and tiles.exploration is self._work.exploration:
            self._work.change(lambda _: self.player.take(tiles.images))

    def play(self) -> None:
        """Play or pause the journey; choose one where none is on."""
        if self.player.on(self._work.exploration):
            self._work.change(lambda _: self.player.toggle())
        else:
            self.choose()

    def nudge(self, sigmas: float) -> bool:
        """Scrub; by 1 σ, go to the next stop or the one before."""
        if not self.player.on(self._work.exploration):
            return False
        if abs(sigmas) >= 1:
            self._work.change(lambda _: self.player.step(1 if sigmas > 0 else -1))
        else:
            self._work.change(lambda _: self.player.scrub(SCRUB * sigmas))
        return True

    def end(self) -> None:
        """End the journey; the point stays."""
        self._work.change(Exploration.end_journey)

    def go_to(self, position: float) -> None:
        """Pause, and go to a position from 0 to 1."""
        self._work.change(lambda _: self.player.go(position))

    def follow(self) -> None:
        """Show how far the journey is, where one is on; in place of the hints."""
        exploration, scrubber = self._work.exploration, self._work.widgets.scrubber
        on = exploration is not None and self.player.on(exploration)
        if exploration is not None and on:
            position, playing = exploration.journey_position, self.player.playing(exploration)
            scrubber.passage = Passage(position, self.player.stops, playing)
        if on != (scrubber.passage is not None and scrubber.display):
            scrubber.passage = scrubber.passage if on else None
            self._work.lay_out()

    @property
    def text(self) -> str:
        """Where the journey is, for the status line; empty if none is on."""
        return self.player.text() if self.player.on(self._work.exploration) else ""


def _routes(keepsakes: Keepsakes, exploration: Exploration) -> list[Route]:
    from vaevis_tui.tui.menus.journey_menu import Route

    bookmarks, marks = keepsakes.bookmarks.items, keepsakes.marks
    z = exploration.point.copy()
    routes: list[Route] = []
    if marks.a and marks.b:
        a, b = marks.a[0], marks.b[0]
        ends = exploration.points(a.z), exploration.points(b.z)
        routes.append(Route(f"{a.label or 'A'} → {b.label or 'B'}", ends))
    if len(bookmarks) > 1:
        stops = tuple(each.z for each in bookmarks)
        routes.append(Route(f"All {len(bookmarks)} bookmarks, from one to the next", stops))
    elsewhere = [each for each in bookmarks if each.z.tobytes() != z.tobytes()]
    return [*routes, *(Route(f"here → {each.name}", (z, each.z)) for each in elsewhere)]
