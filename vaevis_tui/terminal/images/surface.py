"""Images that are sent as dots: where they go, and the canvas of each protocol.

A picture of dots lies on cells that are background. It is not of them: whatever is to lie on it would have to
be cut out of it, so where anything does, the picture is drawn in half-blocks instead (`Renderer.fallback`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from vaevis_tui.terminal.cells.halfblock import halves
from vaevis_tui.terminal.cells.renderer import CellMedium, cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.color.palette import to_grey
from vaevis_tui.terminal.detect.support import GraphicsSupport
from vaevis_tui.terminal.encoder import RGB, Pixels
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.ids import image_id
from vaevis_tui.terminal.images.iterm2 import inline_image
from vaevis_tui.terminal.images.kitty import MAX_CELLS, KittyImage, KittyOutput
from vaevis_tui.terminal.images.passthrough import as_it_is, through_tmux
from vaevis_tui.terminal.images.sixel import SixelEncoder, fit_scale
from vaevis_tui.terminal.placement import Placement, resample
from vaevis_tui.terminal.quality import DOTS_LADDER, Quality, distances, reduce
from vaevis_tui.terminal.surface import ALL, Halves, Mask, Place, Surface, Update

SHARP_FROM = 128
"""Pixels along a side from which on a picture is sent as it is. Smaller ones are enlarged by repetition:
many terminals smooth what they enlarge, and what is repeated takes few bytes."""

STILL_IMAGE = image_id(0)
"""The number of an image that is shown once."""

_CELL = (2, 1)
"""Height and width of a cell where its dots are not known: their proportions."""

_COARSE_REGISTERS = 64
"""Colours of a sixel picture that is not exact: a fifth fewer bytes than 256 take."""

_SIXEL_SIZE = (1000, 1000)
"""Height and width that a sixel picture may have where the terminal does not tell: as xterm has it."""


@dataclass(frozen=True, slots=True)
class DotPlacement:
    """A picture's place in a window of cells.

    Attributes:
        height: Pixels to send, from top to bottom.
        width: Pixels to send, from left to right.
        scale: Dots, or pixels of what is sent, along each axis a pixel.
        columns: Width in cells.
        rows: Height in cells.
        left: Empty columns of cells left of the picture.
        top: Empty rows of cells above the picture.
    """

    height: int
    width: int
    scale: int
    columns: int
    rows: int
    left: int
    top: int


def fit_cells_to(height: int, width: int, columns: int, rows: int, cell: tuple[int, int]) -> DotPlacement:
    """Place a picture that the terminal stretches to whole cells: as large as fits, nearly in proportion.

    Args:
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        columns: Width of the window in cells.
        rows: Height of the window in cells.
        cell: Height and width of a cell, in any unit.
    """
    columns_at_most, rows_at_most = min(columns, MAX_CELLS), min(rows, MAX_CELLS)
    factor = min(rows_at_most * cell[0] / height, columns_at_most * cell[1] / width)
    used_columns = min(max(1, round(width * factor / cell[1])), columns_at_most)
    used_rows = min(max(1, round(height * factor / cell[0])), rows_at_most)
    scale = max(1, SHARP_FROM // max(height, width))
    left, top = (columns - used_columns) // 2, (rows - used_rows) // 2
    return DotPlacement(height, width, scale, used_columns, used_rows, left, top)


def fit_dots(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int], limit: tuple[int, int]
) -> DotPlacement:
    """Place a picture whose every pixel is a whole number of dots, or that is made smaller if need be.

    Args:
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        columns: Width of the window in cells.
        rows: Height of the window in cells.
        cell: Height and width of a cell in dots.
        limit: Dots that a picture may have, in height and width.
    """
    most = min(rows * cell[0], limit[0]), min(columns * cell[1], limit[1])
    scale = fit_scale(height, width, most[1], most[0], (1, 1))
    if not scale:
        factor = min(most[0] / height, most[1] / width)
        height, width, scale = max(1, int(height * factor)), max(1, int(width * factor)), 1
    used_columns, used_rows = -(-width * scale // cell[1]), -(-height * scale // cell[0])
    left, top = (columns - used_columns) // 2, (rows - used_rows) // 2
    return DotPlacement(height, width, scale, used_columns, used_rows, left, top)


At = tuple[int, int] | None
"""Row and column of the screen that a picture begins at, from 0; None is where the cursor was saved."""


def _nothing() -> None:
    """What is to be done once nothing is written."""


class _DotCanvas(ABC):
    """What canvases of dots have in common: they know the pixels that the terminal shows, or show none."""

    ladder: tuple[Quality, ...] = DOTS_LADDER

    def __init__(self, place: DotPlacement) -> None:
        self._place = place
        self._shown: Pixels | None = None
        self._at: At = (0, 0)

    @property
    def stale(self) -> bool:
        """Whether the picture is not there."""
        return self._shown is None

    def plan(
        self,
        pixels: Pixels,
        quality: Quality,
        at: At = (0, 0),
        background: RGB = (0, 0, 0),
        limit: int | None = None,
        within: Mask | None = None,
    ) -> Update:
        """As for any surface."""
        reduced = reduce(pixels, quality)
        changed = self._changed(reduced, quality.tolerance)
        if not (changed.any() or self.stale or at != self._at):
            return Update("", 0, True, _nothing)
        return self._update(reduced, changed, at, limit, quality)

    @abstractmethod
    def _update(self, pixels: Pixels, changed: Mask, at: At, limit: int | None, quality: Quality) -> Update:
        """Output for pixels that were reduced to a quality, and some rows of which have changed."""

    def _changed(self, pixels: Pixels, tolerance: float) -> Mask:
        """Which rows of pixels must be sent for the terminal to show these, give or take, (h,)."""
        if self._shown is None:
            return np.ones(len(pixels), np.bool_)
        changed: Mask = np.any(distances(pixels, self._shown) > 9 * tolerance * tolerance, axis=1)
        return changed

    def _enlarged(self, pixels: Pixels) -> Pixels:
        """Pixels as they are sent."""
        scale = self._place.scale
        return pixels if scale == 1 else pixels.repeat(scale, axis=1).repeat(scale, axis=0)

    def _whole(self, text: str, pixels: Pixels, at: At) -> Update:
        """An update that draws the whole picture."""
        return Update(text, len(text), True, partial(self._put, pixels, at))

    def _put(self, pixels: Pixels, at: At) -> None:
        self._shown, self._at = pixels, at

    def halves(self, pixels: Pixels, background: RGB) -> Halves:
        """As for any canvas."""
        place = Placement(2 * self._place.rows, self._place.columns, 0, 0, 0)
        return halves(resample(pixels, place))

    def cover(self, covered: Mask) -> None:  # noqa: B027
        """Nothing lies on it, or another canvas is in its place."""

    @property
    def known(self) -> None:
        """It is not drawn in cells."""
        return

    @property
    def lies_in_cells(self) -> bool:
        """Text takes it away."""
        return True

    def forget(self, row: int | None = None, columns: slice = ALL) -> None:
        """Whoever draws into its cells takes the dots away, of which it is one whole."""
        self._shown = None

    def erase(self) -> str:
        """Nothing: what is drawn over it takes its place."""
        self._shown = None
        return ""


def _move(at: At, row: int = 0) -> str:
    """To the left cell of a row of the canvas."""
    if at is None:
        return f"\x1b8\x1b[{row}B" if row else "\x1b8"
    return f"\x1b[{at[0] + row + 1};{at[1] + 1}H"


class SixelCanvas(_DotCanvas):
    """A picture in sixels."""

    def __init__(self, place: DotPlacement, registers: int) -> None:
        super().__init__(place)
        self._exact = SixelEncoder(registers)
        self._coarse = SixelEncoder(min(registers, _COARSE_REGISTERS))

    def _update(self, pixels: Pixels, changed: Mask, at: At, limit: int | None, quality: Quality) -> Update:
        height, width, _ = pixels.shape
        block = quality.block
        if height % block or width % block:
            block = 1
        # Block by block: dithering would make pixels of a block differ.
        encoder = self._coarse if quality.tolerance else self._exact
        sixels = encoder.encode(pixels[::block, ::block], self._place.scale * block)
        return self._whole(_move(at) + sixels.output, pixels, at)


class InlineImageCanvas(_DotCanvas):
    """A picture as an inline image of iTerm2's."""

    def __init__(self, place: DotPlacement, tmux: bool) -> None:
        super().__init__(place)
        self._wrap = through_tmux if tmux else None

    def _update(self, pixels: Pixels, changed: Mask, at: At, limit: int | None, quality: Quality) -> Update:
        place = self._place
        image = inline_image(self._enlarged(pixels), place.columns, place.rows, wrap=self._wrap)
        return self._whole(_move(at) + image, pixels, at)


