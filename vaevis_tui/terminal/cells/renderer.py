"""Characters as a medium: which pixels of a picture they show, and where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from vaevis_tui.terminal.cells import glyphs
from vaevis_tui.terminal.cells.placement import CellPlacement, fit_cells, resample_cells
from vaevis_tui.terminal.cells.styles import CellStyle, Characters, HalfBlocks, Patterns
from vaevis_tui.terminal.cells.surface import CellSurface
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.encoder import Pixels
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.placement import Placement, fit, resample
from vaevis_tui.terminal.surface import Place, Surface

_GLYPHS = {
    Graphics.OCTANT: glyphs.OCTANTS,
    Graphics.SEXTANT: glyphs.SEXTANTS,
    Graphics.QUADRANT: glyphs.QUADRANTS,
    Graphics.BRAILLE: glyphs.BRAILLE,
}


@dataclass(frozen=True)
class CellMedium:
    """Images of characters.

    Attributes:
        graphics: Which.
        style: How they are drawn.
    """

    graphics: Graphics
    style: CellStyle

    @property
    def fallback(self) -> CellMedium:
        """Itself."""
        return self

    def place(self, height: int, width: int, columns: int, rows: int) -> Place:
        """As for any medium. A cell is taken to be twice as high as wide."""
        if self.style.grid == (2, 1):
            return fit(height, width, columns, rows)
        return fit_cells(height, width, columns, rows, self.style.grid)

    def pixels(self, picture: Pixels, place: Place) -> Pixels:
        """As for any medium."""
        if isinstance(place, CellPlacement):
            return resample_cells(picture, place)
        assert isinstance(place, Placement)
        return resample(picture, place)

    def surface(self, place: Place, image_id: int = 0) -> Surface:
        """As for any medium."""
        return CellSurface(self.style, place.rows, place.columns)

    def still(self, picture: Pixels, columns: int, rows: int) -> str:
        """As for any medium."""
        height, width, _ = picture.shape
        place = self.place(height, width, columns, rows)
        rendered = self.style.render(self.pixels(picture, place), self.style.ladder[0], (0, 0, 0))
        return "".join(f"{row}\n" for row in rendered.rows()[0])


@lru_cache(maxsize=16)
def cell_renderer(graphics: Graphics, colors: ColorMode) -> CellMedium:
    """A kind of characters in the colours that a terminal draws.

    Raises:
        ValueError: They are no characters, but dots.
    """
    style: CellStyle
    if graphics is Graphics.HALF and colors.depth is ColorDepth.SIXTEEN:
        style = Patterns(glyphs.HALVES, colors)  # which dithers
    elif graphics is Graphics.HALF:
        style = HalfBlocks(colors)
    elif graphics is Graphics.ASCII:
        style = Characters()
    elif graphics in _GLYPHS:
        style = Patterns(_GLYPHS[graphics], colors)
    else:
        raise ValueError(f"{graphics} is drawn in dots")
    return CellMedium(graphics, style)
