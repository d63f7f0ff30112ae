"""Journeys by keys: chosen, played, paused, scrubbed and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.journey_player import JourneyPlayer
from vaevis_tui.explorer.keepsakes import Keepsakes
from vaevis_tui.latent.journey import Journey
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions
from vaevis_tui.tui.panels.scrubber import Passage, Scrubber

if TYPE_CHECKING:
    from vaevis_tui.tui.menus.journey_menu import Route

OWNER, PRIORITY = "journey", 0
SCRUB = 0.1
"""Of the journey that a step of one sigma is: the keys that move by 0.1 σ go a hundredth of it."""


class JourneyActions(KeepsakeActions):
    """While a journey is on, ← and → scrub, Space plays and pauses, Esc ends it."""

    _player: JourneyPlayer
    _scrubber: Scrubber
    _journey_ticket = 0

    def action_journey(self) -> None:
        """Choose a journey."""
        self._keep(lambda keepsakes: keepsakes, self._choose_journey)

    def _choose_journey(self, keepsakes: Keepsakes) -> None:
        from vaevis_tui.tui.menus.journey_menu import JourneyMenu

        if self._exploration is None or not self.is_active:
            return
        routes = _routes(keepsakes, self._exploration)
        if not routes:
            self.say(
                "A journey goes through bookmarks: keep the point on show with b, go elsewhere, and again"
            )
            return
        self.app.push_screen(JourneyMenu(routes), self._begin_journey)

    def _begin_journey(self, route: Route | None) -> None:
        if route is None or self._exploration is None:
            return
        self._give_arrows("rows")  # they scrub now
        journey = Journey(self._exploration.bundle.space, route.stops, loop=route.loop, ease=route.ease)

        def begin(exploration: Exploration) -> None:
            z = self._player.begin(exploration, journey, route.title)
            self._journey_ticket = self._request_tiles(OWNER, z, PRIORITY)

        self._change(begin)
        self.say("Space pauses, ← → scrub, Esc ends")

    def _take_journey(self, tiles: TilesDecoded) -> None:
        if tiles.ticket == self._journey_ticket:
            self._change(lambda _: self._player.take(tiles.images))

    def action_play(self) -> None:
        """Play or pause the journey; choose one where none is on."""
        if self._player.on(self._exploration):
            self._change(lambda _: self._player.toggle())
        else:
            self.action_journey()

    def _scrub(self, sigmas: float) -> None:
        """Go along the journey; by a whole sigma, to the next stop."""
        if abs(sigmas) >= 1:
            self._change(lambda _: self._player.step(1 if sigmas > 0 else -1))
        else:
            self._change(lambda _: self._player.scrub(SCRUB * sigmas))

    @on(Scrubber.Moved)
    def _scrub_to(self, message: Scrubber.Moved) -> None:
        self._change(lambda _: self._player.go(message.position))

    @on(Scrubber.Toggled)
    def _play_or_pause(self) -> None:
        self.action_play()

    def _show_journey(self) -> None:
        """Show how far the journey is, where one is on; in place of the hints."""
        exploration = self._exploration
        on = exploration is not None and self._player.on(exploration)
        if exploration is not None and on:
            position, playing = exploration.journey_position, self._player.playing(exploration)
            self._scrubber.passage = Passage(position, self._player.stops, playing)
        if on != (self._scrubber.passage is not None and self._scrubber.display):
            self._scrubber.passage = self._scrubber.passage if on else None
            self._arrange()


def _routes(keepsakes: Keepsakes, exploration: Exploration) -> list[Route]:
    from vaevis_tui.tui.menus.journey_menu import Route

    bookmarks, marks = keepsakes.bookmarks.items, keepsakes.marks
    z = exploration.point.copy()
    routes: list[Route] = []
    if marks.a and marks.b:
        a, b = marks.a[0], marks.b[0]
        routes.append(Route(f"{a.label or 'A'} → {b.label or 'B'}", (a.z, b.z)))
    if len(bookmarks) > 1:
        stops = tuple(each.z for each in bookmarks)
        routes.append(Route(f"All {len(bookmarks)} bookmarks, from one to the next", stops))
    elsewhere = [each for each in bookmarks if each.z.tobytes() != z.tobytes()]
    return [*routes, *(Route(f"here → {each.name}", (z, each.z)) for each in elsewhere)]
