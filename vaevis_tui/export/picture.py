"""Picture files of any kind, made to fit a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason
from vaevis_tui.export.pillow import silence_pillow
from vaevis_tui.reading import must_be_file

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is read; Pillow knows more, but formats from its far corners are risk without use."""

MOST_PIXELS = 4096 * 4096
"""That are kept of a picture: those of the largest model's images."""

LARGEST_LOADED = 49_000_000
"""Pixels that are decoded, of four bytes each: those of a camera of 48 megapixels. JPEG files may have more:
they are decoded smaller."""

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm")
"""Of the files that are taken from a folder."""


MOST_ZOOM = 8.0
"""Of a crop; a smaller part is a few blurred pixels."""


@dataclass(frozen=True)
class Crop:
    """Which part of a picture a model sees.

    Attributes:
        x: Of what is cut off in width, the share that is cut off on the left, 0 to 1.
        y: Of what is cut off in height, the share that is cut off on top.
        zoom: How many times smaller the part is than the largest of the same proportions, 1 to `MOST_ZOOM`.
    """

    x: float = 0.5
    y: float = 0.5
    zoom: float = 1.0

    def changed(self, right: float = 0.0, down: float = 0.0, zoom: float = 1.0) -> Crop:
        """Moved by shares of what is cut off, and zoomed by a factor, as far as there is picture."""
        return Crop(
            min(max(self.x + right, 0.0), 1.0),
            min(max(self.y + down, 0.0), 1.0),
            min(max(self.zoom * zoom, 1.0), MOST_ZOOM),
        )


@dataclass(frozen=True)
class PictureFile:
    """A picture that was read, in its own size.

    Attributes:
        path: Where it lies.
        image: Its pixels, RGB: turned as its EXIF data say, transparent parts black.
        crop: What of it a model sees.
    """

    path: Path
    image: Image
    crop: Crop = Crop()

    def fitted(self, height: int, width: int, *, grey: bool = False) -> NDArray[np.uint8]:
        """The cropped part, which has a model's proportions, resized to it.

        Args:
            height: Of the result, in pixels.
            width: Of the result, in pixels.
            grey: Whether the colours are left out, as a model of one channel does.

        Returns:
            uint8 (height, width, 3).
        """
        from PIL import Image

        image = self.image.convert("L").convert("RGB") if grey else self.image
        wide = min(image.width, image.height * width / height) / self.crop.zoom
        tall = wide * height / width
        left, top = (image.width - wide) * self.crop.x, (image.height - tall) * self.crop.y
        box = left, top, min(left + wide, image.width), min(top + tall, image.height)
        return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS, box=box))


def read_picture(path: str | Path, least: int | None = None) -> PictureFile:
    """Read a picture file.

    Args:
        path: Where it lies.
        least: Pixels of its shorter side that are needed; of a JPEG file then only so much is decoded, up to
            eight times as fast.

    Raises:
        UserError: The file is missing, not readable, or no picture.
    """
    from PIL import Image

    path = Path(path)
    try:
        must_be_file(path)
        with silence_pillow(), Image.open(path, formats=FORMATS) as file:
            if least is not None:
                file.draft("RGB", (least, least))
            _check_size(path, file)
            # Only the file's own kind of image carries the EXIF data by which it is turned.
            turned = _turned(_not_too_large(file), file)
            opaque = _eight_bit(turned).convert("RGBA")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; name a snapshot or a picture") from None
    except UserError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UserError(f"{path} has more pixels than can be read; make it smaller") from None
    except OSError as error:
        if error.errno is None:  # Pillow's own, of a file that ends too early
            raise _unreadable(path) from None
        raise UserError(f"{path} cannot be read: {reason(error)}; name a snapshot or a picture") from None
    except Exception:  # whatever the readers of seven formats raise for damaged ones
        raise _unreadable(path) from None
    black = Image.new("RGBA", opaque.size, (0, 0, 0, 255))
    return PictureFile(path, Image.alpha_composite(black, opaque).convert("RGB"))


def _check_size(path: Path, file: Image) -> None:
    """See that a file's pixels may be decoded, half as many each way where the format offers it."""
    if file.width * file.height > LARGEST_LOADED:
        file.draft(None, (file.width // 2, file.height // 2))
    if file.width * file.height > LARGEST_LOADED:
        size, most = file.width * file.height / 1e6, LARGEST_LOADED // 10**6
        raise UserError(f"{path} has {size:.0f} million pixels, which is more than {most}; make it smaller")


def _unreadable(path: Path) -> UserError:
    return UserError(f"{path} is not a picture that can be read; expected {', '.join(FORMATS)}")


def _not_too_large(file: Image) -> Image:
    """The picture, or a smaller one of one with more than `MOST_PIXELS`: copies of it are made."""
    from PIL import Image

    factor = math.ceil(math.sqrt(file.width * file.height / MOST_PIXELS))
    if factor <= 1:
        file.load()
        return file
    if file.mode in ("1", "P", "PA") or ";" in file.mode:  # numbers of colours have no mean
        return file.resize((file.width // factor or 1, file.height // factor or 1), Image.Resampling.NEAREST)
    return file.reduce(factor)


def _turned(image: Image, file: Image) -> Image:
    """The picture as the camera was held; as it lies where its EXIF data are damaged."""
    from PIL import ImageOps

    with suppress(Exception):  # of every kind, by what stands there
        image.info, tags = dict(file.info), file.getexif()
        image.getexif().update(tags)
        return ImageOps.exif_transpose(image)
    return image


def _eight_bit(image: Image) -> Image:
    """A picture whose pixels are 0 to 255: Pillow would clip those of 16 bits and fractions."""
    from PIL import Image

    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    values = np.asarray(image, np.float32)
    values = np.where(np.isfinite(values), values, 0)
    # Of fractions 1, but for those who write 0 to 255 as fractions.
    white = max(1.0, float(values.max(initial=0))) if image.mode == "F" else 65_535.0
    return Image.fromarray((np.clip(values / white, 0, 1) * 255).round().astype(np.uint8))


def read_fitted(paths: Sequence[Path], size: tuple[int, int], *, grey: bool = False) -> NDArray[np.uint8]:
    """Picture files, each made to fit; uint8 (n, height, width, 3).

    Raises:
        UserError: A file is missing, not readable, or no picture.
    """
    return np.stack([read_picture(path).fitted(*size, grey=grey) for path in paths])
