from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from textual.geometry import Region
from textual.strip import Strip

from vaevis_tui.tui.textual_private.shown_cells import ShownCells


class Image:
    """An image that covers the cells that it covered in a larger window."""

    cells = Region(5, 0, 3, 1)

    def shows(self, row: int) -> NDArray[np.bool_]:
        return np.ones(3, np.bool_)

    def lies_above(self, row: int) -> None:
        return None

    def overwritten(self, row: int, start: int, end: int) -> None:
        pass


def test_an_image_beyond_a_window_that_became_smaller_hides_nothing() -> None:
    shown = ShownCells()
    image: Any = Image()
    shown.images.append(image)
    shown.resize(4, 1)
    assert shown.update(0, 0, Strip.blank(4), lambda strip: strip.text) != ""
    assert shown.update(0, 0, Strip.blank(4), lambda strip: strip.text) == ""
