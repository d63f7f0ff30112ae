"""A mixture of Gaussians with full covariances: an aggregated posterior that has clusters.

Digits of ten classes lie in clusters; one normal distribution over them all puts much of its mass between
them, where a decoder draws ghosts. Bishop 2006, "Pattern Recognition and Machine Learning", section 9.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Coordinates, Latent, generator, ordered_product, read_only, vectors

_Which = TypeVar("_Which", int, NDArray[np.intp])
"""One component or several."""

MAX_COMPONENTS = 1024

_TYPICAL_SHARE = 0.05  # of the mixture's own mass counts as untypical
_TYPICAL_DRAWS = 2000  # to find that quantile of its log-density, to a tenth of a nat or so


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """sum_k weights[k] N(means[k], factors[k]²).

    Attributes:
        weights: Share of each component, float32 (k,), > 0, their sum 1.
        means: float32 (k, d).
        factors: Square roots of the covariances, float32 (k, d, d), symmetric and positive definite, or (1,
            d, d) where all have the same, as kernels about examples have. Of all roots it is this one that
            keeps directions: the point ``mean + x @ factor`` is moved as little as can be where x stays and
            one component gives way to a similar one.

    Raises:
        ValueError: a shape disagrees, a value is not finite, weights are not positive or do not sum to 1, a
            factor is not symmetric and positive definite, or there are more than `MAX_COMPONENTS`.
            Methods raise it for vectors of another length than d.
    """

    weights: NDArray[np.float32]
    means: Latent
    factors: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name in ("weights", "means", "factors"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float32, f"mixture {name}"))
        if self.means.ndim != 2 or 0 in self.means.shape:
            raise ValueError(f"mixture means have shape {self.means.shape}; expected (k, d), both at least 1")
        count, dim = self.means.shape
        if count > MAX_COMPONENTS:
            raise ValueError(f"the mixture has {count} components; up to {MAX_COMPONENTS} are supported")
        if self.weights.shape != (count,):
            raise ValueError(f"mixture weights have shape {self.weights.shape}; expected {(count,)}")
        if self.factors.shape not in ((count, dim, dim), (1, dim, dim)):
            shapes = f"{(count, dim, dim)} or {(1, dim, dim)}"
            raise ValueError(f"mixture factors have shape {self.factors.shape}; expected {shapes}")
        total = float(self.weights.sum(dtype=np.float64))
        if not (np.all(self.weights > 0) and abs(total - 1) < 1e-3):
            raise ValueError(f"mixture weights must be positive and sum to 1; they sum to {total:.6g}")
        self._check_factors()

    def _check_factors(self) -> None:
        largest = np.abs(self.factors).max(axis=(1, 2), keepdims=True)
        if np.any(np.abs(self.factors - self.factors.swapaxes(1, 2)) > 1e-3 * largest):
            raise ValueError("mixture factors must be symmetric")
        try:
            np.linalg.cholesky(self._factors)
        except np.linalg.LinAlgError:
            raise ValueError("mixture factors must be positive definite") from None

    @property
    def dim(self) -> int:
        """Number of dimensions d."""
        return int(self.means.shape[1])

    def __len__(self) -> int:
        return len(self.weights)

    def sample(self, rng: np.random.Generator, n: int) -> Latent:
        """Draw n points, float32 (n, d).

        As exact to the bit as `vaevis_tui.latent.space.LatentSpace.sample` says: each row draws one uniform
        deviate, which says the component, and d normal ones. Row i does not depend on n.
        """
        chosen, x = np.empty(n, np.intp), np.empty((n, self.dim))
        for row in range(n):
            chosen[row] = np.searchsorted(self._thresholds, rng.random(), side="right")
            rng.standard_normal(out=x[row])
        owned = self._own(chosen)
        for factor in np.unique(owned):
            rows = owned == factor
            x[rows] = ordered_product(x[rows], self._factors[factor])
        return (x + self.means[chosen]).astype(np.float32)

    def log_densities(self, z: ArrayLike) -> Coordinates:
        """Log-density in nats of each component times its weight: z (..., d) to float64 (..., k)."""
        points = vectors(z, self.dim, "z")
        if len(self._factors) == 1:
            return np.asarray(self._log_scales - 0.5 * self._squared_distances(points))
        found = np.empty((*points.shape[:-1], len(self)))
        for component, mean in enumerate(self.means):
            x = (points - mean) @ self._inverses[component]
            found[..., component] = self._log_scales[component] - 0.5 * np.sum(x * x, axis=-1)
        return found

    def _squared_distances(self, points: Coordinates) -> Coordinates:
        """To every mean, in deviations of the covariance that all share: (..., d) to (..., k).

        From what lies between the means and their middle, lest large squares cancel.
        """
        middle, means = self._whitened_means
        x = (points - middle) @ self._inverses[0]
        squares = np.sum(x * x, axis=-1)[..., None] + np.sum(means * means, axis=-1) - 2 * x @ means.T
        return np.asarray(np.maximum(squares, 0.0))

    @cached_property
    def _whitened_means(self) -> tuple[Coordinates, Coordinates]:
        """The middle of all means, (d,), and these from there in deviations of the covariance, (k, d)."""
        middle = self.means.mean(axis=0, dtype=np.float64)
        return middle, (self.means - middle) @ self._inverses[0]

    def log_density(self, z: ArrayLike) -> Coordinates:
        """Log-density in nats: z (..., d) to float64 (...)."""
        each = self.log_densities(z)
        largest = each.max(axis=-1)  # np.logaddexp.reduce does it pair by pair, in three times the time
        return np.asarray(largest + np.log(np.exp(each - largest[..., None]).sum(axis=-1)))

    @cached_property
    def typical_log_density(self) -> float:
        """The log-density that all but a twentieth of the mixture's mass exceeds, in nats."""
        rng = generator(0)
        if len(self._factors) == 1:  # no bit of it has to be exact, and a walk waits for it
            weights = self.weights.astype(np.float64)
            chosen = rng.choice(len(self), _TYPICAL_DRAWS, p=weights / weights.sum())
            x = rng.standard_normal((_TYPICAL_DRAWS, self.dim))
            draws = (x @ self._factors[0] + self.means[chosen]).astype(np.float32)
        else:
            draws = self.sample(rng, _TYPICAL_DRAWS)
        return float(np.quantile(self.log_density(draws), _TYPICAL_SHARE))

    def whiten(self, z: ArrayLike, component: int) -> Coordinates:
        """Coordinates in which one component is N(0, I): z (..., d) to float64 (..., d)."""
        return np.asarray(
            (vectors(z, self.dim, "z") - self.means[component]) @ self._inverses[self._own(component)]
        )

    def unwhiten(self, x: Coordinates, component: int) -> Coordinates:
        """The inverse of `whiten`, but float64 (..., d)."""
        return np.asarray(x @ self._factors[self._own(component)] + self.means[component])

    def turn(self, direction: Coordinates, component: int) -> Coordinates:
        """A change of whitened coordinates as a change of z, float64 (..., d)."""
        return np.asarray(direction @ self._factors[self._own(component)])

    def _own(self, component: _Which) -> _Which:
        """Which of the factors is a component's."""
        return component if len(self.factors) > 1 else component * 0

    @cached_property
    def _factors(self) -> Coordinates:
        return self.factors.astype(np.float64)

    @cached_property
    def _inverses(self) -> Coordinates:
        return np.asarray(np.linalg.inv(self._factors), np.float64)

    @cached_property
    def _log_scales(self) -> Coordinates:
        """Log-density of each weighted component at its mean."""
        volumes = np.linalg.slogdet(self._factors)[1]
        shares = np.log(self.weights.astype(np.float64))
        return np.asarray(shares - volumes - 0.5 * self.dim * math.log(2 * math.pi))

    @cached_property
    def _thresholds(self) -> Coordinates:
        """Up to which uniform deviate a point is of this component or one before; the last takes the rest."""
        return np.cumsum(self.weights.astype(np.float64))[:-1]