class KittyCanvas(_DotCanvas):
    """A picture by kitty's protocol."""

    def __init__(self, place: DotPlacement, image: KittyImage) -> None:
        super().__init__(place)
        self._image = image
        self._placed = False

    @property
    def stale(self) -> bool:
        """Whether the picture is not there, or its placeholders are not."""
        return self._shown is None or not self._placed

    def _update(self, pixels: Pixels, changed: Mask, at: At, limit: int | None, quality: Quality) -> Update:
        image = copy(self._image)  # which becomes the image if this is written
        whole, where = True, self._place
        if self._shown is None or not image.frames:
            output = image.show(self._enlarged(pixels), where.columns, where.rows)
        else:
            text, pixels, whole = self._patched(image, pixels, changed, limit)
            output = KittyOutput(text, None, "", "")
        if output.rows is None and not output.at_corner and not (self._placed and at == self._at):
            placed = image.again()
            output = replace(placed, before=output.before + placed.before, after=output.after)
        rows = "".join(_move(at, y) + row for y, row in enumerate(output.rows or ()))
        corner = _move(at) + output.at_corner if output.at_corner else ""
        text = f"{output.before}{rows}{corner}{output.after}"
        size = len(text) if not rows else len(text.encode())
        return Update(text, size, whole, partial(self._take, image, pixels, at))

    def _patched(
        self, image: KittyImage, pixels: Pixels, changed: Mask, limit: int | None
    ) -> tuple[str, Pixels, bool]:
        """What replaces the rows that changed, what is shown then, and whether these were all."""
        assert self._shown is not None
        where = np.flatnonzero(changed)
        if not len(where):
            return "", self._shown, True
        first, end, scale = int(where[0]), int(where[-1]) + 1, self._place.scale
        text = image.patch(self._enlarged(pixels[first:end]), first * scale)
        whole = True
        while limit is not None and len(text) > limit and end > first + 1:
            end = first + max(1, min(int((end - first) * limit / len(text)), end - first - 1))
            text, whole = image.patch(self._enlarged(pixels[first:end]), first * scale), False
        shown = self._shown.copy()
        shown[first:end] = pixels[first:end]
        return text, shown, whole

    def _take(self, image: KittyImage, pixels: Pixels, at: At) -> None:
        self._image, self._placed = image, True
        self._put(pixels, at)

    @property
    def lies_in_cells(self) -> bool:
        """Whether text takes it away: placeholders are text; a direct placement is above all text."""
        return self._image.placeholders

    def forget(self, row: int | None = None, columns: slice = ALL) -> None:
        """Placeholders were drawn over, or nobody knows what is on the screen."""
        if row is None or self.lies_in_cells:
            self._placed = False

    def erase(self) -> str:
        """What removes the picture from the terminal."""
        self._shown, self._placed = None, False
        return self._image.delete()


