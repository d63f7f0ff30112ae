"""Images in sixels on the screen: a whole image a time, a pixel taking one dot or more."""

from __future__ import annotations

from dataclasses import dataclass

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.renderer import At, PixelRenderer, PixelSurface, move_to
from vaevis_tui.terminal.images.sixel import SixelEncoder
from vaevis_tui.terminal.pixels import Pixels
from vaevis_tui.terminal.placement import Placement, fit_pixels
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Mask, Update

_COARSE_REGISTERS = 64
"""Colours of a sixel image that is not exact: a fifth fewer bytes than 256 take."""

_MOST_DOTS = (1000, 1000)
"""Height and width that a sixel image may have where the terminal does not tell: as xterm has it."""


class SixelSurface(PixelSurface):
    """An image in sixels."""

    def __init__(self, place: Placement, registers: int) -> None:
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
        sixels = encoder.encode(pixels[::block, ::block], self._place.dots)
        return self._whole(move_to(at) + sixels.output, pixels, at)


@dataclass(frozen=True)
class Sixels(PixelRenderer):
    """Sixels, which fill the window as far as the terminal takes them."""

    graphics = Graphics.SIXEL

    def most(self, columns: int, rows: int) -> tuple[int, int]:
        """As for any renderer."""
        (height, width), (most_height, most_width) = self.cell, self._limit
        return max(min(columns, most_width // width), 1), max(min(rows, most_height // height), 1)

    def place(self, height: int, width: int, columns: int, rows: int) -> Placement:
        """As for any renderer."""
        return fit_pixels(height, width, columns, rows, self.cell, self._limit)

    @property
    def _limit(self) -> tuple[int, int]:
        return self.support.sixel_size or _MOST_DOTS

    def _surface(self, place: Placement, image_id: int) -> PixelSurface:
        return SixelSurface(place, self.support.sixel_registers)
