"""The contract of renderers and surfaces, which every graphics protocol and cell style fulfils.

A *renderer* is a protocol or cell style on one terminal: it decides how large an image is shown in a window
of cells, and with which pixels. A *surface* is one place on the screen that holds an image: it tracks what
the terminal shows there, and makes the output that changes it. There is one kind of surface for characters,
which tracks every cell, and one for each pixel protocol.

`Surface.plan` makes one string that changes only what differs. An image that lies above its cells, not in
them, has background in them.
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
        text: The output; it leaves cursor and colours undefined.
        size: Its length in bytes of UTF-8.
        whole: Whether it changes everything that differs; False if a limit cut it short.
        commit: Call it once the text is written, before the next plan; without it nothing has happened.
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
        """Whether the terminal may show something else in a part of it."""
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
            pixels: The image, uint8 (h, w, 3), as `Renderer.pixels` makes it.
            quality: The quality to draw.
            at: Row and column of the screen that the surface begins at, from 0.
            background: Colour of cells that the image does not fill.
            limit: Bytes to stop at where the protocol can, or None.
            within: The only cells to draw, if drawn in cells; None for all that are not covered.
        """
        ...

    def halves(self, pixels: Pixels, background: RGB) -> Halves:
        """The image in half-blocks: for screenshots, and for rows that something else cuts."""
        ...

    def cover(self, covered: Mask) -> None:
        """These cells are covered from now on, and must not be drawn."""
        ...

    @property
    def known(self) -> Mask | None:
        """Which cells are known to show the image; None if it lies above cells, not in them."""
        ...

    def forget(self, row: int | None = None, columns: slice = ALL) -> None:
        """Mark cells of a row, or all, as unknown: other output was written there."""
        ...

    @property
    def intact(self) -> Mask | None:
        """Which cells show the image that was drawn last, where text takes away the cells it is written into.

        None where it is drawn in characters, or text takes away none of it, or more.
        """
        ...

    @property
    def lies_in_cells(self) -> bool:
        """Whether writing into its cells erases it, and nothing else does."""
        ...

    def erase(self) -> str:
        """Output that erases the image where writing into its cells does not."""
        ...


class Renderer(Protocol):
    """A graphics protocol or cell style on one terminal."""

    @property
    def graphics(self) -> Graphics:
        """Which protocol or style."""
        ...

    @property
    def fallback(self) -> Renderer:
        """The renderer for an image that is covered in part: itself if it draws characters."""
        ...

    @property
    def cell(self) -> tuple[int, int]:
        """Height and width of a cell in any unit, for its aspect ratio."""
        ...

    def most(self, columns: int, rows: int) -> tuple[int, int]:
        """The most columns and rows that an image can take in a window."""
        ...

    def place(self, height: int, width: int, columns: int, rows: int) -> Placement:
        """Where an image, in pixels, goes in a window, in cells."""
        ...

    def pixels(self, image: Pixels, place: Placement) -> Pixels:
        """An image, uint8 (h, w, 3), resampled for its surface."""
        ...

    def surface(self, place: Placement, image_id: int) -> Surface:
        """A new surface, whose cells are unknown.

        Args:
            place: Where `place` puts the image.
            image_id: For protocols that number their images, see `KittyImage`.
        """
        ...

    def still(self, image: Pixels, columns: int, rows: int) -> str:
        """Output that shows an image at the cursor, and leaves the cursor at the start of a line below.

        Args:
            image: uint8 (h, w, 3).
            columns: Width of the console in cells.
            rows: Height available in cells.
        """
        ...
