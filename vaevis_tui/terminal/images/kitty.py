r"""Images by kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/).

A command is ``ESC _G keys ; payload ESC \``. Pixels are sent as PNG files (``f=100``): as differences
from row to row they take half the bytes of pixels compressed as they are (``f=24,o=z``), 27 against 60 KB
for waves of 128x128 pixels. They go in base64 and in chunks of at most 4096 characters, all but the last
with ``m=1``. Every command has ``q=2``: whatever the terminal thinks of it, nothing comes back that would
read as a key press.

Where an image lies is told in one of two ways:

- By placeholders: the image has a virtual placement (``U=1``), and cells that hold U+10EEEE show parts of
  it. Their foreground names the image, two combining characters the row and the column. To whoever draws
  text these are characters like others, which are moved, clipped and covered like others.
- Directly, where the cursor is, for terminals that draw no placeholders. It lies above all text, and has to
  be hidden while something covers it. (Beneath text, at a negative z-index, kitty 0.26 on software OpenGL
  stops drawing the backgrounds of cells, all over the window.)

What it shows is replaced in one of two ways:

- By frame: the pixels of its first and only frame are sent anew (``a=f,r=1``), or some rows of them; nothing
  else changes. Unlike
  for other commands, ``a=f`` stands in each chunk, and so does ``r=1``: kitty reads it from each anew, and
  makes another frame of the image where it is missing (seen on 0.26 and 0.41).
- By flipping, for terminals without animation: a second image takes the place of the first, which is then
  deleted.
"""

from __future__ import annotations

from base64 import standard_b64encode
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.passthrough import through_tmux, unwrapped
from vaevis_tui.terminal.images.png import png
from vaevis_tui.terminal.images.renderer import MAX_CELLS, At, PixelRenderer, PixelSurface, move_to
from vaevis_tui.terminal.pixels import Pixels, checked
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import ALL, Mask, Update

PLACEHOLDER = "\U0010eeee"

CHUNK = 4096
"""Characters of base64 in a command at most."""

_RANGES = """
    0305 030d-030e 0310 0312 033d-033f 0346 034a-034c 0350-0352 0357 035b 0363-036f 0483-0487 0592-0595
    0597-0599 059c-05a1 05a8-05a9 05ab-05ac 05af 05c4 0610-0617 0657-065b 065d-065e 06d6-06dc 06df-06e2
    06e4 06e7-06e8 06eb-06ec 0730 0732-0733 0735-0736 073a 073d 073f-0741 0743 0745 0747 0749-074a
    07eb-07f1 07f3 0816-0819 081b-0823 0825-0827 0829-082d 0951 0953-0954 0f82-0f83 0f86-0f87 135d-135f
    17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc
    1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d
    a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189
    1d1aa-1d1ad 1d242-1d244
"""
"""What marks rows and columns: combining characters of class 230, as in kitty's rowcolumn-diacritics.txt."""


@lru_cache(maxsize=1)
def diacritics() -> str:
    """Combining characters that stand for 0, 1, 2 ..., 297 of them."""
    codes: list[int] = []
    for part in _RANGES.split():
        first, _, last = part.partition("-")
        codes += range(int(first, 16), int(last or first, 16) + 1)
    return "".join(map(chr, codes))


def command(keys: str, payload: bytes = b"", *, continued: str = "") -> Iterator[str]:
    """Commands that carry a payload, in chunks.

    Args:
        keys: Keys and values, separated by commas, but for ``q`` and ``m``.
        payload: What is to be carried, before base64.
        continued: Keys that chunks after the first have beside ``q`` and ``m``.
    """
    encoded = standard_b64encode(payload).decode("ascii")
    if len(encoded) <= CHUNK:
        yield f"\x1b_G{keys},q=2{';' if encoded else ''}{encoded}\x1b\\"
        return
    for start in range(0, len(encoded), CHUNK):
        more = int(start + CHUNK < len(encoded))
        own = keys if start == 0 else continued
        yield f"\x1b_G{own}{',' if own else ''}q=2,m={more};{encoded[start : start + CHUNK]}\x1b\\"


def placeholder_rows(image_id: int, columns: int, rows: int) -> tuple[str, ...]:
    """Rows of cells that show an image.

    Each cell names its row and its column, so that it is right wherever a row is cut. The image is named by
    one of 256 colours, which reach the terminal unchanged through tmux, too.

    Args:
        image_id: The image, 1 to 255.
        columns: Width of its placement in cells.
        rows: Height of its placement in cells.
    """
    marks = diacritics()
    colored = f"\x1b[38;5;{image_id}m"
    return tuple(
        colored + "".join(PLACEHOLDER + marks[row] + marks[column] for column in range(columns)) + "\x1b[0m"
        for row in range(rows)
    )


