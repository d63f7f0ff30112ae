"""How typical of the data a point is, and the way back to where they are.

Of a mixture whose components have covariances of their own, the measure is its log-density, compared with
that of draws from it. Otherwise it is the whitened norm (Mahalanobis distance), compared with the shell that
was measured over the data: kernels about a few hundred examples say little of how probable all others are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Coordinates, Latent, generator, vectors
from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import LatentSpace

BEYOND, EDGE, CENTRAL = 0.001, 0.05, 0.95
"""Percentiles, as shares: below the first a point is beyond the data, below the second at their edge."""

_DRAWS = 4000  # so that one in a thousand is four of them
_QUANTILE_DEVIATIONS = 1.6449  # of a normal distribution from its median to its 95 % quantile
_HALVINGS = 40


class Place(Enum):
    """Where a point lies with respect to the data, in words for people."""

    BEYOND = "beyond the data"
    EDGE = "at the edge of the data"
    TYPICAL = "typical"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True)
class Typicality:
    """How typical a point is.

    Attributes:
        percentile: Share of the data that is less typical, 0 to 1.
        place: The same in words.
    """

    percentile: float
    place: Place

    def __str__(self) -> str:
        """For a status line: ``"typical 71 %"``, or ``"beyond the data"``."""
        if self.place is Place.BEYOND:
            return str(self.place.value)
        return f"typical {self.percentile:.0%}".replace("%", " %")


class TypicalityScale:
    """Judges points of one space. The first call draws from a mixture, in 10 to 100 ms; later ones are fast.

    Args:
        space: The model's.
    """

    def __init__(self, space: LatentSpace) -> None:
        self._space = space
        mixture = space.mixture
        self._mixture = mixture if mixture is not None and len(mixture.factors) == len(mixture) else None

    def percentiles(self, z: ArrayLike) -> Coordinates:
        """Share of the data that is less typical than each point: z (..., d) to float64 (...), 0 to 1."""
        points = vectors(z, self._space.dim, "z")
        if self._mixture is not None:
            below = np.searchsorted(self._reference, self._mixture.log_density(points))
            return np.asarray(below / len(self._reference), np.float64)
        low, median, high = self._space.shell
        norm = np.linalg.norm(self._space.whiten(points), axis=-1)
        scale = np.where(norm > median, high - median, median - low) / _QUANTILE_DEVIATIONS
        deviations = (norm - median) / np.maximum(scale, 1e-9)
        return np.asarray([0.5 * math.erfc(each / math.sqrt(2)) for each in np.ravel(deviations)]).reshape(
            deviations.shape
        )

    def judge(self, z: ArrayLike) -> Typicality:
        """How typical one point z (d,) is."""
        share = float(self.percentiles(z))
        if share < BEYOND:
            return Typicality(share, Place.BEYOND)
        if share < EDGE:
            return Typicality(share, Place.EDGE)
        central = share > CENTRAL and self._mixture is None  # the middle of a cluster is no average of all
        return Typicality(share, Place.CENTRAL if central else Place.TYPICAL)

    @property
    def reference(self) -> Coordinates | None:
        """Rising log-densities that points are compared with; None where the norm is the measure."""
        return None if self._mixture is None else self._reference

    @cached_property
    def _mean_percentiles(self) -> Coordinates:
        """How typical the components' own means are: those of rare or wide ones need not be."""
        assert self._mixture is not None
        return self.percentiles(self._mixture.means)

    @cached_property
    def _reference(self) -> Coordinates:
        """Log-densities of draws from the mixture, rising."""
        assert self._mixture is not None
        return np.sort(self._mixture.log_density(_draws(self._mixture, _DRAWS)))

    def pull_back(self, z: ArrayLike, percentile: float = 0.5) -> Latent:
        """The point drawn in to where it is at least as typical as this share of the data, float32 (d,).

        On a straight line in whitened coordinates, to the mean of all or, in a mixture, of the component that
        it most likely belongs to, of those whose means are as typical. A point that is so already stays,
        to the bit; so one pull is enough.
        """
        here = np.array(z, np.float32)
        if float(self.percentiles(here)) >= percentile:
            return here
        centre = np.asarray(self._space.mean, np.float64)
        if self._mixture is not None:
            typical = self._mean_percentiles >= percentile
            likely = np.where(typical | ~typical.any(), self._mixture.log_densities(here), -np.inf)
            centre = self._mixture.means[int(np.argmax(likely))].astype(np.float64)
        keep, drop = 0.0, 1.0  # shares of the way out: typical enough, and not
        for _ in range(_HALVINGS):
            middle = (keep + drop) / 2
            point = (centre + middle * (here - centre)).astype(np.float32)
            keep, drop = (middle, drop) if float(self.percentiles(point)) >= percentile else (keep, middle)
        return np.asarray(centre + keep * (here - centre), np.float32)


def _draws(mixture: GaussianMixture, count: int) -> Latent:
    """Draws whose bits need not be the same on every machine, component by component."""
    rng = generator(0)
    weights = mixture.weights.astype(np.float64)
    draws = [
        mixture.unwhiten(rng.standard_normal((size, mixture.dim)), component)
        for component, size in enumerate(rng.multinomial(count, weights / weights.sum()))
    ]
    return np.concatenate(draws).astype(np.float32)


def truncate(space: LatentSpace, z: ArrayLike, psi: float) -> Latent:
    """Draw a point in towards its centre: psi 1 leaves it, 0 is the centre; (..., d) to float32 (..., d).

    The truncation trick of Karras et al. 2019 (arXiv:1812.04948, section B), towards the component of a
    mixture that the point belongs to (Mokady et al. 2022, arXiv:2202.12211), so that variety stays.

    Raises:
        ValueError: psi is not between 0 and 1.
    """
    if not 0 <= psi <= 1:
        raise ValueError(f"truncation must lie between 0 and 1, not {psi}")
    points = vectors(z, space.dim, "z")
    if psi == 1:
        return np.asarray(z, np.float32)
    centre = np.asarray(space.mean, np.float64)
    if space.mixture is not None:
        centre = space.mixture.means[np.argmax(space.mixture.log_densities(points), axis=-1)]
    return np.asarray(centre + psi * (points - centre), np.float32)
