"""Images moved about and recoloured, on the device that holds them; all noise comes from a generator."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from training.dog.config import Jitter


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def jitter(pixels: Tensor, settings: Jitter, generator: torch.Generator) -> Tensor:
    """Mirror, turn, scale, shift and recolour images lightly, each in its own way.

    Args:
        pixels: uint8 (n, c, h, w).
        settings: How far; a share of the images is only mirrored.
        generator: On the images' device.

    Returns:
        float32 of the same shape, values 0..1.
    """
    n = len(pixels)
    x = pixels.float() / 255
    mirrored = _uniform((n, 1, 1, 1), 0, 1, generator) < 0.5
    x = torch.where(mirrored, x.flip(3), x)
    moved = _moved(x, settings, generator)
    moved = saturated(moved, 1 + _uniform((n, 1, 1, 1), -settings.saturation, settings.saturation, generator))
    moved = moved * (1 + _uniform((n, 1, 1, 1), -settings.brightness, settings.brightness, generator))
    chosen = _uniform((n, 1, 1, 1), 0, 1, generator) < settings.share
    out = torch.where(chosen, moved, x).clamp(0, 1)
    return out.contiguous(memory_format=torch.channels_last)


def _moved(x: Tensor, settings: Jitter, generator: torch.Generator) -> Tensor:
    """Images turned, scaled and shifted; what comes from outside is the mirror image of the inside."""
    n = len(x)
    angle = _uniform((n,), -settings.rotation, settings.rotation, generator) * math.pi / 180
    scale = _uniform((n,), *settings.scale, generator)
    # Coordinates run from -1 to 1, so a share of the side is twice that.
    shift = _uniform((n, 2), -2 * settings.shift, 2 * settings.shift, generator)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    rows = [torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    # Bicubic: bilinear would soften the very edges that are to be learnt.
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="reflection", align_corners=False)


def saturated(x: Tensor, factor: Tensor) -> Tensor:
    """Colours (n, 3, h, w) drawn towards grey (factor below 1) or away from it."""
    grey = x.mean(1, keepdim=True)
    return grey + (x - grey) * factor


class DiffAugment:
    """One draw of differentiable augmentations (Zhao et al. 2020), to be used on real and fake alike.

    Brightness, saturation and contrast; a shift by up to an eighth; a square cut out. Without it a
    discriminator learns five thousand photographs by heart.
    """

    SHIFT = 1 / 8
    CUT = 0.3  # of the side; the paper's half would often hide the whole face

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.brightness = _uniform((n, 1, 1, 1), -0.25, 0.25, generator)
        self.saturation = _uniform((n, 1, 1, 1), 0.5, 1.5, generator)
        self.contrast = _uniform((n, 1, 1, 1), 0.75, 1.25, generator)
        self.shift = _uniform((n, 2), -2 * self.SHIFT, 2 * self.SHIFT, generator)
        self.cut = _uniform((n, 2), -1, 1, generator)

    def __call__(self, x: Tensor) -> Tensor:
        """The same n images, (n, 3, h, w), augmented; gradients pass."""
        x = saturated(x + self.brightness, self.saturation)
        middle = x.mean((1, 2, 3), keepdim=True)
        x = (x - middle) * self.contrast + middle
        n, _, height, width = x.shape
        size = torch.tensor([2 / width, 2 / height], device=x.device)
        shift = (self.shift / size).round() * size  # whole pixels: nothing is softened
        turn = torch.eye(2, device=x.device).expand(n, 2, 2)
        grid = F.affine_grid(torch.cat([turn, shift[:, :, None]], 2), list(x.shape), align_corners=False)
        off = (grid - self.cut[:, None, None]).abs().amax(3)
        x = F.grid_sample(x, grid, mode="nearest", padding_mode="zeros", align_corners=False)
        return x * (off > self.CUT)[:, None]
