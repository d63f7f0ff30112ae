"""Characters as a renderer: which pixels of an image they show, and where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vaevis_tui.terminal.cells import glyphs
from vaevis_tui.terminal.cells.ascii import Characters
from vaevis_tui.terminal.cells.halfblock import HalfBlocks
from vaevis_tui.terminal.cells.patterns import Patterns
from vaevis_tui.terminal.cells.styles import CellStyle
from vaevis_tui.terminal.cells.surface import CellSurface
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.pixels import Pixels
from vaevis_tui.terminal.placement import HALVES, Placement, fit, resample
from vaevis_tui.terminal.surface import Surface

_GLYPHS = {
    Graphics.OCTANT: glyphs.OCTANTS,
    Graphics.SEXTANT: glyphs.SEXTANTS,
    Graphics.QUADRANT: glyphs.QUADRANTS,
    Graphics.BRAILLE: glyphs.BRAILLE,
}


@dataclass(frozen=True)
class CellRenderer:
    """Images of characters.

    Attributes:
        graphics: Which.
        style: How they are drawn.
    """

    graphics: Graphics
    style: CellStyle

    @property
    def fallback(self) -> CellRenderer:
        """Itself."""
        return self

    @property
    def cell(self) -> tuple[int, int]:
        """As for any renderer: what images of characters are placed by, whatever the terminal's font."""
        return HALVES

    def most(self, columns: int, rows: int) -> tuple[int, int]:
        """As for any renderer: all."""
        return columns, rows

    def place(self, height: int, width: int, columns: int, rows: int) -> Placement:
        """As for any renderer."""
        return fit(height, width, columns, rows, self.style.grid)

    def pixels(self, image: Pixels, place: Placement) -> Pixels:
        """As for any renderer."""
        return resample(image, place.height, place.width)

    def surface(self, place: Placement, image_id: int = 0) -> Surface:
        """As for any renderer."""
        return CellSurface(self.style, place.rows, place.columns)

    def still(self, image: Pixels, columns: int, rows: int) -> str:
        """As for any renderer. A line ends with all attributes reset."""
        height, width, _ = image.shape
        place = self.place(height, width, columns, rows)
        cells = self.style.render(self.pixels(image, place), self.style.ladder[0], (0, 0, 0))
        lines = np.arange(place.rows * place.columns).reshape(place.rows, place.columns)
        return "".join(f"{cells.stream(line, None).text}\x1b[0m\n" for line in lines)


@lru_cache(maxsize=16)
def cell_renderer(graphics: Graphics, colors: ColorMode) -> CellRenderer:
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
        raise ValueError(f"{graphics} is drawn in pixels, not in cells")
    return CellRenderer(graphics, style)
