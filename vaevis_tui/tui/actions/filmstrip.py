"""The filmstrip by keys and pointer: opened, stepped through, gone from."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions
from vaevis_tui.tui.layout import Panels
from vaevis_tui.tui.panels import filmstrip_panel
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel, Place


class FilmstripActions(KeepsakeActions):
    """While the filmstrip has the arrows, they move its cursor, and Enter goes there."""

    _filmstrip: FilmstripPanel
    _filmstrip_open = False
    _filmstrip_of: Exploration | None = None

    @property
    def _panels(self) -> Panels:
        return replace(super()._panels, filmstrip=self._filmstrip_open, places=bool(self._filmstrip.places))

    def _open_panels(self, exploration: Exploration) -> None:
        super()._open_panels(exploration)
        self._filmstrip_open = "filmstrip" in (self._settings.panels or ())

    def action_filmstrip(self) -> None:
        """Open the filmstrip and give it the arrows; close it if it has them."""
        if self._filmstrip_open and not self._filmstrip.has_arrows:
            self._focus_filmstrip(True)
            return
        self._filmstrip_open = not self._filmstrip_open
        self._focus_filmstrip(self._filmstrip_open)
        self._arrange()

    def _focus_filmstrip(self, focused: bool) -> None:
        if focused:
            self._focus_map(False)
        if focused != self._filmstrip.has_arrows:
            self._filmstrip.has_arrows = focused
            self.set_class(focused, "-filmstrip-focused")
            self._filmstrip.move(0)

    def _focus_map(self, focused: bool) -> None:
        if focused:
            self._focus_filmstrip(False)
        super()._focus_map(focused)

    def action_leave_map(self) -> None:
        """Give the arrows back to the rows."""
        self._focus_filmstrip(False)
        super().action_leave_map()

    def action_nudge(self, sigmas: float) -> None:
        """Move along the selected row; in the filmstrip, move its cursor."""
        if self._filmstrip.has_arrows:
            self._filmstrip.move(1 if sigmas > 0 else -1)
        else:
            super().action_nudge(sigmas)

    def action_select_end(self, end: int) -> None:
        """Move the selection to the first or last row; in the filmstrip, its cursor."""
        if self._filmstrip.has_arrows:
            self._filmstrip.move(end * len(self._filmstrip.places))
        else:
            super().action_select_end(end)

    def action_ask_value(self) -> None:
        """Type a value for the selected row; in the filmstrip, go to the place under its cursor."""
        if self._filmstrip.has_arrows:
            self._filmstrip.choose()
        else:
            super().action_ask_value()

    @on(FilmstripPanel.Chosen)
    def _go_to_place(self, message: FilmstripPanel.Chosen) -> None:
        key, z = message.place.key, message.place.z

        def go(exploration: Exploration) -> None:
            if not (isinstance(key, int) and exploration.go_to_visit(key)):
                exploration.go_to(z)

        self._change(go)

    def _follow_with_panels(self, *, moving: bool = False) -> None:
        super()._follow_with_panels(moving=moving)
        exploration = self._exploration
        if exploration is None or not self._filmstrip_open:
            return
        if exploration is not self._filmstrip_of:
            self._filmstrip_of = exploration
            self._filmstrip.clear()
        bundle = exploration.bundle
        empty = not self._filmstrip.places
        self._filmstrip.show(self._places_of(exploration), (bundle.image_height, bundle.image_width))
        if empty is bool(self._filmstrip.places):
            self._arrange()  # a line says how places come there while there is none

    def _places_of(self, exploration: Exploration) -> list[Place]:
        """Bookmarks, oldest first, then where one was, the latest first."""
        keepsakes, z = self._keepsakes, exploration.point.tobytes()
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

    def _take_tiles(self, tiles: TilesDecoded) -> None:
        if tiles.owner == filmstrip_panel.OWNER and tiles.exploration is self._exploration:
            self._filmstrip.take(tiles.ticket, tiles.start, tiles.images)
        else:
            super()._take_tiles(tiles)

    def _repaint_panels(self) -> None:
        super()._repaint_panels()
        self._filmstrip.repaint()


def _label(name: str) -> str:
    """A bookmark's name where there is little room for it."""
    return f"▣ {name.removeprefix('bookmark ')}"
