"""iTerm2's inline images on the screen: a whole image a time."""

from __future__ import annotations

from dataclasses import dataclass

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.iterm2 import inline_image
from vaevis_tui.terminal.images.passthrough import through_tmux
from vaevis_tui.terminal.images.renderer import At, PixelRenderer, PixelSurface, move_to
from vaevis_tui.terminal.pixels import Pixels
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Mask, Update


class InlineImageSurface(PixelSurface):
    """An image as an inline image of iTerm2's."""

    def __init__(self, place: Placement, tmux: bool) -> None:
        super().__init__(place)
        self._wrap = through_tmux if tmux else None

    def _update(self, pixels: Pixels, changed: Mask, at: At, limit: int | None, quality: Quality) -> Update:
        place = self._place
        image = inline_image(self._enlarged(pixels), place.columns, place.rows, wrap=self._wrap)
        return self._whole(move_to(at) + image, pixels, at)


@dataclass(frozen=True)
class InlineImages(PixelRenderer):
    """iTerm2's inline images."""

    graphics = Graphics.ITERM

    def _surface(self, place: Placement, image_id: int) -> PixelSurface:
        return InlineImageSurface(place, self.support.multiplexer == "tmux")
