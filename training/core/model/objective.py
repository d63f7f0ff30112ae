"""Bounds on the log-likelihood of a VAE with Bernoulli pixels. All results are in nats.

Shapes: k samples of z for each of n images, d latent dimensions.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .networks import Pass


def bernoulli_log_likelihood(logits: Tensor, x: Tensor) -> Tensor:
    """Return log p(x|z), summed over the pixels: logits (k, n, c, h, w), x (n, c, h, w) to (k, n)."""
    loss = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
    return -loss.flatten(2).sum(2)


def gaussian_log_density(z: Tensor, mean: Tensor | float, logvar: Tensor | float) -> Tensor:
    """Return log N(z; mean, exp(logvar)), summed over the last axis."""
    logvar = torch.as_tensor(logvar, dtype=z.dtype, device=z.device)
    return -0.5 * (logvar + (z - mean) ** 2 * torch.exp(-logvar) + math.log(2 * math.pi)).sum(-1)


def kl_to_standard_normal(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z|x) || N(0, 1)) of each dimension, same shape as ``mean``."""
    return 0.5 * (mean**2 + logvar.exp() - 1 - logvar)


def log_importance_weights(
    out: Pass, x: Tensor, *, kl_weight: float = 1.0, detach_posterior: bool = False
) -> Tensor:
    """Return log w = log p(x|z) + kl_weight (log p(z) - log q(z|x)), shape (k, n).

    Args:
        out: A pass of the VAE over ``x``.
        x: (n, c, h, w), zeros and ones.
        kl_weight: 1 for a bound; less while the KL warms up.
        detach_posterior: Let no gradient reach q's parameters but through z.
    """
    mean, logvar = (out.mean.detach(), out.logvar.detach()) if detach_posterior else (out.mean, out.logvar)
    log_ratio = out.log_prior - gaussian_log_density(out.z, mean, logvar)
    return bernoulli_log_likelihood(out.logits, x) + kl_weight * log_ratio


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """Return log (1/k) sum_k w, Burda et al. 2016: (k, n) to (n,). With k = 1 the evidence lower bound.

    Tends to log p(x) from below as k grows.
    """
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


def doubly_reparameterised_loss(out: Pass, x: Tensor, kl_weight: float) -> tuple[Tensor, Tensor]:
    """A loss whose gradient is the doubly reparameterised one of the importance-weighted bound.

    The decoder's gradient is the bound's own; the encoder's is sum_k w² d(log w)/dz dz/dphi with normalised
    weights w, whose signal does not drown in noise as k grows (Tucker et al. 2019, "DReG"). With k = 1 it is
    the estimator of Roeder et al. 2017, which has no variance where q is the posterior.

    Returns:
        The loss (its value means nothing, its gradient all) and the bound (n,), detached.
    """
    log_weights = log_importance_weights(out, x, kl_weight=kl_weight, detach_posterior=True)
    weights = torch.softmax(log_weights.detach(), 0)
    if out.z.requires_grad:
        out.z.register_hook(lambda gradient: gradient * weights[..., None])  # type: ignore[no-untyped-call]
    loss = -(weights * log_weights).sum(0).mean()
    return loss, importance_weighted_bound(log_weights.detach())


def kl_weight(step: int, warmup_steps: int) -> float:
    """The weight of the KL at a step: linear from 0 to 1, so that dimensions come alive before they cost."""
    return min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
