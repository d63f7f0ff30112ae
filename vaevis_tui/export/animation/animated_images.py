"""Animated images: GIF, WebP and APNG, by Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaevis_tui.errors import UserError
from vaevis_tui.export.animation.frames import Frame, FrameStream
from vaevis_tui.export.animation.palette import SharedPalette

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_HELD = 1 << 30
"""Bytes of frames that Pillow holds until all are written."""

GIF_RATE = 50.0
"""Frames a second at most: browsers show shorter ones slower."""

_PALETTE_FRAMES = 48  # at even distances, that a palette is made of


def write_gif(stream: FrameStream, path: Path) -> None:
    """One palette, ordered dithering, lengths in hundredths of a second whose sum is right.

    Raises:
        UserError: There are more frames a second than `GIF_RATE`, or more of them than memory should hold.
    """
    _check_held(stream, 1, "GIF")
    if stream.rate > GIF_RATE:
        raise UserError(f"a GIF shows at most {GIF_RATE:.0f} frames a second, not {stream.rate:g}")
    frames = list(stream.take())
    chosen = np.unique(np.linspace(0, len(frames) - 1, _PALETTE_FRAMES).round().astype(int))
    palette = SharedPalette([frames[index] for index in chosen])
    loop = {"loop": 0} if stream.loop else {}
    _save(
        [_indexed(frame, palette) for frame in frames],
        path,
        "GIF",
        palette=palette.colours.tobytes(),  # once, for all
        duration=[10 * hundredths for hundredths in stream.durations(0.01, 2)],
        disposal=1,
        optimize=False,
        **loop,
    )


def _indexed(frame: Frame, palette: SharedPalette) -> Image:
    from PIL import Image

    image = Image.fromarray(palette.indices(frame), "P")
    image.putpalette(palette.colours.tobytes())
    return image


def write_webp(stream: FrameStream, path: Path, *, lossless: bool = False) -> None:
    """Animated WebP; a tenth of a GIF, in all colours.

    Raises:
        UserError: There are more frames than memory should hold.
    """
    _write_colours(stream, path, "WebP", lossless=lossless, quality=80 if lossless else 90, method=4)


def write_apng(stream: FrameStream, path: Path) -> None:
    """Animated PNG, exact; programs that know no animation show its first frame.

    Raises:
        UserError: There are more frames than memory should hold.
    """
    _write_colours(stream, path, "PNG", default_image=False, disposal=0, blend=0)


def _write_colours(stream: FrameStream, path: Path, format: str, **options: Any) -> None:
    from PIL import Image

    _check_held(stream, 3, format)
    images = [Image.fromarray(np.ascontiguousarray(frame)) for frame in stream.take()]
    _save(images, path, format, duration=stream.durations(0.001), loop=0 if stream.loop else 1, **options)


def _save(images: list[Image], path: Path, format: str, **options: Any) -> None:
    images[0].save(path, format=format, save_all=True, append_images=images[1:], **options)


def _check_held(stream: FrameStream, channels: int, name: str) -> None:
    held = stream.count * stream.size[0] * stream.size[1] * channels
    if held > MAX_HELD:
        raise UserError(
            f"{stream.count} frames of {stream.size[1]} x {stream.size[0]} pixels are too many for a {name}; "
            "take .mp4 or .webm, or a smaller --size"
        )
