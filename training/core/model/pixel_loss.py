"""What reconstructions are judged by, without any discriminator: means over pixels of values 0..1."""

from __future__ import annotations

from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

BANDS = 4
"""Octaves of the Laplacian pyramid."""


class PixelWeights(Protocol):
    """Weights of the terms."""

    @property
    def squared(self) -> float:
        """Of the squared error."""

    @property
    def absolute(self) -> float:
        """Of the absolute error."""

    @property
    def bands(self) -> float:
        """Of `band_error`."""

    @property
    def chroma(self) -> float:
        """Of `chroma_error`."""


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


def reconstruction_loss(rebuilt: Tensor, x: Tensor, weights: PixelWeights) -> Tensor:
    """The weighted sum of squared, absolute, band and chroma errors of images (n, c, h, w)."""
    error = rebuilt - x
    return (
        weights.squared * (error**2).mean()
        + weights.absolute * error.abs().mean()
        + weights.bands * band_error(error)
        + weights.chroma * chroma_error(error)
    )


def kl_factor(step: int, warmup_steps: int) -> float:
    """What the KL's weight is multiplied with at a step: linear from 0.1 to 1."""
    return 0.1 + 0.9 * min(1.0, step / warmup_steps) if warmup_steps else 1.0
