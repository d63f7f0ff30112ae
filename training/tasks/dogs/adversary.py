"""The discriminator of the dogs: small heads on the features of a frozen network (Sauer et al. 2021).

What EfficientNet-Lite0 sees is scaled to unit variance, mixed at random across channels and scales, so that
no head can lean on a few channels, and judged at every scale by a head of its own.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ...core.data.augment import saturated, uniform
from ...core.data.subset import evenly_spread
from ...core.model.conv_vae import activation
from .judges.efficientnet import load

MEASURED = 256
"""Photographs that the mean and deviation of every feature are taken from."""


class Features(nn.Module):
    """A frozen network's features at five scales, scaled to mean 0 and variance 1 over photographs.

    Args:
        network: Images (n, 3, h, w) to features at a half to a 32nd of the size.
        channels: Of the features at each scale.
    """

    def __init__(self, network: nn.Module, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.network = network
        for scale, count in enumerate(channels):
            self.register_buffer(f"mean_{scale}", torch.zeros(count, 1, 1))
            self.register_buffer(f"factor_{scale}", torch.ones(count, 1, 1))
        self.requires_grad_(False)

    @torch.no_grad()
    def measure(self, pixels: Tensor) -> Features:
        """Take mean and deviation from uint8 images (n, 3, h, w) spread over all; returns itself."""
        device, some = next(self.buffers()).device, evenly_spread(pixels, MEASURED)
        blocks = [self.network(block.to(device).float() / 255) for block in torch.split(some, 32)]
        for scale, found in enumerate(zip(*blocks, strict=True)):
            deviation, mean = torch.std_mean(torch.cat(found), (0, 2, 3))
            self.get_buffer(f"mean_{scale}").copy_(mean[:, None, None])
            self.get_buffer(f"factor_{scale}").copy_(1 / deviation.clamp(min=1e-3)[:, None, None])
        return self

    def forward(self, x: Tensor) -> list[Tensor]:
        """(n, 3, h, w), values 0..1, to features at a half to a 32nd of the size."""
        return [
            (found - self.get_buffer(f"mean_{scale}")) * self.get_buffer(f"factor_{scale}")
            for scale, found in enumerate(self.network(x))
        ]


def load_features(pixels: Tensor, device: torch.device) -> Features:
    """The features, measured on uint8 training images (n, 3, h, w).

    Raises:
        UserError: EfficientNet-Lite0 is not installed.
    """
    network = load(0, device)
    return Features(network, network.channels).to(device).measure(pixels)


class ProjectedDiscriminator(nn.Module):
    """A head a scale, over features that fixed random matrices have mixed.

    Args:
        channels: Of the features at each scale, finest first.
        widths: Of what they are mixed to, and of the heads.
    """

    def __init__(self, channels: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        for scale, (inputs, width) in enumerate(zip(channels, widths, strict=True)):
            self.register_buffer(f"mix_{scale}", torch.randn(width, inputs, 1, 1) / inputs**0.5)
        for scale, (fine, coarse) in enumerate(pairwise(widths)):
            self.register_buffer(f"cross_{scale}", torch.randn(fine, coarse, 1, 1) / coarse**0.5)
        self.heads = nn.ModuleList(
            _head(width, halvings=2 if scale == 0 else 1 if scale == 1 else 0)
            for scale, width in enumerate(widths)
        )

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Features (n, c, h, w) a scale to logits (n, 1, h', w') a scale."""
        mixed: list[Tensor] = []
        for scale in reversed(range(len(features))):
            x = F.conv2d(features[scale], self.get_buffer(f"mix_{scale}"))
            if mixed:
                coarse = F.conv2d(mixed[-1], self.get_buffer(f"cross_{scale}"))
                coarse = F.interpolate(coarse, size=x.shape[2:], mode="bilinear", align_corners=False)
                x = (x + coarse) * 0.5**0.5
            mixed.append(x)
        return [head(x) for head, x in zip(self.heads, reversed(mixed), strict=True)]


class _Activation(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return activation(x)


def _head(width: int, halvings: int) -> nn.Sequential:
    """Convolutions of bounded gain, the fine scales halved on the way, to one logit a place."""
    layers: list[nn.Module] = []
    for _ in range(halvings):
        layers += [spectral_norm(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)), _Activation()]
        width *= 2
    layers += [spectral_norm(nn.Conv2d(width, width, 3, padding=1)), _Activation()]
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(width, 1, 1)))


def hinge_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """The discriminator's loss, mean over the scales (Lim & Ye 2017): no reward beyond a margin of 1."""
    losses = [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(losses).mean()


def generator_loss(fake: list[Tensor]) -> Tensor:
    """The generator's loss: how much like fakes its images look, mean over the scales."""
    return -torch.stack([logits.mean() for logits in fake]).mean()


def feature_distance(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Mean absolute difference of features, mean over the scales; no gradient reaches those of ``real``."""
    distances = [(f - r.detach()).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(distances).mean()


class DiffAugment:
    """One draw of differentiable augmentations (Zhao et al. 2020), to be used on real and fake alike.

    Brightness, saturation and contrast; a shift, with the image mirrored at its edges and a margin of that
    kept; a square cut out. Without it a discriminator learns some thousand photographs by heart; without the
    mirrored margin it sees the edges of images better than their inside, and specks appear there.
    """

    MARGIN = 8  # pixels that are seen beyond the edges; images are shifted by as much, either way
    CUT = 0.25  # of the side; the paper's half would often hide the whole face

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.brightness = uniform((n, 1, 1, 1), -0.25, 0.25, generator)
        self.saturation = uniform((n, 1, 1, 1), 0.5, 1.5, generator)
        self.contrast = uniform((n, 1, 1, 1), 0.75, 1.25, generator)
        self.shift = torch.randint(
            0, 2 * self.MARGIN + 1, (n, 2), generator=generator, device=generator.device
        ).tolist()
        self.cut = uniform((n, 2), -1, 1, generator)

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
