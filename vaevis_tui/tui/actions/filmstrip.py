"""The places on the filmstrip: bookmarks and where one was, gone to by key or pointer."""

from __future__ import annotations

from textual import on

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel, Place


class FilmstripActions(KeepsakeActions):
    """What the filmstrip shows, and going there."""

    _filmstrip_of: Exploration | None = None

    @on(FilmstripPanel.Chosen)
    def _go_to_place(self, message: FilmstripPanel.Chosen) -> None:
        key, z = message.place.key, message.place.z

        def go(exploration: Exploration) -> None:
            if not (isinstance(key, int) and exploration.go_to_visit(key)):
                exploration.go_to(z)

        self._change(go)

    def _show_places(self, exploration: Exploration) -> None:
        """Show bookmarks and where one was."""
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


def _label(name: str) -> str:
    """A bookmark's name where there is little room for it."""
    return f"▣ {name.removeprefix('bookmark ')}"
