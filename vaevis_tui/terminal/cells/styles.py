"""Ways to draw images with characters: which characters, how many pixels each shows, in which colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.ascii import GRID, characters
from vaevis_tui.terminal.cells.cells import GlyphCells, glyph_cells, whole_cells
from vaevis_tui.terminal.cells.glyphs import Glyphs
from vaevis_tui.terminal.cells.halfblock import halves, quantized
from vaevis_tui.terminal.cells.stream import CellStream, Positions, encode_cells, encode_glyphs
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.sgr import sgr_colors, sixteen_colors
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import Quality, ladder, reduce
from vaevis_tui.terminal.surface import Halves

_Indices = NDArray[np.intp]
At = tuple[int, int] | None
"""Row and column of the screen that an image begins at, from 0; None is where the cursor is."""


class Cells(Protocol):
    """An image as cells, before it is written."""

    @property
    def shown(self) -> Pixels:
        """Every pixel as the terminal shows it, uint8 (h, w, 3)."""
        ...

    @property
    def halves(self) -> Halves:
        """What the halves of each cell look like."""
        ...

    def stream(self, where: _Indices, at: At, limit: int | None = None) -> CellStream:
        """Some of the cells, anywhere on the screen.

        Args:
            where: Which, (n,), numbers of cells counted row by row, rising.
            at: Row and column of the screen that the image begins at; None writes one cell after the other
                where the cursor is.
            limit: Bytes to stop at, or None.
        """
        ...


class CellStyle(Protocol):
    """A way to draw images with characters."""

    @property
    def grid(self) -> tuple[int, int]:
        """Pixels in a cell: rows, columns."""
        ...

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """The qualities that images can be drawn in, the best first."""
        ...

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> Cells:
        """An image, uint8 (h, w, 3), as cells; background fills those that it does not."""
        ...


def _on_screen(where: _Indices, columns: int, at: At) -> Positions | None:
    if at is None:
        return None
    rows, inside = np.divmod(where, columns)
    return rows + at[0], inside + at[1]


def _at_depth(mode: ColorMode, quality: Quality) -> ColorMode:
    """The colours of a quality on a terminal of a mode: the fewer of the two."""
    return replace(mode, depth=quality.depth) if mode.depth is ColorDepth.TRUECOLOR else mode


@dataclass(frozen=True)
class _HalfCells:
    """Half-blocks: the numbers that name the colour of each pixel, (h, w, c), and what is shown."""

    codes: NDArray[np.uint8]
    shown: Pixels
    depth: ColorDepth

    @property
    def halves(self) -> Halves:
        return halves(self.shown)

    def stream(self, where: _Indices, at: At, limit: int | None = None) -> CellStream:
        columns = self.shown.shape[1]
        by_channel = np.moveaxis(self.codes, -1, 0)
        upper, lower = (by_channel[:, half::2].reshape(len(by_channel), -1)[:, where] for half in (0, 1))
        return encode_cells(_on_screen(where, columns, at), upper, lower, self.depth, limit)


@dataclass(frozen=True)
class HalfBlocks:
    """Two pixels a cell, one above the other, in colours of their own: every image is exact.

    Attributes:
        mode: The colours that the terminal draws.
    """

    mode: ColorMode

    grid = (2, 1)

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """As for any style."""
        return ladder(self.mode)

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> _HalfCells:
        """As for any style."""
        mode = _at_depth(self.mode, quality)
        pixels = reduce(whole_cells(pixels, self.grid, background), quality)
        dithers = mode.depth is ColorDepth.PALETTE and not quality.tolerance
        return _HalfCells(*quantized(pixels, mode, dithers=dithers), mode.depth)


@dataclass(frozen=True)
class _Patterns:
    """Cells of characters that stand for patterns, what they show being made once."""

    cells: GlyphCells

    @cached_property
    def shown(self) -> Pixels:
        return self.cells.shown

    @property
    def halves(self) -> Halves:
        return self.cells.halves

    def stream(self, where: _Indices, at: At, limit: int | None = None) -> CellStream:
        cells = self.cells
        columns = cells.patterns.shape[1]
        foreground, background = (
            codes.reshape(-1, codes.shape[-1])[where].T for codes in (cells.foreground, cells.background)
        )
        words = cells.words.reshape(-1)[where]
        return encode_glyphs(
            _on_screen(where, columns, at), words, foreground, background, cells.colors, limit
        )


@dataclass(frozen=True)
class Patterns:
    """Several pixels a cell in two colours; see `vaevis_tui.terminal.cells.cells`.

    Attributes:
        glyphs: The characters.
        mode: The colours that the terminal draws.
    """

    glyphs: Glyphs
    mode: ColorMode

    @property
    def grid(self) -> tuple[int, int]:
        """As for any style."""
        return self.glyphs.rows, self.glyphs.columns

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """As for any style."""
        return ladder(self.mode)

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> _Patterns:
        """As for any style."""
        pixels = reduce(whole_cells(pixels, self.grid, background), quality, self.grid)
        return _Patterns(glyph_cells(pixels, self.glyphs, sgr_colors(_at_depth(self.mode, quality))))


_WHITE, _BLACK = 15, 0
"""Of the sixteen colours, which all terminals have that have any."""


@dataclass(frozen=True)
class _CharacterCells:
    """Characters in white on black: the code of each, and the grey it stands for, (rows, columns)."""

    codes: NDArray[np.uint8]
    greys: NDArray[np.uint8]

    @property
    def shown(self) -> Pixels:
        return self.greys.repeat(2, axis=0)[..., None].repeat(3, axis=2)

    @property
    def halves(self) -> Halves:
        return np.broadcast_to(self.greys[..., None, None], (*self.greys.shape, 2, 3))

    def stream(self, where: _Indices, at: At, limit: int | None = None) -> CellStream:
        words = self.codes.astype(np.uint32).reshape(-1)[where]
        white, black = (np.full((1, len(where)), color, np.uint8) for color in (_WHITE, _BLACK))
        place = _on_screen(where, self.codes.shape[1], at)
        return encode_glyphs(place, words, white, black, sixteen_colors(), limit)


@dataclass(frozen=True)
class Characters:
    """ASCII characters, white on black: for screens without block elements."""

    grid = GRID
    ladder = (Quality("exact"),)

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> _CharacterCells:
        """As for any style."""
        return _CharacterCells(*characters(pixels, background))
