"""Closed random paths through latent space, for animations that loop seamlessly.

A path is a random Fourier series, so it is smooth everywhere, also where it closes. In whitened coordinates
it is projected onto the sphere through its start, since data of many dimensions lie on a shell. In a mixture
it runs within a component, and from time to time crosses over to a nearby one and back.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import LatentSpace

_FINE = 4  # points of the curve for each frame, from which frames at even distances are taken
_MOST_HARMONICS = 8
_SECONDS_A_COMPONENT = 4.0  # as long as a walk stays in one, with the crossing
_NEIGHBOURS = 5  # of the first component, among which the others are drawn
_MEASURED, _LARGEST, _HALVINGS = (
    256,
    64.0,
    12,
)  # of the search for a curve of some length: points, size, steps
_LEAST_RADIUS = 0.3  # of the median radius: a path that starts nearer to the mean than this is not projected


def closed_path(
    space: LatentSpace, start: Latent, rng: np.random.Generator, count: int, seconds: float, speed: float
) -> Latent:
    """A closed random path from a latent vector (d,), sampled at even distances, float32 (count, d).

    Args:
        space: The model's.
        start: The first point, exactly.
        rng: Draws the path.
        count: Number of points.
        seconds: Duration of the loop.
        speed: Whitened standard deviations a second.
    """
    length = speed * seconds
    points = max(count * _FINE, 64)
    waves = _waves(space.dim, length / space.shell[1], rng, points)
    if space.mixture is None:
        x = space.whiten(start)
        curve = _scaled_to(lambda offsets: _on_shell(x, space.shell[1], offsets), waves, length)
    else:
        tour = _MixtureTour(space.mixture, start, round(seconds / _SECONDS_A_COMPONENT), rng)
        curve = _scaled_to(lambda offsets: space.whiten(tour.path(offsets)), waves, length)
    frames = space.unwhiten(_evenly(curve, count))
    frames[0] = start
    return frames


def _waves(dim: int, radians: float, rng: np.random.Generator, points: int) -> Coordinates:
    """A random closed curve through 0, float64 (points, dim), with more harmonics the longer it is to be."""
    harmonics = np.arange(1, min(2 + int(radians / math.tau), _MOST_HARMONICS) + 1)
    turns = math.tau * np.arange(points)[:, None] / points * harmonics
    waves = np.concatenate((np.cos(turns) - 1, np.sin(turns)), axis=1) / np.tile(harmonics, 2)
    return np.asarray(waves @ rng.standard_normal((2 * harmonics.size, dim)) / math.sqrt(dim))


def _scaled_to(
    curve: Callable[[Coordinates], Coordinates], offsets: Coordinates, length: float
) -> Coordinates:
    """The curve of some length among those of scaled offsets, or the longest if none is that long."""
    coarse = offsets[:: max(1, len(offsets) // _MEASURED)]
    low, high = 0.0, 1.0
    while _length(curve(high * coarse)) < length and high < _LARGEST:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _length(curve(middle * coarse)) > length else (middle, high)
    return curve(low * offsets)


def _on_shell(x: Coordinates, radius: float, offsets: Coordinates) -> Coordinates:
    """Points x + offsets, projected to the radius of x where there is a shell."""
    points = x + offsets
    distance = float(np.linalg.norm(x))
    if x.size < 3 or distance < _LEAST_RADIUS * radius:
        return points
    return np.asarray(points * (distance / np.linalg.norm(points, axis=1, keepdims=True)))


class _MixtureTour:
    """A closed path through components of a mixture: that of the start, and some near it.

    Args:
        mixture: Of the space.
        start: Latent vector (d,).
        visits: Number of components; less than 1 counts as 1.
        rng: Chooses them.
    """

    def __init__(
        self, mixture: GaussianMixture, start: Latent, visits: int, rng: np.random.Generator
    ) -> None:
        first = int(np.argmax(mixture.log_densities(start)))
        distances = np.linalg.norm(mixture.means - mixture.means[first], axis=1)
        near = [int(i) for i in np.argsort(distances, kind="stable") if i != first][:_NEIGHBOURS]
        self._visits = [first]
        while near and len(self._visits) < visits:
            free = [i for i in near if i != self._visits[-1]] or near
            self._visits.append(free[int(rng.integers(len(free)))])
        self._mixture = mixture
        self._x = mixture.whiten(start, first)
        self._radius = LatentSpace.standard_normal(mixture.dim).shell[1]

    def path(self, offsets: Coordinates) -> Coordinates:
        """Latent vectors, float64 (n, d), along a closed curve of whitened offsets (n, d)."""
        curve = _on_shell(self._x, self._radius, offsets)
        path = np.empty_like(curve)
        borders = np.linspace(0, len(curve), len(self._visits) + 1).astype(int)
        for visit, component in enumerate(self._visits):
            leg = slice(borders[visit], borders[visit + 1])
            share = np.linspace(0, 1, leg.stop - leg.start, endpoint=False)[:, None]
            share = share * share * (3 - 2 * share)  # of the component that takes over
            here = self._mixture.unwhiten(curve[leg], component)
            there = self._mixture.unwhiten(curve[leg], self._visits[(visit + 1) % len(self._visits)])
            path[leg] = here + share * (there - here)
        return path


def _length(ring: Coordinates) -> float:
    return float(np.linalg.norm(np.diff(ring, axis=0, append=ring[:1]), axis=1).sum())


def _evenly(ring: Coordinates, count: int) -> Coordinates:
    """Points at even distances along a closed curve (n, d), the first one first: float64 (count, d)."""
    closed = np.concatenate((ring, ring[:1]))
    distances = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))))
    goals = distances[-1] * np.arange(count) / count
    return np.stack([np.interp(goals, distances, column) for column in closed.T], axis=1)
