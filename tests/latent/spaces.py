"""Latent spaces for the tests of this folder."""

from __future__ import annotations

import numpy as np

from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import Anchors, LatentSpace


def skewed_space(dim: int, seed: int = 0) -> LatentSpace:
    """A space with a mean away from zero, correlated dimensions and variances from 0.25 to 4."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    variances = np.geomspace(4.0, 0.25, dim)
    covariance = axes.T @ np.diag(variances) @ axes
    return LatentSpace(
        mean=rng.standard_normal(dim).astype(np.float32),
        std=np.sqrt(np.diag(covariance)).astype(np.float32),
        kl=rng.uniform(0, 3, dim).astype(np.float32),
        axes=axes.astype(np.float32),
        axis_variances=variances.astype(np.float32),
        anchors=Anchors.none(dim),
        shell=LatentSpace.standard_normal(dim).shell,
    )


def clump_mixture(dim: int, count: int = 5, seed: int = 0) -> GaussianMixture:
    """Components of unequal weights and skewed covariances, some deviations apart."""
    rng = np.random.default_rng(seed)
    roots = np.array([np.linalg.qr(rng.standard_normal((dim, dim)))[0] for _ in range(count)])
    factors = (roots * np.geomspace(0.4, 0.1, dim)) @ roots.swapaxes(1, 2)
    weights = np.arange(1, count + 1) / (count * (count + 1) / 2)
    means = rng.standard_normal((count, dim)).astype(np.float32)
    return GaussianMixture(weights.astype(np.float32), means, factors.astype(np.float32))


def clumped_space(dim: int, count: int = 5, seed: int = 0) -> LatentSpace:
    """A space whose posterior is `clump_mixture`, its moments those of draws from that."""
    mixture = clump_mixture(dim, count, seed)
    draws = mixture.sample(np.random.default_rng(1), 4000)
    return LatentSpace.from_posteriors(draws, np.full(draws.shape, 1e-6), mixture=mixture)
