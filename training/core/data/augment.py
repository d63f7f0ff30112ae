"""Images moved about and recoloured, on the device that holds them; all noise comes from a generator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Jitter:
    """How far training images are moved about, always in both directions; see `jitter`."""

    share: float
    rotation: float
    scale: tuple[float, float]
    shift: float
    brightness: float
    saturation: float


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers from low to high, on the generator's device."""
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def jitter(
    pixels: Tensor,
    border: Tensor,
    settings: Jitter,
    generator: torch.Generator,
    *,
    mirror: bool = True,
) -> tuple[Tensor, Tensor]:
    """Mirror, turn, scale, shift and recolour images lightly, each in its own way.

    Args:
        pixels: uint8 (n, c, h, w).
        border: Where they are black for want of a photograph, bool (n, h, w).
        settings: How far; a share of the images is only mirrored.
        generator: On the images' device.
        mirror: Whether half of the images are mirrored; letters are others then.

    Returns:
        The images as float32 of the same shape, values 0..1, and where the border is, bool (n, 1, h, w).
    """
    n = len(pixels)
    x = torch.cat([pixels.float() / 255, border[:, None].float()], 1)
    mirrored = uniform((n, 1, 1, 1), 0, 1, generator) < 0.5
    x = torch.where(mirrored, x.flip(3), x) if mirror else x
    moved = _moved(x, settings, generator)
    moved, moved_border = moved[:, :-1], moved[:, -1:]
    moved = saturated(moved, 1 + uniform((n, 1, 1, 1), -settings.saturation, settings.saturation, generator))
    moved = moved * (1 + uniform((n, 1, 1, 1), -settings.brightness, settings.brightness, generator))
    chosen = uniform((n, 1, 1, 1), 0, 1, generator) < settings.share
    out = torch.where(chosen, moved, x[:, :-1]).clamp(0, 1)
    out_border = torch.where(chosen, moved_border, x[:, -1:]) > 0.1
    return out.contiguous(memory_format=torch.channels_last), out_border


def _moved(x: Tensor, settings: Jitter, generator: torch.Generator) -> Tensor:
    """Images turned, scaled and shifted; what comes from outside is the mirror image of the inside."""
    n = len(x)
    angle = uniform((n,), -settings.rotation, settings.rotation, generator) * math.pi / 180
    scale = uniform((n,), *settings.scale, generator)
    # Coordinates run from -1 to 1, so a share of the side is twice that.
    shift = uniform((n, 2), -2 * settings.shift, 2 * settings.shift, generator)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    rows = [torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    # Bicubic: bilinear would soften the very edges that are to be learnt.
    return F.grid_sample(x, grid, mode="bicubic", padding_mode="reflection", align_corners=False)


def saturated(x: Tensor, factor: Tensor) -> Tensor:
    """Colours (n, 3, h, w) drawn towards grey (factor below 1) or away from it."""
    grey = x.mean(1, keepdim=True)
    return grey + (x - grey) * factor
