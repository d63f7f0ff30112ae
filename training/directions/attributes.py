"""What can be measured of an image from its pixels alone, one number each: attributes of digits and dogs.

Each function takes images as uint8 (n, h, w, 3) and gives float64 (n,). Places in a face are shares of the
image's side: the faces are aligned by eyes and nose, see `training.tasks.dogs.photographs.dogfacenet`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


Values = NDArray[np.float64]


Measure = Callable[[Pixels], Values]


_BLOCK = 500
"""Images measured at once: as float32, 100 MB of them at 128x128."""


@dataclass(frozen=True)
class Attribute:
    """Something that an image has more or less of.

    Attributes:
        name: As the row of the explorer shows it.
        low: What one sees where there is little of it.
        high: What one sees where there is much of it.
        measure: From images to how much they have.
        controls: Attributes that are to stay as they are meanwhile.
        transform: Makes images that have more of it, for an attribute that is made rather than measured: then
            ``measure`` is not used.
    """

    name: str
    low: str
    high: str
    measure: Measure
    controls: tuple[Attribute, ...] = field(default=())
    transform: Callable[[Pixels], Pixels] | None = None

    def of(self, images: Pixels) -> Values:
        """How much of it images have, float64 (n,)."""
        starts = range(0, len(images), _BLOCK)
        return np.concatenate([self.measure(images[start : start + _BLOCK]) for start in starts])


def _ink(images: Pixels) -> Values:
    return images[..., 0].astype(np.float64) / 255


def thickness(images: Pixels) -> Values:
    """Width of the stroke in pixels: twice the ink over the length of its outline (total variation)."""
    ink = _ink(images)
    across, down = np.diff(ink, axis=2)[:, :-1], np.diff(ink, axis=1)[:, :, :-1]
    outline = np.sqrt(across**2 + down**2).sum(axis=(1, 2))
    return np.asarray(2 * ink.sum(axis=(1, 2)) / np.maximum(outline, 1e-6))


def _moments(images: Pixels) -> tuple[Values, Values, Values]:
    """Central second moments of the ink in pixels²: xx, yy, xy."""
    ink = _ink(images)
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]].astype(np.float64)
    mass = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    dx = x - ((ink * x).sum(axis=(1, 2)) / mass)[:, None, None]
    dy = y - ((ink * y).sum(axis=(1, 2)) / mass)[:, None, None]
    xx, yy, xy = ((ink * product).sum(axis=(1, 2)) / mass for product in (dx * dx, dy * dy, dx * dy))
    return xx, np.maximum(yy, 1e-6), xy


def slant(images: Pixels) -> Values:
    """Shear to the right: pixels by which the ink moves to the right a pixel up."""
    _, yy, xy = _moments(images)
    return -xy / yy


def width(images: Pixels) -> Values:
    """Standard deviation of the ink across in pixels, with the slant taken out."""
    xx, yy, xy = _moments(images)
    return np.sqrt(np.maximum(xx - xy**2 / yy, 0))


def size(images: Pixels) -> Values:
    """Geometric mean of the ink's standard deviations across and down in pixels, the slant taken out."""
    return np.sqrt(width(images) * np.sqrt(_moments(images)[1]))


DIGITS = (
    Attribute("thickness", "thin", "thick", thickness),
    Attribute("slant", "slants left", "slants right", slant),
    Attribute("width", "narrow", "wide", width),
    Attribute("size", "small", "large", size),
)


def _luma(images: Pixels) -> NDArray[np.float32]:
    return np.asarray(images.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))


def _warm(images: Pixels) -> NDArray[np.float32]:
    """Cr - Cb of ITU-R BT.601: orange is high, blue is low."""
    luma = _luma(images)
    return np.asarray((images[..., 0] - luma) / 1.402 - (images[..., 2] - luma) / 1.772)


def _green(images: Pixels) -> NDArray[np.float32]:
    """-(Cr + Cb): green is high, magenta is low."""
    luma = _luma(images)
    return np.asarray((luma - images[..., 0]) / 1.402 + (luma - images[..., 2]) / 1.772)


def _red(images: Pixels) -> NDArray[np.float32]:
    """Cr of ITU-R BT.601."""
    return np.asarray((images[..., 0] - _luma(images)) / 1.402)


Box = tuple[float, float, float, float]
"""Left, top, right and bottom, shares of the image's side."""


_EVERYWHERE: Box = (0, 0, 1, 1)


_FACE: Box = (0.30, 0.16, 0.70, 0.64)


_MOUTH: Box = (0.38, 0.82, 0.62, 0.98)


_MUZZLE: Box = (0.34, 0.55, 0.66, 0.80)


_FOREHEAD: Box = (0.30, 0.11, 0.70, 0.28)


_BLAZE: Box = (0.45, 0.11, 0.55, 0.47)


_BROWS: tuple[Box, Box] = ((0.24, 0.11, 0.36, 0.47), (0.64, 0.11, 0.76, 0.47))


_NOSE: Box = (0.31, 0.61, 0.69, 0.88)


