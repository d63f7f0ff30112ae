"""Spherical interpolation: the arc between two latent vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Coordinates

_NEARLY_PARALLEL = 1e-6  # sine of the angle below which an arc and its chord agree to float64's rounding


def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Coordinates:
    """Spherical linear interpolation: the direction turns evenly from a to b while the norm goes evenly too.

    On vectors of equal norm this is the great arc of Shoemake 1985 ("Animating rotation with quaternion
    curves"); White 2016 (arXiv:1609.04468) says why latent vectors should be joined by arcs: a chord passes
    through norms that the data never have. Between latent vectors of a model, interpolate
    ``space.whiten(z)``.

    Opposite vectors have no one arc between them: the one taken is the same at each call. Vectors that are
    parallel, or zero, are joined by the chord.

    Args:
        a: Start, (..., d).
        b: End, (..., d).
        t: Share of the way, a number or an array (...) that broadcasts against the vectors; 0 gives a, 1
            gives b.

    Returns:
        float64 of the broadcast shape (..., d).
    """
    start, end = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    share = np.asarray(t, np.float64)[..., None]
    norm_start = np.linalg.norm(start, axis=-1, keepdims=True)
    norm_end = np.linalg.norm(end, axis=-1, keepdims=True)
    zero = (norm_start == 0) | (norm_end == 0)
    unit_start = start / np.where(zero, 1, norm_start)
    unit_end = end / np.where(zero, 1, norm_end)
    cosine = np.sum(unit_start * unit_end, axis=-1, keepdims=True)
    side = unit_end - cosine * unit_start
    sine = np.linalg.norm(side, axis=-1, keepdims=True)
    opposite = (cosine < 0) & (sine < _NEARLY_PARALLEL) & (start.shape[-1] > 1)
    side = side / np.where(sine == 0, 1, sine)
    if np.any(opposite):
        side = np.where(opposite, _perpendicular(unit_start), side)
    angle = share * np.arctan2(sine, cosine)
    direction: Coordinates = np.cos(angle) * unit_start + np.sin(angle) * side
    arc: Coordinates = ((1 - share) * norm_start + share * norm_end) * direction
    chord = (1 - share) * start + share * end
    straight = zero | ((sine < _NEARLY_PARALLEL) & ~opposite)
    return np.asarray(np.where(straight, chord, arc), np.float64)


def _perpendicular(unit: Coordinates) -> Coordinates:
    """A unit vector at right angles to each, (..., d), d >= 2: from the coordinate axis it leans on least."""
    axis = np.zeros_like(unit)
    np.put_along_axis(axis, np.argmin(np.abs(unit), axis=-1, keepdims=True), 1.0, axis=-1)
    axis -= np.sum(axis * unit, axis=-1, keepdims=True) * unit
    return np.asarray(axis / np.linalg.norm(axis, axis=-1, keepdims=True), np.float64)
