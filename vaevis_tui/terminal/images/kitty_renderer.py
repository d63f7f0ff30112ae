"""Images by kitty's protocol on the screen: the rows of pixels that have changed."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.kitty import KittyImage, KittyOutput
from vaevis_tui.terminal.images.passthrough import through_tmux, unwrapped
from vaevis_tui.terminal.images.renderer import At, PixelRenderer, PixelSurface, move_to
from vaevis_tui.terminal.pixels import Pixels
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import ALL, Mask, Update


class KittySurface(PixelSurface):
    """An image by kitty's protocol."""

    def __init__(self, place: Placement, image: KittyImage) -> None:
        super().__init__(place)
        self._image = image
        self._placed = False

    @property
    def stale(self) -> bool:
        """Whether the image is not there, or its placeholders are not."""
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
        rows = "".join(move_to(at, y) + row for y, row in enumerate(output.rows or ()))
        corner = move_to(at) + output.at_corner if output.at_corner else ""
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
        first, end, scale = int(where[0]), int(where[-1]) + 1, self._scale
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
            self._intact[ALL if row is None else row, columns] = False

    @property
    def intact(self) -> Mask | None:
        """Placeholders are text; what is placed directly lies above all text."""
        return self._intact if self.lies_in_cells else None

    def erase(self) -> str:
        """What removes the image from the terminal."""
        self.forget()
        self._shown = None
        return self._image.delete()


@dataclass(frozen=True)
class KittyImages(PixelRenderer):
    """kitty's graphics."""

    graphics = Graphics.KITTY

    def _surface(self, place: Placement, image_id: int) -> PixelSurface:
        kitty = self.support.kitty
        assert kitty is not None
        wrap = through_tmux if self.support.multiplexer == "tmux" else unwrapped
        image = KittyImage(image_id, placeholders=kitty.placeholders, frames=kitty.frames, wrap=wrap)
        return KittySurface(place, image)
