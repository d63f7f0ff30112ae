"""Which panels are open beside the image, who has the arrows, and what the panels show."""

from __future__ import annotations

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.effects import EffectProbe
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.model_notes import EncoderNoted, learn_encoder_note
from vaevis_tui.tui.actions.base import ArrowOwner
from vaevis_tui.tui.actions.compare import CompareActions
from vaevis_tui.tui.actions.filmstrip import FilmstripActions
from vaevis_tui.tui.layout import Panels

ROOMY = 150, 45
"""Columns and rows of a window from which strip and map are open at first: the image loses little by them."""


class PanelActions(FilmstripActions, CompareActions):
    """Strip, map, filmstrip and details: opened and closed by keys."""

    arrows: ArrowOwner = "rows"
    """What the arrows move in."""
    _effects: EffectProbe
    _notes_of: Exploration | None = None
    """The model whose notes are in the details."""

    @property
    def _panels(self) -> Panels:
        rows = len(self._exploration.axis_set) if self._exploration else 1
        return Panels(
            rows,
            strip=self._strip_open,
            map=self._map_open,
            filmstrip=self._filmstrip_open,
            places=bool(self._filmstrip.places),
            details=self._details_open,
            notes=len(self._details.note_lines(self.app.size.width)),
        )

    def _open_panels(self, exploration: Exploration) -> None:
        """Open what the settings say, or has room; two dimensions are a map, which has the arrows."""
        width, height = self.app.size
        roomy = width >= ROOMY[0] and height >= ROOMY[1]
        dimensions = exploration.bundle.latent_dim
        chosen = self._settings.panels
        self._strip_open = roomy if chosen is None else "strip" in chosen
        self._map_open = dimensions == 2 or (roomy and dimensions > 1 if chosen is None else "map" in chosen)
        self._details_open = chosen is not None and "details" in chosen
        self._filmstrip_open = chosen is not None and "filmstrip" in chosen
        self._give_arrows("map" if dimensions == 2 else "rows")

    def action_strip(self) -> None:
        """Open or close the strip."""
        self._strip_open = not self._strip_open
        self._arrange()

    def action_details(self) -> None:
        """Open or close the statistics."""
        self._details_open = not self._details_open
        self._arrange()
        self._learn_notes()

    def _learn_notes(self) -> None:
        """Show in the details what is noted of the model; of its encoder that is yet to be found out."""
        exploration = self._exploration
        if exploration is None or not self._details_open or exploration is self._notes_of:
            return
        self._notes_of = exploration
        self._details.notes = exploration.bundle.notes
        self._arrange()
        learn_encoder_note(exploration, self._post_event)

    def _take_note(self, noted: EncoderNoted) -> None:
        if noted.exploration is self._exploration:
            self._details.notes = (*noted.exploration.bundle.notes, noted.note)
            self._arrange()

    def action_map(self) -> None:
        """Open the map and give it the arrows; close it if it has them."""
        if self._exploration is None:
            return
        if self._exploration.bundle.latent_dim < 2:
            self.say("A map needs at least two dimensions")
            return
        if self._map_open and self.arrows != "map":
            self._give_arrows("map")
            return
        self._map_open = not self._map_open
        self._give_arrows("map" if self._map_open else "rows")
        self._arrange()

    def action_filmstrip(self) -> None:
        """Open the filmstrip and give it the arrows; close it if it has them."""
        if self._filmstrip_open and self.arrows != "filmstrip":
            self._give_arrows("filmstrip")
            return
        self._filmstrip_open = not self._filmstrip_open
        self._give_arrows("filmstrip" if self._filmstrip_open else "rows")
        self._arrange()

    def action_next_plane(self) -> None:
        """Show another plane on the map."""
        if self._map_open:
            self._map.next_plane()
        else:
            self.action_map()

    def _give_arrows(self, to: ArrowOwner) -> None:
        self.arrows = to
        self.set_class(to == "map", "-map-focused")
        self.set_class(to == "filmstrip", "-filmstrip-focused")
        if self._filmstrip.has_arrows is not (to == "filmstrip"):
            self._filmstrip.has_arrows = to == "filmstrip"
            self._filmstrip.move(0)

    # What they show

    def _follow_with_panels(self, *, moving: bool = False) -> None:
        """Show on every open panel where one is, and find out what the rows do."""
        exploration = self._exploration
        if exploration is None:
            return
        if self._effects.begin(exploration):
            self._show_point()
        if self._strip_open:
            self._strip.show(exploration)
        if self._map_open:
            self._map.show(exploration, moving=moving)
        if self._filmstrip_open:
            self._show_places(exploration)
        self._show_reference()
        self._learn_notes()

    def _take_effects(self, tiles: TilesDecoded) -> None:
        if self._effects.take(tiles.ticket, tiles.images):
            self._show_point()
            self._follow_with_panels()  # another row may be selected

    def _repaint_panels(self) -> None:
        """Make the panels anew, for other graphics."""
        self._strip.repaint()
        self._map.repaint()
        self._filmstrip.repaint()