@dataclass(frozen=True)
class DotMedium(ABC):
    """What media of dots have in common.

    Attributes:
        colors: Of which a picture is in greys, or not, and half-blocks in its stead are drawn in.
        support: What the terminal has.
    """

    colors: ColorMode
    support: GraphicsSupport

    @property
    @abstractmethod
    def graphics(self) -> Graphics:
        """Which."""

    @property
    def fallback(self) -> CellMedium:
        """Half-blocks."""
        return cell_renderer(Graphics.HALF, self.colors)

    def place(self, height: int, width: int, columns: int, rows: int) -> DotPlacement:
        """As for any medium."""
        return fit_cells_to(height, width, columns, rows, self.support.cell or _CELL)

    def pixels(self, picture: Pixels, place: Place) -> Pixels:
        """As for any medium."""
        assert isinstance(place, DotPlacement)
        if picture.shape[:2] != (place.height, place.width):
            picture = resample(picture, Placement(place.height, place.width, 0, 0, 0))
        return to_grey(picture) if self.colors.grey else picture

    def surface(self, place: Place, image_id: int) -> Surface:
        """As for any medium."""
        assert isinstance(place, DotPlacement)
        return self._surface(place, image_id)

    @abstractmethod
    def _surface(self, place: DotPlacement, image_id: int) -> _DotCanvas: ...

    def still(self, picture: Pixels, columns: int, rows: int) -> str:
        """As for any medium. Room is made first: at the bottom of the screen a picture would be cut."""
        height, width, _ = picture.shape
        place = self.place(height, width, columns, rows)
        update = self._surface(place, STILL_IMAGE).plan(self.pixels(picture, place), DOTS_LADDER[0], None)
        room = "\n" * place.rows
        return f"{room}\x1b[{place.rows}A\x1b7{update.text}\x1b8\x1b[{place.rows}B\r"


@dataclass(frozen=True)
class Sixels(DotMedium):
    """Sixels, a whole number of dots a pixel."""

    graphics = Graphics.SIXEL

    def place(self, height: int, width: int, columns: int, rows: int) -> DotPlacement:
        """As for any medium."""
        cell, limit = self.support.cell or _CELL, self.support.sixel_size or _SIXEL_SIZE
        return fit_dots(height, width, columns, rows, cell, limit)

    def _surface(self, place: DotPlacement, image_id: int) -> _DotCanvas:
        return SixelCanvas(place, self.support.sixel_registers)


@dataclass(frozen=True)
class InlineImages(DotMedium):
    """iTerm2's inline images."""

    graphics = Graphics.ITERM

    def _surface(self, place: DotPlacement, image_id: int) -> _DotCanvas:
        return InlineImageCanvas(place, self.support.multiplexer == "tmux")


@dataclass(frozen=True)
class KittyImages(DotMedium):
    """kitty's graphics."""

    graphics = Graphics.KITTY

    def _surface(self, place: DotPlacement, image_id: int) -> _DotCanvas:
        kitty = self.support.kitty
        assert kitty is not None
        wrap = through_tmux if self.support.multiplexer == "tmux" else as_it_is
        image = KittyImage(image_id, placeholders=kitty.placeholders, frames=kitty.frames, wrap=wrap)
        return KittyCanvas(place, image)
