"""Animations: latent vectors in the order of time, decoded as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.api.images import ImageArray, png_bytes

_BATCH = 32
"""Frames that are decoded at once: enough to keep both cores busy, few enough to be told to stop between."""

_NOTEBOOK_FRAMES = 12


@dataclass(frozen=True, eq=False)
class Animation:
    """Frames of equal length.

    Attributes:
        decode: Of the model, which must be open while frames are taken.
        z: Latent vectors, float32 (n, d), or (n, k, d) for k images side by side.
        rate: Frames a second.
        loop: Whether the last frame leads to the first.
    """

    decode: Callable[[NDArray[np.float32]], ImageArray]
    z: NDArray[np.float32]
    rate: float = 24.0
    loop: bool = True

    def __len__(self) -> int:
        return len(self.z)

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Frame after frame, uint8 (h, w, 3), or (h, k * w, 3) for k images side by side."""
        beside = self.z.reshape(len(self.z), -1, self.z.shape[-1])
        at_once = max(1, _BATCH // beside.shape[1])
        for start in range(0, len(beside), at_once):
            z = beside[start : start + at_once]
            images = np.asarray(self.decode(z.reshape(-1, z.shape[-1])))
            rows = images.reshape(*z.shape[:2], *images.shape[1:]).transpose(0, 2, 1, 3, 4)
            yield from rows.reshape(len(z), images.shape[1], -1, 3)

    def _repr_png_(self) -> bytes:
        """Some frames at even distances, for IPython."""
        from vaevis_tui.export.sheet import contact_sheet, draw_sheet

        chosen = np.unique(np.linspace(0, len(self) - 1, _NOTEBOOK_FRAMES).round().astype(int))
        frames = np.stack(list(Animation(self.decode, self.z[chosen]).frames()))
        images, present = contact_sheet(frames)
        return png_bytes(draw_sheet(images, present=present))
