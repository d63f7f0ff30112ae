"""Writing an animation, whatever its format: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from vaevis_tui.errors import UserError
from vaevis_tui.export.animation import CASTS, ENDINGS, VIDEOS
from vaevis_tui.export.animation.frames import Frame, FrameStream, Resampling, enlarged, resized
from vaevis_tui.export.files import check_free, unwritable

Draw = Callable[[Frame], str]
"""From a frame to what a terminal is sent for it."""


def animation_ending(path: Path) -> str:
    """The format that a name means.

    Raises:
        UserError: Nothing is written so, or a library that it needs is not installed.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UserError(f"{path}: an animation's name must end in {', '.join(ENDINGS)}")
    if ending in VIDEOS:
        from vaevis_tui.export.animation.video import video_library

        video_library()
    return ending


def save_animation(
    path: Path,
    stream: FrameStream,
    *,
    side: int | None = None,
    resampling: Resampling = "auto",
    lossless: bool = False,
    terminal: tuple[Draw, tuple[int, int]] | None = None,
    title: str = "",
    force: bool = False,
    on_frame: Callable[[], None] = lambda: None,
    on_written: Callable[[], None] = lambda: None,
) -> Path:
    """Write frames in the format of the name's ending.

    They are written beside the place under another name, flushed and renamed: whoever looks sees the old file
    or the new one, and an interrupt or a full disk leaves nothing.

    Args:
        path: Where to.
        stream: The frames.
        side: Of the longer one, in pixels; None enlarges small frames by a whole number. Not for casts.
        resampling: How they are enlarged.
        lossless: Whether WebP keeps every bit.
        terminal: For casts: what draws a frame, and the terminal's columns and rows.
        title: For casts.
        force: Whether a file that is there is replaced.
        on_frame: Called after every frame.
        on_written: Called when all is written, before the file gets its name; what either of them raises
            leaves no file.

    Raises:
        UserError: The name has another ending, the file is there already or cannot be written, or there are
            more frames than the format takes.
    """
    ending = animation_ending(path)
    check_free(path, force=force)
    counted = replace(stream, take=lambda: _reporting(stream.take(), on_frame))
    video = ending in VIDEOS
    size = None if ending in CASTS else enlarged(stream.size, side, resampling, even=video)
    partial = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
    try:
        if size is None:
            _write_cast(counted, partial, terminal, title)
        elif video:
            from vaevis_tui.export.animation.video import write_video

            write_video(counted, partial, ending, size)
        else:
            _write_animated_image(ending, resized(counted, size), partial, lossless)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        on_written()
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise unwritable(path, error) from None
        raise
    return path


def _reporting(frames: Iterator[Frame], on_frame: Callable[[], None]) -> Iterator[Frame]:
    for frame in frames:
        yield frame
        on_frame()


def _write_cast(
    stream: FrameStream, path: Path, terminal: tuple[Draw, tuple[int, int]] | None, title: str
) -> None:
    from vaevis_tui.export.animation.cast import write_cast

    if terminal is None:
        raise ValueError("a cast needs what draws a frame in a terminal")
    write_cast(stream, path, *terminal, title)


def _write_animated_image(ending: str, stream: FrameStream, path: Path, lossless: bool) -> None:
    from vaevis_tui.export.animation.animated_images import write_apng, write_gif, write_webp

    writers: dict[str, Callable[[FrameStream, Path], None]] = {
        ".gif": write_gif,
        ".webp": partial(write_webp, lossless=lossless),
        ".png": write_apng,
        ".apng": write_apng,
    }
    writers[ending](stream, path)
