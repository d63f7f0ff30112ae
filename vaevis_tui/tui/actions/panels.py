"""Which panels are open beside the image, who has the arrows, and the tiles that panels are made of."""

from __future__ import annotations

from typing import Literal

from vaevis_tui.explorer import effects
from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.effects import EffectProbe
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.model_notes import EncoderNoted, learn_encoder_note
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.layout import Panels
from vaevis_tui.tui.panels import map_panel, strip_panel

ROOMY = 150, 45
"""Columns and rows of a window from which strip and map are open at first: the image loses little by them."""


class PanelActions:
    """Strip, map, filmstrip and details: opened and closed by keys."""

    def __init__(self, work: Workspace) -> None:
        self._work = work
        self._effects = EffectProbe(work.request_tiles)
        self._notes_of: Exploration | None = None
        """The model whose notes are in the details."""
        self.arrows: Literal["rows", "map", "filmstrip"] = "rows"
        """What the arrows move in."""
        self.strip_open = self.map_open = self.details_open = self.filmstrip_open = False

    @property
    def shown(self) -> Panels:
        """What is open, for the layout."""
        exploration, widgets = self._work.exploration, self._work.widgets
        return Panels(
            len(exploration.axis_set) if exploration else 1,
            strip=self.strip_open,
            map=self.map_open,
            details=self.details_open,
            filmstrip=self.filmstrip_open,
            notes=len(widgets.details.note_lines(self._work.screen.app.size.width)),
            places=bool(widgets.filmstrip.places),
        )

    def open_first(self, exploration: Exploration) -> None:
        """Open what the settings say, or has room; two dimensions are a map, which has the arrows."""
        width, height = self._work.screen.app.size
        roomy = width >= ROOMY[0] and height >= ROOMY[1]
        dimensions = exploration.bundle.latent_dim
        chosen = self._work.settings.panels
        self.strip_open = roomy if chosen is None else "strip" in chosen
        self.map_open = dimensions == 2 or (roomy and dimensions > 1 if chosen is None else "map" in chosen)
        self.details_open = chosen is not None and "details" in chosen
        self.filmstrip_open = chosen is not None and "filmstrip" in chosen
        if dimensions == 2:
            self.give_arrows("map")

    def give_arrows(self, to: Literal["rows", "map", "filmstrip"]) -> None:
        """Let the arrows move in another panel."""
        if to == self.arrows:
            return
        self.arrows = to
        screen, filmstrip = self._work.screen, self._work.widgets.filmstrip
        screen.set_class(to == "map", "-map-focused")
        screen.set_class(to == "filmstrip", "-filmstrip-focused")
        if filmstrip.has_arrows != (to == "filmstrip"):
            filmstrip.has_arrows = to == "filmstrip"
            filmstrip.move(0)
        self._work.follow_motion()  # the hints follow

    # Keys

    def toggle_strip(self) -> None:
        """Open or close the strip."""
        self.strip_open = not self.strip_open
        self._work.lay_out()

    def toggle_details(self) -> None:
        """Open or close the statistics."""
        self.details_open = not self.details_open
        self._work.lay_out()
        self._learn_notes()

    def toggle_map(self) -> None:
        """Open the map and give it the arrows; close it if it has them."""
        exploration = self._work.exploration
        if exploration is None:
            return
        if exploration.bundle.latent_dim < 2:
            self._work.say("A map needs at least two dimensions")
            return
        if self.map_open and self.arrows != "map":
            self.give_arrows("map")
            return
        self.map_open = not self.map_open
        self.give_arrows("map" if self.map_open else "rows")
        self._work.lay_out()

    def next_plane(self) -> None:
        """Show another plane on the map."""
        if self.map_open:
            self._work.widgets.map.next_plane()
        else:
            self.toggle_map()

    def toggle_filmstrip(self) -> None:
        """Open the filmstrip and give it the arrows; close it if it has them."""
        if self.filmstrip_open and self.arrows != "filmstrip":
            self.give_arrows("filmstrip")
            return
        self.filmstrip_open = not self.filmstrip_open
        self.give_arrows("filmstrip" if self.filmstrip_open else "rows")
        self._work.lay_out()

    # Notes

    def _learn_notes(self) -> None:
        """Show in the details what is noted of the model; of its encoder that is yet to be found out."""
        exploration = self._work.exploration
        if exploration is None or not self.details_open or exploration is self._notes_of:
            return
        self._notes_of = exploration
        self._work.widgets.details.notes = exploration.bundle.notes
        self._work.lay_out()
        learn_encoder_note(exploration, self._work.post_event)

    def take_note(self, noted: EncoderNoted) -> None:
        """Something was found out about a model's encoder."""
        if noted.exploration is self._work.exploration:
            self._work.widgets.details.notes = (*noted.exploration.bundle.notes, noted.note)
            self._work.lay_out()

    # Tiles

    def follow(self, *, moving: bool = False) -> None:
        """Show on strip and map where one is, and find out what the rows do."""
        exploration = self._work.exploration
        if exploration is None:
            return
        if self._effects.begin(exploration):
            self._work.show_point()
        if self.strip_open:
            self._work.widgets.strip.show(exploration)
        if self.map_open:
            self._work.widgets.map.show(exploration, moving=moving)
        self._learn_notes()

    def ask_again(self) -> None:
        """Have the panels ask anew for images that were dropped when a model was to be opened."""
        widgets = self._work.widgets
        self._effects.ask_again()
        for panel in (widgets.strip, widgets.map, widgets.filmstrip):
            panel.ask_again()
        self._work.follow_point()

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """Tiles of strip or map, or those that tell what the rows do."""
        if tiles.exploration is not self._work.exploration:
            return
        if tiles.owner == strip_panel.OWNER:
            self._work.widgets.strip.take(tiles)
        elif tiles.owner == map_panel.OWNER:
            self._work.widgets.map.take(tiles)
        elif tiles.owner == effects.OWNER and self._effects.take(tiles.ticket, tiles.images):
            self._work.show_point()
            self._work.follow_point()  # another row may be selected
