"""Images as characters that show several pixels in two colours: quadrants, sextants, octants, braille.

Which pixels of a cell take which colour is chosen so that the squared distance in RGB between image and
what is shown is least. The two colours are then the means of two groups of pixels, A and the rest. With
pixels as differences from the mean of the cell, and k of them, the error is least where
``|sum of A|^2 (1 / |A| + 1 / (k - |A|))`` is greatest. All ways to divide a cell are tried, 128 for eight
pixels: that takes 1.9 ms for a 128x128 image; dividing along the direction of greatest variance, which
does not always find the best, takes 1.6.

The brighter group is foreground: where an image lies on black, the background stays what it is from cell to
cell and need not be named again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.glyphs import Glyphs
from vaevis_tui.terminal.cells.stream import CellStream, encode_glyphs
from vaevis_tui.terminal.cells.styles import At, Indices, at_depth, on_screen, whole_cells
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.color.sgr import SgrColors, sgr_colors
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.quality import Quality, ladder, reduce
from vaevis_tui.terminal.surface import Halves

_Floats = NDArray[np.float32]

_WORTH_TWO_COLORS = 0.4
"""Squared error, summed over a cell, that a second colour must save; 0.5 if two pixels differ by one step."""


@dataclass(frozen=True)
class GlyphCells:
    """An image as cells: what each holds, and how its colours are named.

    Attributes:
        glyphs: The characters.
        patterns: Which of them each cell holds, (rows, columns).
        foreground: The numbers that name each foreground, uint8 (rows, columns, c).
        background: The same for the background.
        pairs: Foreground and background of each cell as shown, uint8 (rows, columns, 2, 3).
        colors: How they are named.
    """

    glyphs: Glyphs
    patterns: NDArray[np.intp]
    foreground: NDArray[np.uint8]
    background: NDArray[np.uint8]
    pairs: NDArray[np.uint8]
    colors: SgrColors

    @property
    def words(self) -> NDArray[np.uint32]:
        """What each cell holds, UTF-8 as `sgr.word`, (rows, columns)."""
        words: NDArray[np.uint32] = self.glyphs.words[self.patterns]
        return words

    @cached_property
    def shown(self) -> Pixels:
        """Every pixel as the terminal shows it, uint8 (h, w, 3)."""
        height, width = self.patterns.shape
        down, across = self.glyphs.rows, self.glyphs.columns
        shown = np.empty((height * down, width * across, 3), np.uint8)
        foreground, background = self.pairs[:, :, 0], self.pairs[:, :, 1]
        for bit in range(self.glyphs.pixels):
            inked = (self.patterns >> bit & 1).astype(np.bool_)[..., None]
            shown[bit // across :: down, bit % across :: across] = np.where(inked, foreground, background)
        return shown

    @property
    def halves(self) -> Halves:
        """What the upper and the lower half of each cell look like, uint8 (rows, columns, 2, 3)."""
        return _halves(self.pairs, _cover(self.glyphs)[self.patterns])

    def stream(self, where: Indices, at: At, limit: int | None = None) -> CellStream:
        """As for any cells."""
        columns = self.patterns.shape[1]
        foreground, background = (
            codes.reshape(-1, codes.shape[-1])[where].T for codes in (self.foreground, self.background)
        )
        words = self.words.reshape(-1)[where]
        place = on_screen(where, columns, at)
        return encode_glyphs(place, words, foreground, background, self.colors, limit)


@dataclass(frozen=True)
class Patterns:
    """Several pixels a cell, in two colours.

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

    def render(self, pixels: Pixels, quality: Quality, background: RGB) -> GlyphCells:
        """As for any style."""
        pixels = reduce(whole_cells(pixels, self.grid, background), quality, self.grid)
        return glyph_cells(pixels, self.glyphs, sgr_colors(at_depth(self.mode, quality)))


def glyph_cells(pixels: Pixels, glyphs: Glyphs, colors: SgrColors, background: RGB = (0, 0, 0)) -> GlyphCells:
    """Choose what each cell holds.

    Args:
        pixels: The image, uint8 (h, w, 3).
        glyphs: The characters, one of `vaevis_tui.terminal.cells.glyphs`.
        colors: How colours are named.
        background: What shows where the last cells reach beyond the image.

    Raises:
        ValueError: The pixels have another shape or type, or there are none.
    """
    grid = glyphs.rows, glyphs.columns
    pixels = whole_cells(pixels, grid, background)
    height, width = len(pixels) // glyphs.rows, pixels.shape[1] // glyphs.columns
    patterns, means = split(_by_cell(pixels, grid))
    patterns = patterns.reshape(height, width)
    # Foregrounds and backgrounds in rows of their own: dithering gives each a threshold of its own.
    pairs = means.reshape(2, height, width, 3).swapaxes(0, 1)
    codes, shown = colors.quantize(pairs.reshape(2 * height, width, 3))
    patterns[(shown[0::2] == shown[1::2]).all(axis=-1)] = 0  # two colours may have become one
    pairs = shown.reshape(height, 2, width, 3).swapaxes(1, 2)
    return GlyphCells(glyphs, patterns, codes[0::2], codes[1::2], pairs, colors)


