"""Sheets: images in rows and columns with labels, as one picture for a page or a slide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

MAX_PIXELS = 100_000_000
"""Of a sheet: 300 MB while it is drawn."""

_LEAST_TILE = 96
"""Pixels of an image's longer side on a sheet, if its size is not chosen: smaller ones are enlarged."""


GAP = 0.05
"""Between images, as a share of their shorter side."""


@dataclass(frozen=True)
class Theme:
    """Colours of a sheet, RGB."""

    background: tuple[int, int, int]
    text: tuple[int, int, int]
    quiet: tuple[int, int, int]
    accent: tuple[int, int, int]


LIGHT = Theme((255, 255, 255), (35, 39, 46), (109, 112, 120), (168, 100, 15))
DARK = Theme((13, 15, 18), (213, 217, 224), (125, 133, 147), (232, 176, 106))
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class Labels:
    """What is written on a sheet; everything may be left out.

    Attributes:
        title: Above the images, large.
        note: Below them, small: where they come from.
        rows: One a row, left of it.
        columns: One a column, above it.
        row_axis: What the rows are, e.g. an axis' name.
        column_axis: What the columns are.
        accent: Column whose label is set off, e.g. that of the mean.
    """

    title: str = ""
    note: str = ""
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    row_axis: str = ""
    column_axis: str = ""
    accent: int | None = None


NO_LABELS = Labels()


