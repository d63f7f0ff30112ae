"""Decoded images as an array that a notebook shows as a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NOTEBOOK_SIDE = 256
"""Pixels to which the longer side of a single image is enlarged at least, by a whole number."""

_NOTEBOOK_IMAGES = 64
"""Images of an array that are shown."""


class ImageArray(np.ndarray[Any, np.dtype[np.uint8]]):
    """An array like any other; uint8 (h, w, 3), (n, h, w, 3) and (rows, columns, h, w, 3) show as images."""

    def _repr_png_(self) -> bytes | None:
        """PNG bytes for IPython, or None where this is no image (a mean, a slice of columns)."""
        array = np.asarray(self)
        if array.dtype != np.uint8 or array.ndim not in (3, 4, 5) or array.shape[-1] != 3 or not array.size:
            return None
        return png_bytes(_arranged(array))


def _arranged(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from vaevis_tui.export.sheet import contact_sheet, draw_sheet

    if array.ndim == 3:
        scale = max(1, _NOTEBOOK_SIDE // max(array.shape[:2]))
        return array.repeat(scale, axis=0).repeat(scale, axis=1)
    if array.ndim == 4:
        images, present = contact_sheet(array[:_NOTEBOOK_IMAGES])
        return draw_sheet(images, present=present)
    return draw_sheet(array)


def as_images(array: NDArray[np.uint8]) -> ImageArray:
    """The same array, without a copy."""
    return array.view(ImageArray)


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A PNG of uint8 (h, w, 3)."""
    from vaevis_tui.export.sheet import to_image

    buffer = io.BytesIO()
    to_image(image).save(buffer, format="PNG")
    return buffer.getvalue()
