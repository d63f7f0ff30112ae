"""A caption below an image: what it shows, in two lines, for pictures that leave their metadata behind."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.export.sheet import DARK
from vaevis_tui.export.snapshot import SnapshotInfo

if TYPE_CHECKING:
    from PIL import ImageFont

_LEAST_WIDTH = 320
"""Pixels; narrower images are enlarged by a whole number, so that a line of text fits."""

_NUMBERS = 4  # of z that are written


def caption_of(info: SnapshotInfo) -> tuple[str, str]:
    """Two lines: the model, and where in it."""
    name = info.model.replace("\\", "/").rstrip("/").rpartition("/")[2]
    model = f"{name} {info.version}".strip()
    if info.decoder_hash:
        model += f" · {info.decoder_hash[:8]}"
    numbers = ", ".join(f"{value:.2f}" for value in info.z[:_NUMBERS])
    z = f"z = {numbers}" + (f" ... ({len(info.z)})" if len(info.z) > _NUMBERS else "")
    return model, z if info.seed is None else f"seed {info.seed} · {z}"


def captioned(image: NDArray[np.uint8], lines: tuple[str, str]) -> NDArray[np.uint8]:
    """An image, uint8 (h, w, 3), over a bar with two lines; enlarged by a whole number where it is small."""
    from PIL import Image, ImageDraw

    scale = -(-_LEAST_WIDTH // image.shape[1])
    large = image.repeat(scale, axis=0).repeat(scale, axis=1)
    _, width, _ = large.shape
    size = max(width // 26, 12)
    bar = Image.new("RGB", (width, round(3.6 * size)), DARK.background)
    pen = ImageDraw.Draw(bar)
    for row, (text, colour) in enumerate(zip(lines, (DARK.text, DARK.quiet), strict=True)):
        pen.text(
            (size * 0.8, size * (1.55 + 1.35 * row)),
            _cut(text, size, width),
            colour,
            _font(size),
            anchor="ls",
        )
    return np.concatenate((large, np.asarray(bar)))


def _cut(text: str, size: int, width: int) -> str:
    """As much of a line as fits."""
    while text and _font(size).getlength(text) > width - 1.6 * size:
        text = text[:-1]
    return text


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)