def tile_scale(height: int, width: int) -> int:
    """The whole number by which images of a size are enlarged on a sheet, if none is chosen."""
    return max(1, -(-_LEAST_TILE // max(height, width)))


def montage(
    images: NDArray[np.uint8], *, scale: int = 1, gap: int = 0, colour: tuple[int, int, int] = (0, 0, 0)
) -> NDArray[np.uint8]:
    """Images side by side without labels.

    Args:
        images: uint8 (rows, columns, h, w, 3).
        scale: Whole number; each pixel becomes scale x scale equal ones.
        gap: Pixels between images.
        colour: Of the gaps.

    Returns:
        uint8 (rows * (h * scale + gap) - gap, columns * (w * scale + gap) - gap, 3).

    Raises:
        UserError: It would have more than `MAX_PIXELS`.
    """
    rows, columns, height, width, _ = images.shape
    if rows * columns * (height * scale + gap) * (width * scale + gap) > MAX_PIXELS:
        raise UserError(
            f"a sheet of {rows} x {columns} images of {width * scale} x {height * scale} pixels is more than "
            f"{MAX_PIXELS // 1_000_000} million pixels; take fewer images or a smaller scale"
        )
    large = images.repeat(scale, axis=2).repeat(scale, axis=3)
    tall, wide = height * scale + gap, width * scale + gap
    sheet = np.empty((rows, tall, columns, wide, 3), np.uint8)
    sheet[...] = colour
    sheet[:, : height * scale, :, : width * scale] = large.transpose(0, 2, 1, 3, 4)
    return sheet.reshape(rows * tall, columns * wide, 3)[: rows * tall - gap, : columns * wide - gap]


def contact_sheet(
    images: NDArray[np.uint8], columns: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Images one after the other, uint8 (n, h, w, 3), in about as many rows as columns.

    Returns:
        Images, uint8 (rows, columns, h, w, 3), and which of them there are, bool (rows, columns).
    """
    count = len(images)
    columns = columns or max(1, int(np.ceil(np.sqrt(count))))
    rows = -(-count // columns)
    padded = np.zeros((rows * columns, *images.shape[1:]), np.uint8)
    padded[:count] = images
    present = (np.arange(rows * columns) < count).reshape(rows, columns)
    return padded.reshape(rows, columns, *images.shape[1:]), present


def draw_sheet(
    images: NDArray[np.uint8],
    labels: Labels = NO_LABELS,
    *,
    scale: int | None = None,
    theme: Theme = LIGHT,
    present: NDArray[np.bool_] | None = None,
    gap: float = GAP,
) -> NDArray[np.uint8]:
    """Draw images with their labels.

    The same arguments give the same pixels on every machine with this version of Pillow: its own typeface is
    taken.

    Args:
        images: uint8 (rows, columns, h, w, 3).
        labels: What is written.
        scale: Whole number by which images are enlarged; None chooses one.
        theme: Colours.
        present: Which images count, bool (rows, columns); the places of the others stay empty. None for all.
        gap: Between images, as a share of their shorter side.

    Returns:
        uint8 (height, width, 3).

    Raises:
        UserError: It would have more than `MAX_PIXELS`.
    """
    from PIL import Image, ImageDraw

    _, _, height, width, _ = images.shape
    scale = scale or tile_scale(height, width)
    between = round(gap * min(height, width) * scale)
    body = montage(images, scale=scale, gap=between, colour=theme.background)
    if present is not None:
        for row, column in np.argwhere(~present):
            top, left = row * (height * scale + between), column * (width * scale + between)
            body[top : top + height * scale, left : left + width * scale] = theme.background
    if labels == NO_LABELS:
        return body
    layout = _Layout(labels, body.shape[1], body.shape[0])
    image = Image.new("RGB", layout.size, theme.background)
    image.paste(Image.fromarray(body), layout.body)
    pen = _Pen(ImageDraw.Draw(image), theme)
    layout.write(pen, labels, height * scale + between, width * scale + between, between)
    return np.asarray(image)


@dataclass(frozen=True)
class _Pen:
    draw: ImageDraw.ImageDraw
    theme: Theme

    def write(
        self, at: tuple[float, float], text: str, size: int, colour: tuple[int, int, int], anchor: str
    ) -> None:
        self.draw.text(at, text, fill=colour, font=_font(size), anchor=anchor)


class _Layout:
    """Where everything stands on a sheet; sizes of type follow that of the sheet."""

    def __init__(self, labels: Labels, width: int, height: int) -> None:
        self.type = min(max(round(width / 55), 13), 28)
        self.title_type = round(1.5 * self.type)
        self.note_type = max(round(0.8 * self.type), 11)
        margin = round(1.5 * self.type)
        head = round(2.1 * self.title_type) if labels.title else 0
        axis = round(1.5 * self.type) if labels.column_axis else 0
        names = round(1.6 * self.type) if labels.columns else 0
        left = max((_length(text, self.type) for text in (*labels.rows, labels.row_axis)), default=0)
        left += self.type if left else 0
        foot = round(2.4 * self.note_type) if labels.note else 0
        across = max(
            width + left, _length(labels.title, self.title_type), _length(labels.note, self.note_type)
        )
        self.margin, self.left = margin, margin + left
        self.body = (margin + left, margin + head + axis + names)
        self.size = (2 * margin + across, self.body[1] + height + foot + margin)
        self.width, self.height = width, height

    def write(self, pen: _Pen, labels: Labels, tall: int, wide: int, gap: int) -> None:
        theme, (x, y) = pen.theme, self.body
        pen.write((self.margin, self.margin), labels.title, self.title_type, theme.text, "la")
        names = y - 0.45 * self.type
        pen.write((x - self.type, names), labels.row_axis, self.type, theme.quiet, "rs")
        middle = x + self.width / 2
        above = y - (2.1 if labels.columns else 0.6) * self.type
        pen.write((middle, above), labels.column_axis, self.type, theme.quiet, "ms")
        for column, text in enumerate(labels.columns):
            colour = theme.accent if column == labels.accent else theme.text
            pen.write((x + column * wide + (wide - gap) / 2, names), text, self.type, colour, "ms")
        for row, text in enumerate(labels.rows):
            pen.write((x - self.type, y + row * tall + (tall - gap) / 2), text, self.type, theme.text, "rm")
        foot = y + self.height + 1.2 * self.note_type
        pen.write((x, foot), labels.note, self.note_type, theme.quiet, "la")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface, which is the same everywhere."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _length(text: str, size: int) -> int:
    return round(_font(size).getlength(text)) if text else 0


def to_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """A Pillow image of uint8 (h, w, 3)."""
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(pixels))
