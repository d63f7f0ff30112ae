r"""Images as iTerm2's inline images (https://iterm2.com/documentation-images.html), which others show, too.

The image is a PNG file in base64, and the terminal enlarges it to the cells it is told::

    ESC ] 1337 ; File = inline=1;size=N;width=C;height=R;preserveAspectRatio=0;doNotMoveCursor=1 : base64 BEL

In parts, for tmux, whose sequences have a limit (iTerm2 3.5 and later)::

    ESC ] 1337 ; MultipartFile = (the same) BEL
    ESC ] 1337 ; FilePart = base64 BEL
    ...
    ESC ] 1337 ; FileEnd BEL
"""

from __future__ import annotations

from base64 import standard_b64encode
from collections.abc import Callable
from dataclasses import dataclass

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.passthrough import through_tmux
from vaevis_tui.terminal.images.png import png
from vaevis_tui.terminal.images.renderer import At, PixelRenderer, PixelSurface, move_to
from vaevis_tui.terminal.pixels import Pixels
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Mask, Update

PART = 65536
"""Characters of base64 in a part. tmux and iTerm2 take 1 MiB, but nothing else gets through meanwhile."""


def inline_image(pixels: Pixels, columns: int, rows: int, *, wrap: Callable[[str], str] | None = None) -> str:
    """What shows pixels in so many cells, the upper left one being where the cursor is.

    The cursor stays in iTerm2; others may move it, so save and restore it. What the cells held before is
    gone, and writing into a cell takes the image out of it.

    Args:
        pixels: uint8 (h, w, 3).
        columns: Width in cells, at least 1.
        rows: Height in cells, at least 1.
        wrap: What each sequence passes on its way, `through_tmux` for instance; it is then sent in parts.

    Raises:
        ValueError: The pixels have another shape or type, or there are none; or there are no cells.
    """
    if columns < 1 or rows < 1:
        raise ValueError(f"an image takes at least one cell, not {columns}x{rows}")
    data = png(pixels)
    content = standard_b64encode(data).decode("ascii")
    place = f"width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1"
    about = f"inline=1;size={len(data)};{place}"
    if wrap is None:
        return f"\x1b]1337;File={about}:{content}\x07"
    parts = [f"FilePart={content[start : start + PART]}" for start in range(0, len(content), PART)]
    return "".join(wrap(f"\x1b]1337;{part}\x07") for part in (f"MultipartFile={about}", *parts, "FileEnd"))


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
