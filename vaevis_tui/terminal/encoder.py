"""What turns pixels into terminal output: the protocol that half-blocks keep, and others will."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A picture, uint8 of shape (h, w, 3): red, green, blue."""

RGB = tuple[int, int, int]
"""One colour, 0 to 255 each."""


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as rows of ready-made terminal output.

    Each row can be written by itself wherever the cursor stands, while no attribute is set: it moves the
    cursor ``columns`` cells to the right, sets every colour it uses, and ends with all attributes reset. It
    holds no line feed.

    Attributes:
        rows: One string a row of cells, top to bottom.
        columns: Width of every row in cells.
        colors: The same cells as colours, uint8 of shape (rows, columns, 2, 3): upper and lower half of each
            as the terminal shows them, for whoever must draw the picture by other means (a screenshot, an
            overlay that cuts it).
        sizes: Length of each row in bytes of UTF-8.
    """

    rows: tuple[str, ...]
    columns: int
    colors: NDArray[np.uint8]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        """Length of all rows in bytes of UTF-8."""
        return sum(self.sizes)


class PictureEncoder(Protocol):
    """Turns pixels of the size that `layout.fit` chose into rows of terminal output."""

    def encode(self, pixels: Pixels, background: RGB = (0, 0, 0)) -> EncodedPicture:
        """Encode pixels, uint8 (h, w, 3), a cell being one pixel wide and two pixels high.

        Args:
            pixels: The picture, at the size it is shown at.
            background: What shows in the lower half of the last row where the height is odd.
        """
        ...
