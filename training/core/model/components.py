"""Principal components: what the encoder begins with, and what every figure is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .conv_vae import coarse_side

BLOCK = 256
"""Images turned into floats at once: 50 MB."""


@dataclass(frozen=True)
class Components:
    """The leading principal components of a set of vectors.

    Attributes:
        mean: float32 (p,).
        axes: Orthonormal rows, float32 (k, p), by falling variance.
        variances: Along the axes, float32 (k,).
    """

    mean: Tensor
    axes: Tensor
    variances: Tensor

    def whitening(self) -> tuple[Tensor, Tensor]:
        """Weight (k, p) and bias (k,) of the linear map to coordinates of variance 1."""
        least = 1e-6 * self.variances[0].clamp(min=1e-9)  # few pictures have fewer components
        weight = self.axes / self.variances.clamp(min=least).sqrt()[:, None]
        return weight, -(weight @ self.mean)

    def project(self, x: Tensor) -> Tensor:
        """The nearest points (n, p) to ``x`` (n, p) in the plane that the components span."""
        return (x - self.mean) @ self.axes.T @ self.axes + self.mean


def coarse(pixels: Tensor) -> Tensor:
    """uint8 (n, c, h, h) to pictures of `conv_vae.coarse_side`, float32, values 0..1."""
    side = pixels.shape[-1]
    return F.avg_pool2d(pixels.float() / 255, side // coarse_side(side))


def of_coarse_images(pixels: Tensor, count: int) -> Components:
    """Components of uint8 images (n, c, h, h) and their mirror images at the coarse size, exactly."""
    pictures = torch.cat([coarse(block) for block in torch.split(pixels, BLOCK)])
    x = torch.cat([pictures.flatten(1), pictures.flip(3).flatten(1)])
    mean = x.mean(0)
    x = x - mean
    if len(x) < x.shape[1]:
        _, values, axes = torch.linalg.svd(x, full_matrices=False)
        return Components(mean, axes[:count].contiguous(), values[:count] ** 2 / len(x))
    variances, columns = torch.linalg.eigh(x.T @ x / len(x))
    return Components(mean, columns.T.flip(0)[:count].contiguous(), variances.flip(0)[:count])


def of_images(pixels: Tensor, count: int, rounds: int = 4) -> Components:
    """Components of uint8 images (n, 3, h, w) at full size, by subspace iteration (Halko et al. 2011, 4.4).

    Images are turned into floats block by block, so that memory holds only the subspace.

    Args:
        pixels: The images.
        count: How many components.
        rounds: Of multiplying by the covariance; 4 find PSNR to 0.01 dB.
    """
    n, size = len(pixels), pixels[0].numel()
    blocks = torch.split(pixels.flatten(1), BLOCK)
    mean = sum((block.float().sum(0) for block in blocks), torch.zeros(size, device=pixels.device)) / (
        255 * n
    )
    generator = torch.Generator(pixels.device).manual_seed(0)
    basis = torch.randn(size, min(count + 32, n), generator=generator, device=pixels.device)
    for _ in range(rounds):
        basis = torch.linalg.qr(basis)[0]
        product = torch.zeros_like(basis)
        for block in blocks:
            x = block.float() / 255 - mean
            product += x.T @ (x @ basis)
        basis = product
    basis = torch.linalg.qr(basis)[0]
    inner = torch.zeros(basis.shape[1], basis.shape[1], device=pixels.device)
    for block in blocks:
        y = (block.float() / 255 - mean) @ basis
        inner += y.T @ y
    variances, columns = torch.linalg.eigh(inner / n)
    axes = (basis @ columns.flip(1)[:, :count]).T
    return Components(mean, axes.contiguous(), variances.flip(0)[:count])
