"""Live images that are put together from many decoded ones: their size, and how tiles are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import DecodeTimes, Latents
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.surface import Renderer

RequestTiles = Callable[[str, Latents, int], int]
"""Asks for images of latents (n, d): for whom, the latents, the priority. Returns the ticket, 0 for none."""

PIXELS_OF_PROTOCOLS = 8
"""Pixels a column of cells that a composed image has where the terminal shows pixels."""

_FINE_CELLS = frozenset({Graphics.OCTANT, Graphics.SEXTANT, Graphics.QUADRANT, Graphics.BRAILLE})


@dataclass(frozen=True, slots=True)
class ComposedFrame:
    """A frame for a `LiveImage` that no decoder made as a whole."""

    image: NDArray[np.uint8]
    times: DecodeTimes = field(default_factory=DecodeTimes)


def pixels_a_column(graphics: Graphics) -> int:
    """Pixels of a composed image that are worth making a column of cells."""
    if graphics in PROTOCOLS:
        return PIXELS_OF_PROTOCOLS
    return 2 if graphics in _FINE_CELLS else 1


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a composed image is painted on: of such proportions that it fills the cells that it can take.

    What stands in cells beside it, such as a line of labels, is thereby where its parts are.

    Attributes:
        left: Empty columns of cells left of it.
        columns: Columns of cells that it takes.
        scale: Pixels a column.
        height: In pixels.
    """

    left: int
    columns: int
    scale: int
    height: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.columns * self.scale

    def filled(self, color: RGB) -> Pixels:
        """An image of that size in one colour, uint8 (height, width, 3)."""
        return np.full((self.height, self.width, 3), color, np.uint8)


def canvas_in(renderer: Renderer, columns: int, rows: int) -> Canvas:
    """The canvas in a window of so many cells, each at least 1."""
    used, high = renderer.most(columns, rows)
    scale = pixels_a_column(renderer.graphics)
    height, width = renderer.cell
    return Canvas((columns - used) // 2, used, scale, max(round(high * scale * height / width), 1))


@dataclass(slots=True)
class TileRequest:
    """Tiles that were asked for and are on their way.

    Attributes:
        ticket: What they come with.
        indices: Which tile each image is, int (n,).
        came: How many have come.
    """

    ticket: int
    indices: NDArray[np.intp]
    came: int = 0

    @property
    def complete(self) -> bool:
        """Whether all have come."""
        return self.came >= len(self.indices)

    def take(self, start: int, count: int) -> NDArray[np.intp]:
        """A slice of images has come: which tiles they are."""
        self.came = start + count
        return self.indices[start : start + count]
