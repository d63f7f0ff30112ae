"""What reconstructions are judged by before any discriminator: means over pixels of values 0..1."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.dog.config import DogObjective

BANDS = 4
"""Octaves of the Laplacian pyramid."""


def band_error(error: Tensor, bands: int = BANDS) -> Tensor:
    """Mean over the octaves of the mean absolute error in each.

    The Laplacian pyramid (Burt & Adelson 1983, here with boxes for Gaussians) is linear, so that of the
    difference (n, c, h, w) is the difference of the pyramids.
    """
    total = error.new_zeros(())
    for _ in range(bands):
        low = F.avg_pool2d(error, 2)
        total = total + (error - F.interpolate(low, scale_factor=2.0, mode="nearest")).abs().mean()
        error = low
    return total / bands


def chroma_error(error: Tensor) -> Tensor:
    """Mean squared error of colour without brightness, pooled over 4x4 pixels.

    The eye sees colour coarsely; the squared error sees it so little that dogs turn grey without this.
    """
    return (F.avg_pool2d(error - error.mean(1, keepdim=True), 4) ** 2).mean()


def reconstruction_loss(rebuilt: Tensor, x: Tensor, squared: float, weights: DogObjective) -> Tensor:
    """The weighted sum of squared, absolute, band and chroma errors of images (n, 3, h, w).

    The weight of the squared error is the stage's: what is to win in PSNR leans on it, and learns sooner
    without.
    """
    error = rebuilt - x
    return (
        squared * (error**2).mean()
        + weights.absolute * error.abs().mean()
        + weights.bands * band_error(error)
        + weights.chroma * chroma_error(error)
    )


def kl_factor(step: int, warmup_steps: int) -> float:
    """What the KL's weight is multiplied with at a step: linear from 0.1 to 1."""
    return 0.1 + 0.9 * min(1.0, step / warmup_steps) if warmup_steps else 1.0


def ramp(step: int, steps: int) -> float:
    """Linear from 0 to 1 over the first steps of a stage."""
    return min(1.0, (step + 1) / steps) if steps else 1.0


class Moments(torch.nn.Module):
    """Running mean and covariance of the aggregated posterior, to draw from while training.

    By the law of total covariance: that of the means plus the mean of the variances.
    """

    MEMORY = 0.99  # a step; with 64 images a step about one epoch

    mean: Tensor
    square: Tensor

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("square", torch.eye(latent))

    @torch.no_grad()
    def update(self, mean: Tensor, logvar: Tensor) -> None:
        """Take in the posteriors of a batch, (n, d) each."""
        square = mean.T @ mean / len(mean) + torch.diag(logvar.exp().mean(0))
        self.mean.lerp_(mean.mean(0), 1 - self.MEMORY)
        self.square.lerp_(square, 1 - self.MEMORY)

    @torch.no_grad()
    def sample(self, noise: Tensor) -> Tensor:
        """Standard normal noise (n, d) to draws of the aggregated posterior, (n, d)."""
        covariance = self.square - torch.outer(self.mean, self.mean)
        floor = 1e-4 * torch.eye(len(covariance), device=covariance.device)
        factor: Tensor = torch.linalg.cholesky_ex(covariance + floor)[0]  # without waiting for the device
        return self.mean + noise @ factor.T
