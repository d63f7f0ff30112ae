"""The latent space of one model as its data occupy it: statistics, principal axes, anchors, typical shell.

A VAE's encoder maps example x_i to a normal distribution q(z | x_i). Their average over the data, the
*aggregated posterior* q(z) = E_i q(z | x_i) (Makhzani et al. 2015, arXiv:1511.05644; Hoffman and Johnson
2016, "ELBO surgery"), is where decoded points look like data. Here it is held by its moments, as a normal
distribution with full covariance, and where that is not enough as a mixture of such ones beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import (
    Coordinates,
    Latent,
    generator,
    ordered_product,
    read_only,
    unfit_latents,
    vectors,
)
from vaevis_tui.latent.directions import Directions
from vaevis_tui.latent.mixture import GaussianMixture

SHELL_QUANTILES = (0.05, 0.50, 0.95)
"""Which quantiles of the whitened norm `LatentSpace.shell` holds."""

_FIT_ROWS = 4096  # rows of a fit whitened at once: 8 MB at d = 256


@dataclass(frozen=True, eq=False)
class Anchors:
    """Named points of a latent space: examples of the data, or modes of a class.

    Attributes:
        z: Latent vectors, float32 (k, d); k may be 0.
        labels: One name a point, e.g. ``"7"`` or ``"dog 1042"``.
        indices: Index of the example in its data set, int64 (k,); -1 for the mode of a class.

    Raises:
        ValueError: shapes disagree, or z holds NaN or infinities.
    """

    z: Latent
    labels: tuple[str, ...]
    indices: NDArray[np.int64]

    def __post_init__(self) -> None:
        z = read_only(self.z, np.float32, "anchors' z")
        indices = read_only(self.indices, np.int64, "anchors' indices")
        if z.ndim != 2:
            raise ValueError(f"anchors' z has shape {z.shape}; expected (k, d)")
        if len(self.labels) != len(z) or indices.shape != (len(z),):
            counts = f"{len(self.labels)} labels and indices of shape {indices.shape}"
            raise ValueError(f"{len(z)} anchors need as many labels and indices, not {counts}")
        object.__setattr__(self, "z", z)
        object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
        object.__setattr__(self, "indices", indices)

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def none(cls, dim: int) -> Self:
        """No anchors in a space of `dim` dimensions."""
        return cls(np.zeros((0, dim), np.float32), (), np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class LatentSpace:
    """The aggregated posterior of one model and the typical shell that holds its mass.

    The posterior has mean ``mean`` and covariance ``axes^T diag(axis_variances) axes``; it is the normal
    distribution of these moments, or ``mixture``. Arrays are converted to the types below and made read-only.

    Attributes:
        mean: Mean of the aggregated posterior, float32 (d,).
        std: Its standard deviation per dimension, float32 (d,), > 0: the unit of sliders.
        kl: Mean KL divergence of q(z_j | x) from N(0, 1) per dimension in nats, float32 (d,): how much each
            tells.
        axes: Principal axes, float32 (d, d): orthonormal rows, by falling variance.
        axis_variances: Variance along each axis, float32 (d,), > 0, falling.
        anchors: Named points.
        shell: 5, 50 and 95 % quantiles of the whitened norm ``|whiten(z)|`` over the posterior: the typical
            shell. In many dimensions it is thin and far from the mean, about sqrt(d).
        mixture: The posterior as a mixture, from which random points and walks come then; None where one
            normal distribution is all that is known.
        directions: Named directions; None where there are none.

    Raises:
        ValueError: a shape disagrees, a value is not finite, a deviation is not positive, the axes are not
            orthonormal, or the shell does not rise. Methods raise it for vectors of another length than d.
    """

    mean: Latent
    std: Latent
    kl: Latent
    axes: NDArray[np.float32]
    axis_variances: NDArray[np.float32]
    anchors: Anchors
    shell: tuple[float, float, float]
    mixture: GaussianMixture | None = None
    directions: Directions | None = None

    def __post_init__(self) -> None:
        for name in ("mean", "std", "kl", "axes", "axis_variances"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float32, name))
        shell: Sequence[float] = np.asarray(self.shell, np.float64).tolist()
        object.__setattr__(self, "shell", tuple(shell))
        self._check_shapes()
        self._check_values()

    def _check_shapes(self) -> None:
        if self.mean.ndim != 1 or self.mean.size == 0:
            raise ValueError(f"mean has shape {self.mean.shape}; expected (d,) with d at least 1")
        d = self.dim
        shapes = {"std": (d,), "kl": (d,), "axes": (d, d), "axis_variances": (d,)}
        for name, expected in shapes.items():
            if getattr(self, name).shape != expected:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}; expected {expected}")
        if self.anchors.z.shape[1] != d:
            raise ValueError(f"anchors have {self.anchors.z.shape[1]} dimensions; expected {d}")
        if self.mixture is not None and self.mixture.dim != d:
            raise ValueError(f"the mixture has {self.mixture.dim} dimensions; expected {d}")
        if self.directions is not None and self.directions.dim != d:
            raise ValueError(f"directions have {self.directions.dim} dimensions; expected {d}")

    def _check_values(self) -> None:
        for name in ("mean", "std"):
            if unfit := unfit_latents(getattr(self, name)):
                raise ValueError(f"{name} {unfit}")
        for name in ("std", "axis_variances"):
            if not np.all(getattr(self, name) > 0):
                raise ValueError(f"{name} must be positive; its least value is {np.min(getattr(self, name))}")
        if np.any(np.diff(self.axis_variances) > 1e-6 * self.axis_variances[0]):
            raise ValueError("axis_variances must fall from axis to axis")
        axes = self.axes.astype(np.float64)
        skew = float(np.max(np.abs(axes @ axes.T - np.eye(self.dim))))
        if skew > 1e-3:
            raise ValueError(f"axes must be orthonormal rows; they are off by {skew:.3g}")
        low, median, high = self.shell
        if not (math.isfinite(high) and 0 <= low <= median <= high and high > 0):
            raise ValueError(
                f"shell must be rising quantiles of a norm (low, median, high), not {self.shell}"
            )

    @property
    def dim(self) -> int:
        """Number of latent dimensions d."""
        return self.mean.size

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Dimensions by falling KL, the most informative first, int (d,); equal ones keep their order."""
        return np.argsort(-self.kl, kind="stable")

    @property
    def first_look(self) -> Latent:
        """Where to begin to look, float32 (d,): the first anchor that is an example, else the mean.

        An example decodes to something; the mean of ten digits decodes to a smudge.
        """
        examples = np.flatnonzero(self.anchors.indices >= 0)
        return self.anchors.z[examples[0]] if examples.size else self.mean

    def to_sigma(self, z: ArrayLike) -> Coordinates:
        """Standard deviations from the mean, per dimension: z (..., d) to float64 (..., d)."""
        return (vectors(z, self.dim, "z") - self.mean) / self.std.astype(np.float64)

    def from_sigma(self, sigma: ArrayLike) -> Latent:
        """The inverse of `to_sigma`, float32 (..., d)."""
        return (vectors(sigma, self.dim, "sigma") * self.std + self.mean).astype(np.float32)

    def whiten(self, z: ArrayLike) -> Coordinates:
        """Coordinates along the principal axes, each in its own deviations: z (..., d) to float64 (..., d).

        The aggregated posterior has mean 0 and covariance I there.
        """
        return (vectors(z, self.dim, "z") - self.mean) @ self._whitening

    def unwhiten(self, x: ArrayLike) -> Latent:
        """The inverse of `whiten`, float32 (..., d)."""
        return (vectors(x, self.dim, "x") @ self.axis_steps + self.mean).astype(np.float32)

    def sample(self, seed: int | np.random.Generator, n: int = 1) -> Latent:
        """Draw from the aggregated posterior, float32 (n, d): the mixture, or N(mean, full covariance).

        A seed means ``Generator(PCG64(seed))``. The same seed gives the same z on every machine, bit for bit:
        deviates come from NumPy's ziggurat (unchanged since 1.17), and everything after is float64
        multiplication and addition, elementwise and in a fixed order (no BLAS, whose order depends on the
        processor), rounded once to float32. What is left open is the C library's ``log1p``, which the
        ziggurat calls for one deviate in 3,900, those beyond 3.65 sigma: a library that rounds its last bit
        otherwise moves such a z by one float32 step with probability of about 1e-8. Row i does not depend on
        n.

        Raises:
            ValueError: n or the seed is negative.
        """
        if n < 0:
            raise ValueError(f"n must be at least 0, not {n}")
        rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
        if self.mixture is not None:
            return self.mixture.sample(rng, n)
        x = rng.standard_normal((n, self.dim))
        return (ordered_product(x, self.axis_steps) + self.mean).astype(np.float32)

    @classmethod
    def standard_normal(cls, dim: int) -> Self:
        """The prior N(0, I) of `dim` dimensions, all that is known of a bare decoder: no anchors, KL 0.

        Raises:
            ValueError: dim is less than 1.
        """
        if dim < 1:
            raise ValueError(f"a latent space needs at least 1 dimension, not {dim}")
        low, median, high = (chi_quantile(p, dim) for p in SHELL_QUANTILES)
        ones = np.ones(dim, np.float32)
        zeros = np.zeros(dim, np.float32)
        return cls(
            zeros, ones, zeros, np.eye(dim, dtype=np.float32), ones, Anchors.none(dim), (low, median, high)
        )

    @classmethod
    def from_posteriors(
        cls,
        means: ArrayLike,
        variances: ArrayLike,
        *,
        seed: int = 0,
        anchors: Anchors | None = None,
        mixture: GaussianMixture | None = None,
    ) -> Self:
        """Fit the aggregated posterior to an encoder's outputs.

        Mean E[mu]; covariance Cov[mu] + E[diag(variance)], the law of total covariance; KL of each dimension
        averaged over the examples. The shell is measured, not assumed: quantiles of the whitened norms of one
        draw from every q(z | x_i). Each axis points to the side where its largest component is positive, so a
        fit is reproducible.

        Args:
            means: Posterior means mu_i, (N, d), N at least 2.
            variances: Posterior variances, (N, d), > 0 (the exponential of what most encoders give).
            seed: For the draws that the shell is measured on.
            anchors: Named points to go with it.
            mixture: Fitted to the same posteriors, to go with it.

        Raises:
            ValueError: shapes disagree, values are not finite, or a variance is not positive.
        """
        mu = np.asarray(means, np.float64)
        variance = np.asarray(variances, np.float64)
        _check_posteriors(mu, variance)
        covariance = np.atleast_2d(np.cov(mu, rowvar=False, bias=True)) + np.diag(variance.mean(axis=0))
        axis_variances, axes = _principal_axes(covariance)
        kl = 0.5 * (mu**2 + variance - 1 - np.log(variance)).mean(axis=0)
        mean = mu.mean(axis=0)
        whitening = (axes / np.sqrt(axis_variances)[:, None]).T
        norms = _posterior_norms(mu - mean, variance, whitening, np.random.default_rng(seed))
        low, median, high = np.quantile(norms, SHELL_QUANTILES).tolist()
        return cls(
            mean=mean.astype(np.float32),
            std=np.sqrt(np.diag(covariance)).astype(np.float32),
            kl=kl.astype(np.float32),
            axes=axes.astype(np.float32),
            axis_variances=axis_variances.astype(np.float32),
            anchors=Anchors.none(mu.shape[1]) if anchors is None else anchors,
            shell=(low, median, high),
            mixture=mixture,
        )

    @cached_property
    def axis_steps(self) -> Coordinates:
        """Rows: one whitened unit along each principal axis, as a change of z, float64 (d, d)."""
        return self.axes.astype(np.float64) * np.sqrt(self.axis_variances.astype(np.float64))[:, None]

    @cached_property
    def _whitening(self) -> Coordinates:
        """Columns: what each axis reads off z, in its own deviations."""
        return np.ascontiguousarray((self.axes / np.sqrt(self.axis_variances.astype(np.float64))[:, None]).T)