def _by_cell(pixels: Pixels, grid: tuple[int, int]) -> _Floats:
    """The pixels as (3, k, n): channel, place in the cell, cell. NumPy is fast on a long last axis."""
    rows_, columns = grid
    height, width = len(pixels) // rows_, pixels.shape[1] // columns
    by_cell = pixels.reshape(height, rows_, width, columns, 3).transpose(4, 1, 3, 0, 2)
    return by_cell.reshape(3, rows_ * columns, height * width).astype(np.float32)


def split(cells: _Floats) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Divide the pixels of each cell in two groups, such that the squared error of their means is least.

    Args:
        cells: Values of 0 to 255, float32 (3, k, n): channel, place in the cell, cell; k up to 8.

    Returns:
        Patterns, (n,): bit i is set where pixel i is in the brighter group; 0 where one colour does.
        Means of the brighter and of the other group, uint8 (2, n, 3); equal where one colour does.
    """
    _, k, _ = cells.shape
    mean = cells.mean(axis=1)
    differences = cells - mean[:, None]
    patterns = _best_patterns(differences)
    member = patterns >> np.arange(k)[:, None] & 1
    count = member.sum(axis=0)
    towards = (differences * member.astype(np.float32)).sum(axis=1)
    brighter = towards.sum(axis=0) > 0
    group = mean + towards / np.maximum(count, 1)
    rest = mean - towards / (k - count)
    means = np.stack((np.where(brighter, group, rest), np.where(brighter, rest, group)))
    patterns = np.where(brighter | (patterns == 0), patterns, 2**k - 1 - patterns)
    return patterns, np.rint(means).astype(np.uint8).swapaxes(1, 2)


def _best_patterns(differences: _Floats) -> NDArray[np.intp]:
    """Which pixels of each cell form the one group, (3, k, n) to (n,); the last pixel never does."""
    _, k, n = differences.shape
    sums = np.zeros((3, 2 ** (k - 1), n), np.float32)
    for pixel in range(k - 1):  # patterns up to this pixel, then the same with this pixel
        before, after = sums[:, : 1 << pixel], sums[:, 1 << pixel : 2 << pixel]
        np.add(before, differences[:, pixel, None], out=after)
    np.multiply(sums, sums, out=sums)
    saved = sums[0]
    saved += sums[1]
    saved += sums[2]
    saved *= _weights(k)
    saved[0] = _WORTH_TWO_COLORS
    best: NDArray[np.intp] = saved.argmax(axis=0)
    return best


@lru_cache(maxsize=4)
def _weights(k: int) -> _Floats:
    """``1 / |A| + 1 / (k - |A|)`` for all patterns A of k pixels that lack the last, (2 ** (k - 1), 1)."""
    count = np.array([max(1, pattern.bit_count()) for pattern in range(2 ** (k - 1))])
    weights: _Floats = (1 / count + 1 / (k - count))[:, None].astype(np.float32)
    return weights


@lru_cache(maxsize=8)
def _cover(glyphs: Glyphs) -> _Floats:
    """How much of the upper and of the lower half of a cell each pattern covers, 0 to 1, (patterns, 2)."""
    pattern = np.arange(len(glyphs.characters))
    member = (pattern[:, None] >> np.arange(glyphs.pixels) & 1).reshape(-1, glyphs.rows, glyphs.columns)
    # Pixels in half pixels from top to bottom: where the rows are odd in number, a pixel lies in both halves.
    fine = member.mean(axis=2).repeat(2, axis=1).reshape(-1, 2, glyphs.rows)
    cover: _Floats = fine.mean(axis=2).astype(np.float32)
    return cover


def _halves(pairs: NDArray[np.uint8], cover: _Floats) -> NDArray[np.uint8]:
    """What the halves of each cell look like, (rows, columns, 2, 3); cover is (rows, columns, 2)."""
    foreground, background = pairs[..., :1, :].astype(np.float32), pairs[..., 1:, :].astype(np.float32)
    return np.rint(background + (foreground - background) * cover[..., None]).astype(np.uint8)
