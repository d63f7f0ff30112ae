"""What an axis does to the image: the visible effect, computed from decodes, so that every model has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.axes import AxisSet

PROBE_SIGMAS = 1.0
"""How far to either side an axis is probed: where the data still are."""


def effect_probes(
    axes: AxisSet, z: ArrayLike | None = None, rows: ArrayLike | None = None, sigmas: float = PROBE_SIGMAS
) -> Latent:
    """What to decode to see what rows do: two latents a row, float32 (k, 2, d), minus and plus.

    Args:
        axes: Whose rows are probed.
        z: About which point, (d,); None is the space's first look, an example of the data where there is one:
            about the mean, a smudge, everything does less.
        rows: Which rows, (k,); None are all, in the set's own order.
        sigmas: How far to either side.
    """
    here = axes.space.first_look if z is None else np.asarray(z, np.float32)
    chosen = np.arange(axes.count) if rows is None else np.asarray(rows)
    about = here.astype(np.float64)
    steps = np.stack([axes.step(int(row)) for row in chosen]) * sigmas
    return np.stack((about - steps, about + steps), axis=1).astype(np.float32)


def visible_effect(
    images_minus: NDArray[np.uint8], images_plus: NDArray[np.uint8], sigmas: float = PROBE_SIGMAS
) -> Coordinates:
    """Root mean square change of the image by one sigma, in levels of 255.

    Args:
        images_minus: uint8 (..., h, w, 3), decoded at ``-sigmas`` on the axis.
        images_plus: The same at ``+sigmas``.
        sigmas: How far to either side.

    Returns:
        float64 (...).
    """
    change = images_plus.astype(np.float32) - images_minus.astype(np.float32)
    return np.asarray(np.sqrt(np.mean(change * change, axis=(-3, -2, -1), dtype=np.float64)) / (2 * sigmas))
