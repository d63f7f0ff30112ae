"""Images that are sent as pixels: what all protocols have in common. A pixel of the screen is called a dot.

Such an image lies on cells that are background. It is not of them: it cannot change where something lies on
it, so where a notice does, the image is drawn in half-blocks instead (`Renderer.fallback`). Behind a menu it
does not change: there it stays as it is but for the cells that the menu's text takes (`Surface.intact`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial

import numpy as np

from vaevis_tui.terminal.cells.halfblock import halves
from vaevis_tui.terminal.cells.renderer import CellRenderer, cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.color.xterm_palette import to_grey
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport
from vaevis_tui.terminal.images.ids import image_id
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.placement import Placement, fit_stretched, resample
from vaevis_tui.terminal.quality import DOTS_LADDER, Quality, distances, reduce
from vaevis_tui.terminal.surface import ALL, Halves, Mask, Surface, Update

STILL_IMAGE = image_id(0)
"""The number of an image that is shown once."""

MAX_CELLS = 297
"""Rows and columns of cells of an image at most: what kitty's placeholders can tell apart."""

CELL = (2, 1)
"""Height and width of a cell where its dots are not known: their proportions."""

At = tuple[int, int] | None
"""Row and column of the screen that an image begins at, from 0; None is where the cursor was saved."""


def _nothing() -> None:
    """What is to be done once nothing is written."""


class PixelSurface(ABC):
    """What surfaces of pixel protocols have in common: they know the pixels that are shown, or show none."""

    ladder: tuple[Quality, ...] = DOTS_LADDER

    def __init__(self, place: Placement) -> None:
        self._place = place
        self._scale = (place.dots or (place.height,))[0] // place.height
        """Along each axis, a pixel, where what is sent is enlarged evenly."""
        self._shown: Pixels | None = None
        self._at: At = (0, 0)
        self.alone_in_cells = True
        """Whether text takes it away where it is written and nowhere else: multiplexers draw more anew."""
        self._intact: Mask = np.zeros((place.rows, place.columns), np.bool_)

    @property
    def stale(self) -> bool:
        """Whether the image is not there."""
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
        """Rows of pixels as they are sent."""
        return resample(pixels, len(pixels) * self._scale, pixels.shape[1] * self._scale)

    def _whole(self, text: str, pixels: Pixels, at: At) -> Update:
        """An update that draws the whole image."""
        return Update(text, len(text), True, partial(self._put, pixels, at))

    def _put(self, pixels: Pixels, at: At) -> None:
        self._shown, self._at = pixels, at
        self._intact[:] = True

    def halves(self, pixels: Pixels, background: RGB) -> Halves:
        """As for any surface."""
        return halves(resample(pixels, 2 * self._place.rows, self._place.columns))

    def cover(self, covered: Mask) -> None:  # noqa: B027
        """Nothing lies on it, or another surface is in its place."""

    @property
    def known(self) -> None:
        """It is not drawn in cells."""
        return

    @property
    def intact(self) -> Mask | None:
        """Where no text has taken the dots away."""
        return self._intact if self.alone_in_cells else None

    @property
    def lies_in_cells(self) -> bool:
        """Text takes it away."""
        return True

    def forget(self, row: int | None = None, columns: slice = ALL) -> None:
        """Whoever draws into its cells takes the dots away, of which it is one whole to send."""
        self._shown = None
        self._intact[ALL if row is None else row, columns] = False

    def erase(self) -> str:
        """Nothing: what is drawn over it takes its place."""
        self.forget()
        return ""


def move_to(at: At, row: int = 0) -> str:
    """To the left cell of a row of the surface."""
    if at is None:
        return f"\x1b8\x1b[{row}B" if row else "\x1b8"
    return f"\x1b[{at[0] + row + 1};{at[1] + 1}H"


@dataclass(frozen=True)
class PixelRenderer(ABC):
    """What renderers of pixel protocols have in common.

    Attributes:
        colors: Of which an image is in greys, or not, and half-blocks in its stead are drawn in.
        support: What the terminal has.
    """

    colors: ColorMode
    support: GraphicsSupport

    @property
    @abstractmethod
    def graphics(self) -> Graphics:
        """Which."""

    @property
    def fallback(self) -> CellRenderer:
        """Half-blocks."""
        return cell_renderer(Graphics.HALF, self.colors)

    @property
    def cell(self) -> tuple[int, int]:
        """As for any renderer."""
        return self.support.cell or CELL

    def most(self, columns: int, rows: int) -> tuple[int, int]:
        """As for any renderer."""
        return min(columns, MAX_CELLS), min(rows, MAX_CELLS)

    def place(self, height: int, width: int, columns: int, rows: int) -> Placement:
        """As for any renderer."""
        return fit_stretched(height, width, columns, rows, self.cell, MAX_CELLS)

    def pixels(self, image: Pixels, place: Placement) -> Pixels:
        """As for any renderer."""
        image = resample(image, place.height, place.width)
        return to_grey(image) if self.colors.grey else image

    def surface(self, place: Placement, image_id: int) -> Surface:
        """As for any renderer."""
        surface = self._surface(place, image_id)
        surface.alone_in_cells = self.support.multiplexer is None
        return surface

    @abstractmethod
    def _surface(self, place: Placement, image_id: int) -> PixelSurface: ...

    def still(self, image: Pixels, columns: int, rows: int) -> str:
        """As for any renderer. Room is made first: at the bottom of the screen an image would be cut."""
        height, width, _ = image.shape
        place = self.place(height, width, columns, rows)
        update = self._surface(place, STILL_IMAGE).plan(self.pixels(image, place), DOTS_LADDER[0], None)
        room = "\n" * place.rows
        return f"{room}\x1b[{place.rows}A\x1b7{update.text}\x1b8\x1b[{place.rows}B\r"
