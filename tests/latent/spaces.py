"""Latent spaces for the tests of this folder."""

from __future__ import annotations

import numpy as np

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