_SIDES: tuple[Box, Box] = ((0, 0, 0.09, 1), (0.91, 0, 1, 1))


def _mean(plane: NDArray[np.float32], *boxes: Box) -> Values:
    """Mean over boxes of equal weight, (n, h, w) to (n,)."""
    height, width_ = plane.shape[1:]
    means = []
    for left, top, right, bottom in boxes:
        rows = slice(round(top * height), round(bottom * height))
        part = plane[:, rows, round(left * width_) : round(right * width_)]
        means.append(part.mean(axis=(1, 2), dtype=np.float64))
    return np.asarray(np.mean(means, axis=0))


def _dark_spot(images: Pixels, box: Box) -> tuple[Values, Values]:
    """Where the darkest spot in a box is, as shares of the image's side: x and y."""
    luma = _blur(_luma(images))
    height, width_ = luma.shape[1:]
    left, top = round(box[0] * width_), round(box[1] * height)
    part = luma[:, top : round(box[3] * height), left : round(box[2] * width_)].astype(np.float64)
    spread = part.std(axis=(1, 2), keepdims=True) + 1e-3
    weights = np.exp(-3 * (part - part.min(axis=(1, 2), keepdims=True)) / spread)
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    y, x = np.mgrid[: part.shape[1], : part.shape[2]]
    across = (weights * (x + left + 0.5)).sum(axis=(1, 2)) / width_
    return across, (weights * (y + top + 0.5)).sum(axis=(1, 2)) / height


def _blur(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over squares of a twentieth of the side."""
    reach = max(1, plane.shape[1] // 40)
    for axis in (1, 2):
        padding = [(0, 0)] * 3
        padding[axis] = (reach + 1, reach)
        total = np.cumsum(np.pad(plane, padding, mode="edge"), axis=axis, dtype=np.float64)
        ends = np.moveaxis(total, axis, 0)
        mean = (ends[2 * reach + 1 :] - ends[: -2 * reach - 1]) / (2 * reach + 1)
        plane = np.moveaxis(mean, 0, axis).astype(np.float32)
    return plane


ZOOM = 1.12
"""How much nearer the near images are, see `nearer`."""


def nearer(images: Pixels) -> Pixels:
    """The middle of images, enlarged to their size by `ZOOM`."""
    from PIL import Image

    height, width_ = images.shape[1:3]
    across, down = round(width_ / ZOOM), round(height / ZOOM)
    left, top = (width_ - across) // 2, (height - down) // 2
    box = (left, top, left + across, top + down)
    sizes = (width_, height)
    return np.stack(
        [np.asarray(Image.fromarray(each).resize(sizes, Image.Resampling.BICUBIC, box)) for each in images]
    )


def _not_measured(images: Pixels) -> Values:
    raise NotImplementedError("this attribute is made, not measured")


_LIGHT = Attribute("light", "dark", "light", lambda x: _mean(_luma(x), _EVERYWHERE))


_WARMTH = Attribute("warmth", "cold", "warm", lambda x: _mean(_warm(x), _EVERYWHERE))


_BACKGROUND = Attribute("background", "dark", "light", lambda x: _mean(_luma(x), *_SIDES))


_COAT = Attribute("coat", "dark", "light", lambda x: _mean(_luma(x), _FACE))


_COAT_WARMTH = Attribute("coat colour", "grey", "brown", lambda x: _mean(_warm(x), _FACE))


_LIT = Attribute(
    "light from",
    "the left",
    "the right",
    lambda x: _mean(_luma(x), (0.5, 0.16, 0.70, 0.64)) - _mean(_luma(x), (0.30, 0.16, 0.5, 0.64)),
)


def _with(attribute: Attribute, *controls: Attribute) -> Attribute:
    return Attribute(attribute.name, attribute.low, attribute.high, attribute.measure, controls)


DOGS = (
    _LIGHT,
    _WARMTH,
    _with(_COAT, _BACKGROUND),
    _with(_COAT_WARMTH, Attribute("", "", "", lambda x: _mean(_warm(x), *_SIDES))),
    Attribute("blaze", "none", "white", lambda x: _mean(_luma(x), _BLAZE) - _mean(_luma(x), *_BROWS)),
    Attribute("muzzle", "dark", "white", lambda x: _mean(_luma(x), _MUZZLE) - _mean(_luma(x), _FOREHEAD)),
    Attribute("looks", "left", "right", lambda x: _dark_spot(x, _NOSE)[0], (_LIT,)),
    Attribute("nose", "high", "low", lambda x: _dark_spot(x, _NOSE)[1], (_LIGHT,)),
    Attribute(
        "mouth",
        "closed",
        "open",
        lambda x: _mean(_red(x), _MOUTH) - _mean(_red(x), _FACE),
        (_WARMTH, _COAT_WARMTH, _LIGHT),
    ),
    Attribute("distance", "far", "near", _not_measured, transform=nearer),
    _LIT,
    _with(_BACKGROUND, _COAT),
    Attribute(
        "background colour", "red", "green", lambda x: _mean(_green(x), *_SIDES), (_WARMTH, _COAT_WARMTH)
    ),
)