def chi_quantile(p: float, dim: int) -> float:
    """Quantile of the norm of a standard normal vector: the r with P(|x| <= r) = p, x ~ N(0, I_dim).

    |x|^2 / 2 follows a gamma distribution of shape dim/2, whose distribution function is a power series (NIST
    DLMF 8.11.4); it is inverted by bisection, to 1e-12.

    Raises:
        ValueError: p is not between 0 and 1, or dim is less than 1.
    """
    if not (0 < p < 1 and dim >= 1):
        raise ValueError(f"expected 0 < p < 1 and dim >= 1, not p = {p} and dim = {dim}")
    low, high = 0.0, math.sqrt(dim) + 40.0  # the norm has standard deviation below 0.71 in any dimension
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _gamma_cdf(dim / 2, middle * middle / 2) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _gamma_cdf(shape: float, x: float) -> float:
    if x <= 0:
        return 0.0
    total = term = 1.0
    n = 0
    while term > 1e-17 * total:
        n += 1
        term *= x / (shape + n)
        total += term
    return min(1.0, math.exp(shape * math.log(x) - x - math.lgamma(shape + 1) + math.log(total)))


def _principal_axes(covariance: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Variances, falling, and orthonormal rows whose component of largest size is positive."""
    variances, columns = np.linalg.eigh(covariance)
    axes = columns.T[::-1]
    largest = np.argmax(np.abs(axes), axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])
    return variances[::-1], axes * signs[:, None]


def _posterior_norms(
    offsets: Coordinates, variances: Coordinates, whitening: Coordinates, rng: np.random.Generator
) -> Coordinates:
    """Whitened norms, (N,), of one draw a posterior; offsets are its means less the mean of all."""
    norms = np.empty(len(offsets))
    for start in range(0, len(offsets), _FIT_ROWS):
        rows = slice(start, start + _FIT_ROWS)
        noise = rng.standard_normal(offsets[rows].shape)
        draws = offsets[rows] + np.sqrt(variances[rows]) * noise
        norms[rows] = np.linalg.norm(draws @ whitening, axis=1)
    return norms


def _check_posteriors(mu: Coordinates, variance: Coordinates) -> None:
    if mu.ndim != 2 or mu.shape != variance.shape or mu.shape[0] < 2 or mu.shape[1] < 1:
        raise ValueError(
            f"means and variances must both be (N, d), N at least 2; they are {mu.shape} and {variance.shape}"
        )
    if not (np.all(np.isfinite(mu)) and np.all(np.isfinite(variance))):
        raise ValueError("means or variances hold NaN or infinities")
    if np.any(variance <= 0):
        raise ValueError(f"variances must be positive; the least is {variance.min()}")
