"""PNG files: written whole or not at all, never over another snapshot, the latent vector inside as text."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason, replace_whole
from vaevis_tui.export.pillow import silence_pillow
from vaevis_tui.reading import must_be_file
from vaevis_tui.text import file_stem

MAX_SIDE = 8192
"""Longest side of a written image in pixels: Pillow reads a square of it without a warning."""

_MAX_NUMBER = 9_999  # snapshots of one stem within one second


def save_png(
    path: str | Path, image: NDArray[np.uint8], *, scale: int = 1, metadata: Mapping[str, str] | None = None
) -> Path:
    """Write an image as PNG, replacing a regular file of that name in one step.

    The file is written beside its place under another name, flushed to the disk and renamed: whoever looks
    sees the old file or the new one, and a full disk leaves the old one.

    Args:
        path: Where to; the name ends in ``.png``, the folder exists.
        image: uint8 (h, w, 3).
        scale: Whole number, each pixel becomes scale x scale equal ones (nearest neighbour).
        metadata: Text chunks by keyword (PNG specification, section 11.3.3): keywords of 1 to 79 Latin-1
            characters. A text beyond Latin-1 becomes an iTXt chunk.

    Returns:
        The path.

    Raises:
        UserError: the folder is missing or not writable, the disk is full, the name is no PNG's or belongs to
            something that is not a regular file, or the scale is not a whole number that keeps the sides
            within `MAX_SIDE`.
        ValueError: the image is not uint8 (h, w, 3), or a keyword is not one PNG allows.
    """
    path = Path(path)
    data = encode_png(image, scale, metadata or {})
    with _explained(path):
        _check_target(path)
        replace_whole(path, data)
    return path


def save_snapshot(
    folder: str | Path,
    stem: str,
    now: datetime,
    image: NDArray[np.uint8],
    *,
    scale: int = 1,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write an image under a name of its own; nothing is left behind if that fails.

    See `unique_path` and `save_png`. It waits for the disk, tens of milliseconds: call it from a thread.

    Raises:
        UserError: as `unique_path` and `save_png`.
        ValueError: as `save_png`.
    """
    path = unique_path(folder, file_stem(stem), now)
    try:
        return save_png(path, image, scale=scale, metadata=metadata)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def unique_path(folder: str | Path, stem: str, now: datetime) -> Path:
    """Take a name for a snapshot that nobody has: ``stem-20260131-235959.png``, then ``...-2.png`` and on.

    The name is taken by creating the file, empty and exclusively (``O_EXCL``), so that two programs in one
    folder never get the same one; `save_png` then replaces it. `save_snapshot` does both, and clears up if
    writing fails.

    Raises:
        UserError: the folder is missing, is not a folder, or is not writable.
    """
    first = f"{stem}-{now:%Y%m%d-%H%M%S}"
    for number in range(1, _MAX_NUMBER + 1):
        path = Path(folder) / (f"{first}.png" if number == 1 else f"{first}-{number}.png")
        with _explained(path), suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            return path
    raise UserError(
        f"{folder}: all {_MAX_NUMBER} names that begin with {first} are taken; move some elsewhere"
    )


def read_metadata(path: str | Path) -> dict[str, str]:
    """The text chunks of a PNG file by keyword.

    Raises:
        UserError: the file is missing, not readable or not a PNG.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile

    path = Path(path)
    try:
        must_be_file(path)
        with silence_pillow(), Image.open(path, formats=["PNG"]) as image:
            assert isinstance(image, PngImageFile)
            return {str(keyword): str(text) for keyword, text in image.text.items()}
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; expected a PNG file") from None
    except OSError as error:
        if error.errno is None:  # Pillow's own, of a file that ends too early
            raise UserError(f"{path} is not a PNG file that can be read") from None
        raise UserError(f"{path} cannot be read: {reason(error)}; expected a PNG file") from None
    except Exception:  # of many kinds, by what is damaged
        raise UserError(f"{path} is not a PNG file that can be read") from None


def encode_png(image: NDArray[np.uint8], scale: int, metadata: Mapping[str, str]) -> bytes:
    """A PNG of uint8 (h, w, 3); see `save_png` for the rest.

    Raises:
        UserError: ``scale`` would make it larger than `MAX_SIDE` pixels a side, or is no whole number from 1.
        ValueError: The image has another shape or type, or a keyword is none that a PNG may have.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"an image is uint8 (h, w, 3), not {image.dtype} {image.shape}")
    largest = max(1, MAX_SIDE // max(image.shape[:2]))
    if isinstance(scale, bool) or not isinstance(scale, int) or not 1 <= scale <= largest:
        raise UserError(f"scale {scale} does not fit: expected a whole number from 1 to {largest}")
    text = PngInfo()
    for keyword, value in metadata.items():
        _check_keyword(keyword)
        text.add_text(keyword, value)
    enlarged = np.ascontiguousarray(image).repeat(scale, axis=0).repeat(scale, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(enlarged).save(buffer, format="PNG", pnginfo=text)
    return buffer.getvalue()


def _check_keyword(keyword: str) -> None:
    latin = keyword.encode("latin-1", "replace").decode("latin-1") == keyword
    if not (1 <= len(keyword) <= 79 and latin and keyword.isprintable() and keyword == keyword.strip()):
        raise ValueError(
            f"a PNG keyword is 1 to 79 printable Latin-1 characters without spaces around, not {keyword!r}"
        )


def _check_target(path: Path) -> None:
    if path.suffix.lower() != ".png":
        raise UserError(f"{path}: images are written as PNG, so the name must end in .png")
    if path.exists() and not path.is_file():  # a rename would replace a pipe or a device itself
        raise UserError(f"{path} is not a regular file; name one that is, or that does not exist yet")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn an OSError of writing to `path` into one line that says what would be right."""
    try:
        yield
    except FileExistsError:
        raise
    except FileNotFoundError:
        raise UserError(f"the folder {path.parent} does not exist; create it or name another") from None
    except NotADirectoryError:
        raise UserError(f"{path.parent} is not a folder; name one that is") from None
    except PermissionError:
        raise UserError(f"{path.parent} is not writable; name a folder that is") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written: {reason(error)}; name another place") from None
