"""All actions of the explorer, each given what it needs, and what concerns several of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.app import SystemCommand

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.tui.actions.arrows import Arrows
from vaevis_tui.tui.actions.image import compare
from vaevis_tui.tui.actions.image.compare import CompareActions
from vaevis_tui.tui.actions.image.crop import CropActions
from vaevis_tui.tui.actions.image.picture_search import PictureSearch
from vaevis_tui.tui.actions.image.pictures import PictureActions
from vaevis_tui.tui.actions.panels import PanelActions
from vaevis_tui.tui.actions.point import examples, journeys
from vaevis_tui.tui.actions.point.directions import DirectionActions
from vaevis_tui.tui.actions.point.examples import ExampleActions
from vaevis_tui.tui.actions.point.filmstrip import FilmstripActions
from vaevis_tui.tui.actions.point.journeys import JourneyActions
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.point.points import PointActions
from vaevis_tui.tui.actions.point.rows import FindRow, MapArrows, RowActions
from vaevis_tui.tui.actions.point.walk import WalkActions
from vaevis_tui.tui.actions.program.exports import ExportActions
from vaevis_tui.tui.actions.program.graphics import GraphicsActions
from vaevis_tui.tui.actions.program.models import ModelActions
from vaevis_tui.tui.actions.program.program import ProgramActions
from vaevis_tui.tui.actions.program.snapshots import SnapshotActions
from vaevis_tui.tui.actions.program.status import Judgement
from vaevis_tui.tui.actions.prompts import Prompts
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.panels import filmstrip_panel


class Actions:
    """The actions by subject.

    Args:
        work: What they work on.
        on_background: Called when the terminal has said which background it has.
    """

    def __init__(self, work: Workspace, on_background: Callable[[Reply], None]) -> None:
        self._work = work
        self._on_background = on_background
        self.prompts = Prompts(work)
        self.panels = PanelActions(work)
        self.keepsakes = KeepsakeActions(work)
        self.points = PointActions(work)
        self.rows = RowActions(work)
        self.find_row = FindRow(work, self.prompts)
        self.directions = DirectionActions(work, self.keepsakes, self.prompts)
        self.examples = ExampleActions(work, self.keepsakes)
        self.filmstrip = FilmstripActions(work, self.panels, self.keepsakes)
        self.journeys = JourneyActions(work, self.keepsakes, self._free_arrows)
        self.search = PictureSearch(work, self._search_ended)
        self.walk = WalkActions(work, self.journeys.player, lambda: self.search.running)
        self.compare = CompareActions(work, self.keepsakes)
        self.crop = CropActions(work, self.compare, self.search.go_to, self._free_arrows)
        self.pictures = PictureActions(
            work, self.keepsakes, self.prompts, self.compare, self.crop, self.search
        )
        self.exports = ExportActions(work, self.panels, self.keepsakes, self.prompts)
        self.graphics = GraphicsActions(work, self._take_reply)
        self.snapshots = SnapshotActions(work, self.graphics)
        self.models = ModelActions(work, self.panels, self._search_first, self.walk.start_first)
        self.judgement = Judgement(work)
        self.program = ProgramActions(work)
        map_arrows = MapArrows(work, self.panels)
        self.arrows = Arrows((self.crop, self.filmstrip, self.journeys, map_arrows, self.rows, self.walk))
        self._take_tiles_of = {
            filmstrip_panel.OWNER: self.filmstrip.take_tiles,
            journeys.OWNER: self.journeys.take_tiles,
            compare.OWNER: self.compare.take_tiles,
            examples.OWNER: self.examples.take_tiles,
        }

    # What goes on

    @property
    def text(self) -> str:
        """What goes on by itself or waits for keys, for the status line; empty if nothing does."""
        going_on = (self.exports, self.crop, self.pictures, self.search, self.journeys, self.walk)
        return next((each.text for each in going_on if each.text), "")

    @property
    def arrows_in(self) -> str:
        """What the arrows move in, for the hints."""
        return "crop" if self.crop.text else self.panels.arrows

    def cancel(self) -> None:
        """Cancel one thing that goes on; if nothing does, give the arrows back to the rows."""
        if not any(each.cancel() for each in (self.exports, self.crop, self.pictures, self.search)):
            self._release_arrows()

    def _free_arrows(self) -> None:
        self.crop.cancel()
        self._release_arrows()
        self.search.cancel()

    def _release_arrows(self) -> None:
        if self.panels.arrows != "filmstrip":
            self.journeys.end()
        self.panels.give_arrows("rows")

    def _search_first(self, exploration: Exploration) -> None:
        picture = self._work.settings.picture
        if picture is not None:
            self.search.begin(exploration, picture)

    def _search_ended(self) -> None:
        self.walk.search_ended()

    def close(self) -> None:
        """Stop background jobs."""
        self.search.close()
        self.pictures.close()
        self.exports.close()

    # What the panels show

    def follow_point(self, *, moving: bool = False) -> None:
        """Show in the panels where the point is."""
        self.panels.follow(moving=moving)
        self.compare.follow()
        self.filmstrip.follow()

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """Pass on images that were requested."""
        self._take_tiles_of.get(tiles.owner, self.panels.take_tiles)(tiles)

    # What else comes

    def paste(self, text: str) -> bool:
        """Open pictures, or go to a latent vector; returns whether there were pictures."""
        pasted = self.pictures.paste(text)
        if not pasted:
            self.points.paste(text)
        return pasted

    def _take_reply(self, reply: Reply) -> None:
        if reply.kind is ReplyKind.BACKGROUND:
            self._on_background(reply)
        elif reply.kind is ReplyKind.CLIPBOARD_WRITTEN:
            self.snapshots.take_answer(reply)

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers and no key does: a model by its name, a renderer by its name."""
        yield from self.models.commands()
        yield from self.graphics.commands()
        yield from self.snapshots.commands()
