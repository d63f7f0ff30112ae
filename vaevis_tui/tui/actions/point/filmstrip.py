"""What is on the filmstrip, and where its cursor leads."""

from __future__ import annotations

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.actions.arrows import ArrowTarget
from vaevis_tui.tui.actions.panels import PanelActions
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.panels.filmstrip_panel import Place


class FilmstripActions(ArrowTarget):
    """While the filmstrip has the arrows, they move its cursor, and Enter goes there."""

    def __init__(self, work: Workspace, panels: PanelActions, keepsakes: KeepsakeActions) -> None:
        self._work = work
        self._panels = panels
        self._keepsakes = keepsakes
        self._filmstrip = work.widgets.filmstrip
        self._shown: Exploration | None = None
        """The model whose places are on it."""

    def nudge(self, sigmas: float) -> bool:
        """Move the cursor."""
        if self._filmstrip.has_arrows:
            self._filmstrip.move(1 if sigmas > 0 else -1)
        return self._filmstrip.has_arrows

    def select_end(self, end: int) -> bool:
        """Move the cursor to the first or last place."""
        if self._filmstrip.has_arrows:
            self._filmstrip.move(end * len(self._filmstrip.places))
        return self._filmstrip.has_arrows

    def enter(self) -> bool:
        """Go to the place under the cursor."""
        if self._filmstrip.has_arrows:
            self._filmstrip.choose()
        return self._filmstrip.has_arrows

    def go_to(self, place: Place) -> None:
        """Go to a place: to a visit as it was, or to its latent vector."""
        key, z = place.key, place.z

        def go(exploration: Exploration) -> None:
            if not (isinstance(key, int) and exploration.go_to_visit(key)):
                exploration.go_to(z)

        self._work.change(go)

    def follow(self) -> None:
        """Show the places."""
        exploration = self._work.exploration
        if exploration is None or not self._panels.filmstrip_open:
            return
        if exploration is not self._shown:
            self._shown = exploration
            self._filmstrip.clear()
        bundle = exploration.bundle
        empty = not self._filmstrip.places
        self._filmstrip.show(self._places_of(exploration), (bundle.image_height, bundle.image_width))
        if empty is bool(self._filmstrip.places):
            self._work.lay_out()  # a line says how places come there while there is none

    def _places_of(self, exploration: Exploration) -> list[Place]:
        """Bookmarks, oldest first, then where one was, the latest first."""
        keepsakes, z = self._keepsakes.known, exploration.point.tobytes()
        bookmarks = keepsakes.bookmarks.items if keepsakes else ()
        kept = [
            Place(each.id, _label(each.name), each.z, each.thumbnail, each.z.tobytes() == z, kept=True)
            for each in bookmarks
        ]
        visits = [
            Place(visit.number, f"-{back}", visit.z, here=visit.z.tobytes() == z)
            for back, visit in enumerate(reversed(exploration.history.visits), start=1)
        ]
        return [*kept, *visits]

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """Thumbnails of places without one."""
        if tiles.exploration is self._work.exploration:
            self._filmstrip.take(tiles)


def _label(name: str) -> str:
    """A bookmark's name where there is little room for it."""
    return f"▣ {name.removeprefix('bookmark ')}"