@dataclass(frozen=True, slots=True)
class KittyOutput:
    """What shows an image. To be written in this order, and in one go.

    Attributes:
        before: What comes first, wherever the cursor is.
        rows: What the cells are to hold from now on, top to bottom; None if what they hold is right.
        at_corner: What is to be written with the cursor in the upper left cell; empty if nothing.
        after: What comes last, wherever the cursor is.
    """

    before: str
    rows: tuple[str, ...] | None
    at_corner: str
    after: str

    @property
    def size(self) -> int:
        """Length in bytes of UTF-8."""
        rows = sum(len(row.encode()) for row in self.rows or ())
        return len(self.before) + rows + len(self.at_corner) + len(self.after)


class KittyImage:
    """A live image in a terminal that has kitty's graphics protocol; see the module.

    It keeps what the terminal was told, so all that it returns must be written. Pixels are enlarged by the
    terminal to the cells they are to fill, and smoothed thereby; who wants them sharp repeats them.

    Args:
        image_id: A number from 1 to 254 that no other image in the terminal has; the next one is used, too.
        placeholders: Whether the terminal draws placeholders.
        frames: Whether it can replace frames.
        wrap: What every command passes on its way, `through_tmux` for instance.

    Raises:
        ValueError: The number is out of range.
    """

    def __init__(
        self,
        image_id: int,
        *,
        placeholders: bool,
        frames: bool,
        wrap: Callable[[str], str] = unwrapped,
    ) -> None:
        if not 1 <= image_id <= 254:
            raise ValueError(f"image_id must be 1 to 254, not {image_id}")
        self._ids = (image_id, image_id + 1)
        self.placeholders = placeholders
        self.frames = frames
        self._wrap = wrap
        self._size: tuple[int, ...] | None = None
        """Of what is shown, in pixels; None if nothing is."""
        self._cells = (0, 0)

    def show(self, pixels: Pixels, columns: int, rows: int) -> KittyOutput:
        """Show pixels in so many cells, in place of what was shown before.

        Args:
            pixels: uint8 (h, w, 3).
            columns: Width in cells, 1 to 297.
            rows: Height in cells, 1 to 297.

        Raises:
            ValueError: The pixels have another shape or type, or there are none; or the cells are too many.
        """
        checked(pixels)
        if not (1 <= columns <= MAX_CELLS and 1 <= rows <= MAX_CELLS):
            raise ValueError(f"an image takes 1 to {MAX_CELLS} columns and rows, not {columns}x{rows}")
        same = self._size == pixels.shape and self.frames
        moved = self._cells != (columns, rows)
        shown_before = self._size is not None
        self._size, self._cells = pixels.shape, (columns, rows)
        if same:
            before = self._send("a=f,r=1,X=1", pixels, continued="a=f,r=1")
            return self._placed(before, "") if moved else KittyOutput(before, None, "", "")
        after = self._command(f"a=d,d=I,i={self._ids[0]}") if shown_before else ""
        self._ids = self._ids[::-1] if shown_before else self._ids
        return self._placed(self._send("a=t", pixels), after)

    def patch(self, pixels: Pixels, top: int) -> str:
        """Replace some rows of pixels of an image that is shown, where frames can be replaced.

        Args:
            pixels: uint8 (n, w, 3), of the image's width.
            top: The row of the image that they begin at, from 0.

        Raises:
            ValueError: There is no image that these rows are of.
        """
        height, width = self._size[:2] if self._size else (0, 0)
        if not self.frames or pixels.shape[1] != width or not 0 <= top <= height - len(pixels):
            raise ValueError(f"{width}x{height} pixels have no {len(pixels)} rows from {top}")
        return self._send(f"a=f,r=1,X=1,x=0,y={top}", pixels, continued="a=f,r=1")

    def again(self) -> KittyOutput:
        """What puts the image back where cells were overwritten, or the cursor's place is another."""
        if self._size is None:
            return KittyOutput("", None, "", "")
        return self._placed("", "")

    def hide(self) -> str:
        """What takes the image off the screen until `again`; only direct placements need it."""
        return "" if self._size is None else self._command(f"a=d,d=i,i={self._ids[0]}")

    def delete(self) -> str:
        """What removes the image from the terminal's screen and memory; empty if there is none."""
        if self._size is None:
            return ""
        self._size = None
        return self._command(f"a=d,d=I,i={self._ids[0]}")

    def _placed(self, before: str, after: str) -> KittyOutput:
        columns, rows = self._cells
        image_id = self._ids[0]
        # Placement 1 is there once: placing it again moves it.
        place = f"a=p,i={image_id},p=1,c={columns},r={rows}"
        if self.placeholders:
            before += self._command(f"{place},U=1")
            return KittyOutput(before, placeholder_rows(image_id, columns, rows), "", after)
        return KittyOutput(before, None, self._command(f"{place},C=1"), after)

    def _send(self, action: str, pixels: Pixels, continued: str = "") -> str:
        keys = f"{action},i={self._ids[0]},f=100"
        return "".join(map(self._wrap, command(keys, png(pixels), continued=continued)))

    def _command(self, keys: str) -> str:
        return "".join(map(self._wrap, command(keys)))


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
