"""Images moved about and recoloured, on the device that holds them; all noise comes from a generator."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from training.dog.config import Jitter


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def jitter(
    pixels: Tensor, border: Tensor, settings: Jitter, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mirror, turn, scale, shift and recolour images lightly, each in its own way.

    Args:
        pixels: uint8 (n, 3, h, w).
        border: Where they are black for want of a photograph, bool (n, h, w).
        settings: How far; a share of the images is only mirrored.
        generator: On the images' device.

    Returns:
        The images as float32 of the same shape, values 0..1, and where the border is, bool (n, 1, h, w).
    """
    n = len(pixels)
    x = torch.cat([pixels.float() / 255, border[:, None].float()], 1)
    mirrored = _uniform((n, 1, 1, 1), 0, 1, generator) < 0.5
    x = torch.where(mirrored, x.flip(3), x)
    moved = _moved(x, settings, generator)
    moved, moved_border = moved[:, :3], moved[:, 3:]
    moved = saturated(moved, 1 + _uniform((n, 1, 1, 1), -settings.saturation, settings.saturation, generator))
    moved = moved * (1 + _uniform((n, 1, 1, 1), -settings.brightness, settings.brightness, generator))
    chosen = _uniform((n, 1, 1, 1), 0, 1, generator) < settings.share
    out = torch.where(chosen, moved, x[:, :3]).clamp(0, 1)
    out_border = torch.where(chosen, moved_border, x[:, 3:]) > 0.1
    return out.contiguous(memory_format=torch.channels_last), out_border


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

    Brightness, saturation and contrast; a shift, with the image mirrored at its edges and a margin of that
    kept; a square cut out. Without it a discriminator learns some thousand photographs by heart; without the
    mirrored margin it sees the edges of images better than their inside, and specks appear there.
    """

    MARGIN = 8  # pixels that are seen beyond the edges; images are shifted by as much, either way
    CUT = 0.25  # of the side; the paper's half would often hide the whole face

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.brightness = _uniform((n, 1, 1, 1), -0.25, 0.25, generator)
        self.saturation = _uniform((n, 1, 1, 1), 0.5, 1.5, generator)
        self.contrast = _uniform((n, 1, 1, 1), 0.75, 1.25, generator)
        self.shift = torch.randint(
            0, 2 * self.MARGIN + 1, (n, 2), generator=generator, device=generator.device
        ).tolist()
        self.cut = _uniform((n, 2), -1, 1, generator)

    def __call__(self, x: Tensor) -> Tensor:
        """The first images of n, (up to n, 3, h, w), augmented and larger by the margin; gradients pass."""
        n, _, height, width = x.shape
        x = saturated(x + self.brightness[:n], self.saturation[:n])
        middle = x.mean((1, 2, 3), keepdim=True)
        x = (x - middle) * self.contrast[:n] + middle
        off = [
            (torch.linspace(-1, 1, side, device=x.device) - self.cut[:n, axis : axis + 1]).abs()
            for axis, side in enumerate((height, width))
        ]
        outside = torch.maximum(off[0][:, :, None], off[1][:, None, :]) > self.CUT
        x = x * outside[:, None]
        margin = self.MARGIN
        x = F.pad(x, (2 * margin,) * 4, mode="reflect")
        windows = [
            image[:, top : top + height + 2 * margin, left : left + width + 2 * margin]
            for image, (top, left) in zip(x, self.shift, strict=False)
        ]
        return torch.stack(windows).contiguous(memory_format=torch.channels_last)
