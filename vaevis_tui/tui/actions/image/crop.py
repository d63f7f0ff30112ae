"""Choosing which part of a picture is searched for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.export.picture import PictureFile
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.tui.actions.arrows import ArrowTarget
from vaevis_tui.tui.actions.image.compare import CompareActions
from vaevis_tui.tui.actions.workspace import Workspace

STEP, ZOOM = 0.5, 1.1
"""Of what is cut off, the share that a key for 1 σ moves the crop by; and how much larger a zoom makes it."""
ROWS_A_SIGMA = 10
"""How many times ↑ or ↓ goes as far as a key for 1 σ."""


class CropActions(ArrowTarget):
    """While cropping, arrows move the crop, + - zoom, and Enter searches for what is left.

    Args:
        work: What all actions work on.
        compare: Shows the picture beside the image.
        search: Searches for the point of a picture.
        free_arrows: Ends whatever else has the arrows.
    """

    def __init__(
        self,
        work: Workspace,
        compare: CompareActions,
        search: Callable[[Exploration, PictureFile], None],
        free_arrows: Callable[[], object],
    ) -> None:
        self._work = work
        self._compare = compare
        self._search = search
        self._free_arrows = free_arrows
        self._picture: tuple[Exploration, PictureFile] | None = None
        """The picture that was opened last, with its crop."""
        self._on = False

    def set_picture(self, exploration: Exploration, picture: PictureFile) -> None:
        """Crop this picture from now on."""
        self._picture = exploration, picture

    def begin(self) -> None:
        """Let the arrows move the crop."""
        exploration = self._work.exploration
        started_with = self._work.settings.picture
        if self._picture is None and exploration is not None and started_with is not None:
            self._picture = exploration, started_with
        if self._picture is None or self._picture[0] is not exploration:
            self._work.say("Open a picture first: o asks for one")
            return
        self._free_arrows()
        self._on = True
        self._change()

    def _change(self, right: float = 0.0, down: float = 0.0, zoom: float = 1.0) -> bool:
        if not self._on or self._picture is None:
            return False
        exploration, picture = self._picture
        if exploration is not self._work.exploration:
            self._on = False
            return True
        cropped = replace(picture, crop=picture.crop.changed(right, down, zoom))
        self._picture = exploration, cropped
        self._compare.set_original(exploration, picture.path.name, fitted(cropped, exploration.bundle))
        self._work.follow_motion()
        return True

    def nudge(self, sigmas: float) -> bool:
        """Move the crop to the left or right."""
        return self._change(right=STEP * sigmas)

    def select(self, places: int) -> bool:
        """Move the crop up or down."""
        return self._change(down=STEP * places / ROWS_A_SIGMA)

    def select_page(self, pages: int) -> bool:
        """Move the crop further up or down."""
        return self.select(pages * self._work.widgets.bars.page)

    def change_speed(self, steps: int) -> bool:
        """Zoom in or out."""
        return self._change(zoom=ZOOM**steps)

    def enter(self) -> bool:
        """Search for what is cropped."""
        if not self._on or self._picture is None:
            return False
        self._on = False
        self._search(*self._picture)
        return True

    def cancel(self) -> bool:
        """Give the arrows back, and return whether they moved the crop."""
        on, self._on = self._on, False
        if on:
            self._work.follow_motion()
        return on

    @property
    def text(self) -> str:
        """That one crops, for the status line; empty while not cropping."""
        return f"cropping {self._picture[1].path.name}" if self._on and self._picture else ""


def fitted(picture: PictureFile, bundle: Bundle) -> NDArray[np.uint8]:
    """The picture as the model sees it, uint8 (h, w, 3)."""
    return picture.fitted(bundle.image_height, bundle.image_width, grey=bundle.channels == 1)
