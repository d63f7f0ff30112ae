"""Motion in latent space: the arc between two points, and an endless walk through where the data lie."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.mixture_walk import ClusterCourse
from vaevis_tui.latent.random_walk import Course, course_from
from vaevis_tui.latent.space import LatentSpace

MAX_STEP_SECONDS = 0.1
"""A longer pause between two steps of a walk counts as this much: a hiccup of the clock is no jump."""

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


def unhurried_speed(space: LatentSpace) -> float:
    """A walking speed that suits the eye in any number of dimensions: the shell once round in 25 seconds.

    Returns:
        Whitened standard deviations per second: a quarter of the median radius.
    """
    return space.shell[1] / 4


class Walk:
    """An endless, smooth random walk at constant speed where the data of a latent space lie.

    That is on the typical shell of one normal distribution (see `course`), or of one component of a mixture
    after the other (see `clusters`).

    The path is a function of its length alone: a seed gives the same path at any frame rate and any speed,
    and steps only say how far along it to go (to the rounding of the machine's linear algebra; only
    `LatentSpace.sample` is exact to the bit).

    Attributes:
        speed: Whitened standard deviations per second; may be set at any time.
    """

    def __init__(self, space: LatentSpace, z: ArrayLike, rng: np.random.Generator, speed: float) -> None:
        """Begin at z (d,), anywhere.

        Raises:
            ValueError: z has another shape than (d,) or is not finite, or the speed is negative or not
                finite.
        """
        here = np.array(z, np.float32)
        if here.shape != (space.dim,) or not np.all(np.isfinite(here)):
            raise ValueError(f"z must be {space.dim} finite numbers; it has shape {here.shape}")
        here.setflags(write=False)
        self._space = space
        self._course: Course = (
            course_from(space.whiten(here), space.shell, rng)
            if space.mixture is None
            else ClusterCourse(space, space.mixture, here, rng)
        )
        self._z: Latent = here
        self._way = 0.0  # from the last knot, in the path's parameter
        self.speed = speed

    @property
    def speed(self) -> float:
        """Whitened standard deviations per second, >= 0."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(
                f"the speed must be a finite number of sigmas per second, at least 0, not {speed}"
            )
        self._speed = float(speed)

    @property
    def z(self) -> Latent:
        """Where the walk is, float32 (d,), read-only."""
        return self._z

    def step(self, dt: float) -> Latent:
        """Walk on for dt seconds and return the new z, float32 (d,), read-only.

        Time that runs backwards counts as none, a pause as at most `MAX_STEP_SECONDS`.

        Raises:
            ValueError: dt is NaN.
        """
        if math.isnan(dt):
            raise ValueError("dt is not a number")
        self._way += self._speed * min(max(dt, 0.0), MAX_STEP_SECONDS)
        while self._way >= self._course.spacing:
            self._way -= self._course.spacing
            self._course.advance()
        self._z = self._space.unwhiten(self._course.between(self._way / self._course.spacing))
        self._z.setflags(write=False)
        return self._z
