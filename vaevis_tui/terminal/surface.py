"""What every kind of graphics can do for whoever paces images and puts them on the screen.

A *renderer* is a kind of graphics as one terminal has it: it knows how large an image is shown in a window of
cells, and with which pixels. A *surface* is one place on the screen that holds an image: it keeps what the
terminal shows there, and makes the output that changes it. There is a surface for characters, which know
about every cell what it holds, and one for each protocol that sends dots.

Everything goes to the screen by `Surface.plan`, as one string that changes what differs. What a surface draws
in cells is told apart from text by whoever draws that; what lies above cells has background in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.pixels import RGB, Pixels
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.quality import Quality

Halves = NDArray[np.uint8]
"""Colours of cells, uint8 (rows, columns, 2, 3): of the upper and of the lower half of each."""

ALL = slice(None)
"""Every column."""

Mask = NDArray[np.bool_]
"""Some cells of an image, (rows, columns)."""


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """Output that changes an image on the screen.

    Attributes:
        text: What to write; it leaves the cursor and colours anywhere.
        size: Its length in bytes of UTF-8.
        whole: Whether it is all that had to change; False if a limit cut it short.
        commit: To be called once it is written, before anything else is planned; else it has not happened.
    """

    text: str
    size: int
    whole: bool
    commit: Callable[[], None]


class Surface(Protocol):
    """An image at one place on the screen."""

    @property
    def ladder(self) -> tuple[Quality, ...]:
        """The qualities that it can be shown in, the best first."""
        ...

    @property
    def stale(self) -> bool:
        """Whether the terminal shows something else in place of a part of it."""
        ...

    def plan(
        self,
        pixels: Pixels,
        quality: Quality,
        at: tuple[int, int] = (0, 0),
        background: RGB = (0, 0, 0),
        limit: int | None = None,
        within: Mask | None = None,
    ) -> Update:
        """Output that makes the terminal show an image.

        Args:
            pixels: The image, uint8 (h, w, 3), of the size that the renderer makes it.
            quality: How faithfully.
            at: Row and column of the screen that the surface begins at, from 0.
            background: What shows in cells that the image does not fill.
            limit: Bytes to stop at where that is possible, or None.
            within: The only cells to draw, where it is drawn in cells; None for all that nothing lies on.
        """
        ...

    def halves(self, pixels: Pixels, background: RGB) -> Halves:
        """What the image looks like in half-blocks: for screenshots, and beside what cuts its rows."""
        ...

    def cover(self, covered: Mask) -> None:
        """Something lies on these cells from now on, and nothing is to be drawn there."""
        ...

    @property
    def known(self) -> Mask | None:
        """Which cells are known to show it; None where it is not drawn in cells, but above them."""
        ...

    def forget(self, row: int | None = None, columns: slice = ALL) -> None:
        """Somebody has drawn over some cells of a row, or nobody knows what the terminal shows at all."""
        ...

    @property
    def lies_in_cells(self) -> bool:
        """Whether what is drawn into its cells takes it away, and nothing else does."""
        ...

    def erase(self) -> str:
        """What takes the image off the screen where writing into its cells does not."""
        ...


class Renderer(Protocol):
    """A kind of graphics, as one terminal has it."""

    @property
    def graphics(self) -> Graphics:
        """Which."""
        ...

    @property
    def fallback(self) -> Renderer:
        """What draws the image where something lies on it: itself if it draws text, which that covers."""
        ...

    @property
    def cell(self) -> tuple[int, int]:
        """Height and width of a cell, in any unit: its proportions."""
        ...

    def most(self, columns: int, rows: int) -> tuple[int, int]:
        """Columns and rows, of so many, that an image can take at most."""
        ...

    def place(self, height: int, width: int, columns: int, rows: int) -> Placement:
        """Where an image of so many pixels goes in a window of so many cells."""
        ...

    def pixels(self, image: Pixels, place: Placement) -> Pixels:
        """An image, uint8 (h, w, 3), as its surface takes it."""
        ...

    def surface(self, place: Placement, image_id: int) -> Surface:
        """A surface there; what the terminal shows in its cells is not known.

        Args:
            place: Where `place` puts the image.
            image_id: Of an image in the terminal, where its protocol numbers them, see `KittyImage`.
        """
        ...

    def still(self, image: Pixels, columns: int, rows: int) -> str:
        """What shows an image once where the cursor is, and leaves that at the beginning of a line below.

        Args:
            image: uint8 (h, w, 3).
            columns: Width of the console in cells.
            rows: Height that there is for it in cells.
        """
        ...
