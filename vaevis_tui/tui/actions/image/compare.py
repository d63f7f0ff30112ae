"""Comparing what is on show with something else beside it: the point before, the original, a marked point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from textual.geometry import Region

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.actions.point.keepsakes import KeepsakeActions
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.layout import NOWHERE
from vaevis_tui.tui.panels.tile_image import ComposedFrame

OWNER, PRIORITY = "compare", 0


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What is shown beside the image.

    Attributes:
        title: For people.
        z: float32 (d,), to be decoded; or None.
        image: uint8 (h, w, 3), where it need not be decoded; or None.
    """

    title: str
    z: NDArray[np.float32] | None = None
    image: NDArray[np.uint8] | None = None


class CompareActions:
    """The image of a reference beside that of the point, or how much they differ."""

    def __init__(self, work: Workspace, keepsakes: KeepsakeActions) -> None:
        self._work = work
        self._keepsakes = keepsakes
        self.on = False
        """Whether something is shown beside the image."""
        self._choice = 0
        """Twice the number of the reference, and one more for the difference."""
        self.original: tuple[Exploration, Reference] | None = None
        """The picture that was searched for last."""
        self._z = b""
        self._ticket = 0
        self._image: NDArray[np.uint8] | None = None

    def toggle(self) -> None:
        """Show something beside the image, or the image alone."""
        self._find_original()
        exploration = self._work.exploration
        if exploration is not None and not self._references(exploration):
            self._work.say("Nothing to compare with yet: move, and x shows the point before beside this one")
            return
        self.on = not self.on
        self._work.lay_out()

    def next(self) -> None:
        """Compare with something else, or show the difference."""
        exploration = self._work.exploration
        if exploration is None or not self.on:
            self.toggle()
            return
        self._choice = (self._choice + 1) % max(2 * len(self._references(exploration)), 1)
        self.follow()

    def _find_original(self) -> None:
        """Make the picture that the program was started with one to compare with."""
        exploration, picture = self._work.exploration, self._work.settings.picture
        if exploration is None or picture is None or self.original is not None:
            return
        if exploration.ref == self._work.settings.model:
            bundle = exploration.bundle
            size = bundle.image_height, bundle.image_width
            image = picture.fitted(*size, grey=bundle.channels == 1)
            self.original = exploration, Reference(picture.path.name, image=image)

    def _references(self, exploration: Exploration) -> list[Reference]:
        """What there is to compare with, the most obvious first."""
        references: list[Reference] = []
        if self.original is not None and self.original[0] is exploration:
            references.append(self.original[1])
        if exploration.state.past:
            references.append(Reference("before", exploration.state.past[-1]))
        keepsakes = self._keepsakes.known
        marks = keepsakes.marks if keepsakes else None
        for name, marked in (("A", marks.a), ("B", marks.b)) if marks else ():
            references += [Reference(f"{name}: {mark.label or 'marked'}", mark.z) for mark in marked[:1]]
        return references

    def set_original(self, exploration: Exploration, title: str, image: NDArray[np.uint8]) -> None:
        """Compare with a picture from now on."""
        self.original = exploration, Reference(title, image=image)
        self._choice, self.on = 0, True
        self._work.lay_out()

    def divide(self, region: Region) -> tuple[Region, Region]:
        """The regions of the reference and of the image, from what both have together."""
        if not self.on:
            return NOWHERE, region
        left, right = region.split_vertical(region.width // 2)
        return left, right

    def follow(self) -> None:
        """Show the reference, or how much the image differs from it."""
        exploration = self._work.exploration
        if exploration is None or not self.on:
            return
        references = self._references(exploration)
        if not references:
            return
        reference = references[self._choice // 2 % len(references)]
        differs = bool(self._choice % 2)
        title = f"difference to {reference.title}" if differs else reference.title
        self._work.widgets.compare_frame.titled = title
        if reference.z is not None:
            point = exploration.points(reference.z[None])
            if point.tobytes() != self._z:
                ticket = self._work.request_tiles(OWNER, point, PRIORITY)
                self._z, self._ticket = (point.tobytes(), ticket) if ticket else (b"", 0)
                self._image = None
        image = reference.image if reference.z is None else self._image
        if image is None:
            return
        newest = self._work.newest.image if self._work.newest is not None else None
        if differs and newest is not None and newest.shape == image.shape:
            image = np.abs(newest.astype(np.int16) - image).astype(np.uint8)
        compared = self._work.widgets.compared
        shown = compared.presented
        if compared.waiting or shown is None or not np.array_equal(shown.image, image):
            compared.show(ComposedFrame(image))

    def take_tiles(self, tiles: TilesDecoded) -> None:
        """The image of the reference."""
        if tiles.ticket == self._ticket and tiles.exploration is self._work.exploration:
            self._image = tiles.images[0]
            self.follow()
