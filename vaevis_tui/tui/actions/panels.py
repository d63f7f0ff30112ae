"""Which panels are open beside the image, who has the arrows, and the tiles that panels are made of."""

from __future__ import annotations

from vaevis_tui.explorer import effects
from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.effects import EffectProbe
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.model_notes import EncoderNoted, learn_encoder_note
from vaevis_tui.tui.actions.base import ExplorerBase
from vaevis_tui.tui.layout import Panels
from vaevis_tui.tui.panels import map_panel, strip_panel

ROOMY = 150, 45
"""Columns and rows of a window from which strip and map are open at first: the image loses little by them."""


class PanelActions(ExplorerBase):
    """Strip, map and details: opened and closed by keys."""

    map_focused = False
    """Whether arrows move in the map."""
    _strip_open = _map_open = _details_open = False
    _notes_of: Exploration | None = None
    """The model whose notes are in the details."""

    @property
    def _panels(self) -> Panels:
        rows = len(self._exploration.axis_set) if self._exploration else 1
        return Panels(
            rows,
            strip=self._strip_open,
            map=self._map_open,
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
        self._focus_map(dimensions == 2)

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
        if self._map_open and not self.map_focused:
            self._focus_map(True)
            return
        self._map_open = not self._map_open
        self._focus_map(self._map_open)
        self._arrange()

    def action_leave_map(self) -> None:
        """Give the arrows back to the rows."""
        self._focus_map(False)

    def action_next_plane(self) -> None:
        """Show another plane on the map."""
        if self._map_open:
            self._map.next_plane()
        else:
            self.action_map()

    def _focus_map(self, focused: bool) -> None:
        self.map_focused = focused
        self.set_class(focused, "-map-focused")

    # Tiles

    _effects: EffectProbe

    def _follow_with_panels(self, *, moving: bool = False) -> None:
        """Show on strip and map where one is, and find out what the rows do."""
        exploration = self._exploration
        if exploration is None:
            return
        if self._effects.begin(exploration):
            self._show_point()
        if self._strip_open:
            self._strip.show(exploration)
        if self._map_open:
            self._map.show(exploration, moving=moving)
        self._learn_notes()

    def _take_tiles(self, tiles: TilesDecoded) -> None:
        if tiles.exploration is not self._exploration:
            return
        if tiles.owner == strip_panel.OWNER:
            self._strip.take(tiles.ticket, tiles.start, tiles.images)
        elif tiles.owner == map_panel.OWNER:
            self._map.take(tiles.ticket, tiles.start, tiles.images)
        elif tiles.owner == effects.OWNER and self._effects.take(tiles.ticket, tiles.images):
            self._show_point()
            self._follow_with_panels()  # another row may be selected

    def _repaint_panels(self) -> None:
        """Make the panels anew, for other graphics."""
        self._strip.repaint()
        self._map.repaint()
