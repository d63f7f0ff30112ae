"""Comparing what is on show with something else beside it: the point before, the original, a marked point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from textual.geometry import Region

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.actions.keepsakes import KeepsakeActions
from vaevis_tui.tui.live_image import LiveImage
from vaevis_tui.tui.panels.tile_image import ComposedFrame
from vaevis_tui.tui.panels.titled_frame import TitledFrame

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


class CompareActions(KeepsakeActions):
    """The image of a reference beside that of the point, or how much they differ."""

    _compared: LiveImage
    _compare_frame: TitledFrame
    _compare_open = False
    _compare_choice = 0
    """Twice the number of the reference, and one more for the difference."""
    _original: tuple[Exploration, Reference] | None = None
    """The picture that was searched for last."""
    _reference_z: bytes = b""
    _reference_ticket = 0
    _reference_image: NDArray[np.uint8] | None = None

    def action_compare(self) -> None:
        """Show something beside the image, or the image alone."""
        self._know_original()
        if self._exploration is not None and not self._references(self._exploration):
            self.say("Nothing to compare with yet: move, and x shows the point before beside this one")
            return
        self._compare_open = not self._compare_open
        self._arrange()

    def action_compare_next(self) -> None:
        """Compare with something else, or show the difference."""
        exploration = self._exploration
        if exploration is None or not self._compare_open:
            self.action_compare()
            return
        self._compare_choice = (self._compare_choice + 1) % max(2 * len(self._references(exploration)), 1)
        self._show_reference()

    def _know_original(self) -> None:
        """Make the picture that the program was started with one to compare with."""
        exploration, picture = self._exploration, self._settings.picture
        if exploration is None or picture is None or self._original is not None:
            return
        if exploration.ref == self._settings.model:
            bundle = exploration.bundle
            size = bundle.image_height, bundle.image_width
            image = picture.fitted(*size, grey=bundle.channels == 1)
            self._original = exploration, Reference(picture.path.name, image=image)

    def _references(self, exploration: Exploration) -> list[Reference]:
        """What there is to compare with, the most obvious first."""
        references: list[Reference] = []
        if self._original is not None and self._original[0] is exploration:
            references.append(self._original[1])
        if exploration.state.past:
            references.append(Reference("before", exploration.state.past[-1]))
        marks = self._keepsakes.marks if self._keepsakes else None
        for name, marked in (("A", marks.a), ("B", marks.b)) if marks else ():
            references += [Reference(f"{name}: {mark.label or 'marked'}", mark.z) for mark in marked[:1]]
        return references

    def _set_original(self, exploration: Exploration, title: str, image: NDArray[np.uint8]) -> None:
        """Compare with a picture from now on."""
        self._original = exploration, Reference(title, image=image)
        self._compare_choice, self._compare_open = 0, True
        self._arrange()

    def _divide_image(self, region: Region) -> tuple[Region, Region]:
        """The regions of the reference and of the image, from what both have together."""
        if not self._compare_open:
            return Region(0, 0, 0, 0), region
        left, right = region.split_vertical(region.width // 2)
        return left, right

    def _show_reference(self) -> None:
        exploration = self._exploration
        if exploration is None or not self._compare_open:
            return
        references = self._references(exploration)
        if not references:
            return
        reference = references[self._compare_choice // 2 % len(references)]
        differs = bool(self._compare_choice % 2)
        self._compare_frame.titled = f"difference to {reference.title}" if differs else reference.title
        if reference.z is not None:
            point = exploration.points(reference.z[None])
            if point.tobytes() != self._reference_z:
                ticket = self._request_tiles(OWNER, point, PRIORITY)
                self._reference_z, self._reference_ticket = (point.tobytes(), ticket) if ticket else (b"", 0)
                self._reference_image = None
        image = reference.image if reference.z is None else self._reference_image
        if image is None:
            return
        newest = self._newest.image if self._newest is not None else None
        if differs and newest is not None and newest.shape == image.shape:
            image = np.abs(newest.astype(np.int16) - image).astype(np.uint8)
        shown = self._compared.presented
        if self._compared.waiting or shown is None or not np.array_equal(shown.image, image):
            self._compared.show(ComposedFrame(image))

    def _take_reference(self, tiles: TilesDecoded) -> None:
        if tiles.ticket == self._reference_ticket:
            self._reference_image = tiles.images[0]
            self._show_reference()
