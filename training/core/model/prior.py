"""p(z): a standard normal, or a mixture of Gaussians that is learnt with the rest of the model.

Where the data lie in clusters, the aggregated posterior of a VAE does too, and N(0, I) pays for all that lies
between them (Hoffman & Johnson 2016). A prior that may have clusters is the mixture of Dilokthanakul et al.
2016 (arXiv:1611.02648) and, with pseudo-inputs for its components, the VampPrior (Tomczak & Welling 2018,
arXiv:1705.07120). Here it begins as what `training.core.model.mixture` fits to the aggregated posterior of
a trained encoder, and then follows the gradient.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vaevis_tui.latent.mixture import GaussianMixture

from . import mixture


class StandardNormal(nn.Module):
    """N(0, I)."""

    def forward(self, z: Tensor) -> Tensor:
        """Log p(z) in nats: (..., d) to (...)."""
        return -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)


class MixturePrior(nn.Module):
    """A mixture of k Gaussians with full covariances, as parameters to be learnt.

    The precision of a component is L L^T, L lower triangular with a positive diagonal, whose logarithm stands
    in ``triangles``: any values make a density.
    """

    def __init__(self, components: int, dim: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(torch.zeros(components, dim))
        self.triangles = nn.Parameter(torch.zeros(components, dim, dim))

    @classmethod
    def of(cls, fitted: GaussianMixture) -> Self:
        """A prior that begins as ``fitted``."""
        prior = cls(len(fitted), fitted.dim)
        factors = fitted.factors.astype(np.float64)
        triangles = np.linalg.cholesky(np.linalg.inv(factors @ factors))
        diagonals = np.einsum("kii->ki", triangles)
        diagonals[:] = np.log(diagonals)
        for parameter, values in (
            (prior.logits, np.log(fitted.weights)),
            (prior.means, fitted.means),
            (prior.triangles, triangles),
        ):
            parameter.data.copy_(torch.tensor(values))
        return prior

    def forward(self, z: Tensor) -> Tensor:
        """Log p(z) in nats, float32 whatever the autocast: (..., d) to (...)."""
        with torch.autocast(z.device.type, enabled=False):
            components, dim = self.means.shape
            logs = self.triangles.diagonal(dim1=1, dim2=2)
            lower = self.triangles.tril(-1) + torch.diag_embed(logs.exp())
            columns = lower.transpose(0, 1).reshape(dim, components * dim)  # one product for all components
            centres = torch.einsum("kd,kde->ke", self.means, lower)
            x = (z @ columns).reshape(*z.shape[:-1], components, dim) - centres
            log_scales = torch.log_softmax(self.logits, 0) + logs.sum(1) - 0.5 * dim * math.log(2 * math.pi)
            return torch.logsumexp(log_scales - 0.5 * (x * x).sum(-1), -1)

    @torch.no_grad()
    def mixture(self, kept: NDArray[np.intp] | None = None) -> GaussianMixture:
        """The mixture, or that of some dimensions alone in the order given (its marginal)."""
        triangles = self.triangles.double().cpu().numpy()
        lower = np.tril(triangles, -1)
        np.einsum("kii->ki", lower)[:] = np.exp(np.einsum("kii->ki", triangles))
        covariances = np.linalg.inv(lower @ lower.swapaxes(1, 2))
        means = self.means.double().cpu().numpy()
        if kept is not None:
            means, covariances = means[:, kept], covariances[:, kept[:, None], kept]
        weights = torch.softmax(self.logits.double(), 0).cpu().numpy()
        return mixture.mixture_of(weights, means, covariances)
