"""What is drawn: pixels and colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An image, uint8 of shape (h, w, 3): red, green, blue."""

RGB = tuple[int, int, int]
"""One colour, 0 to 255 each."""


def checked(pixels: Pixels) -> Pixels:
    """The pixels themselves.

    Raises:
        ValueError: They have another shape or type, or there are none.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(f"pixels must be uint8 (h, w, 3), not {pixels.dtype} {pixels.shape}")
    return pixels
