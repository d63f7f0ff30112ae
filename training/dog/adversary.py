"""The patch discriminator: says of every neighbourhood whether it is of a photograph."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.dog.networks import activation, initialise


class PatchDiscriminator(nn.Module):
    """Pixel unshuffle by 2, a convolution, one of stride 2 a further width, one more, a logit a place.

    The more widths, the larger the patch that a logit sees: with three 46 pixels, with four 94.
    """

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.first = nn.Conv2d(3 * 2 * 2, channels[0], 3, padding=1)
        self.halving = nn.ModuleList(
            nn.Conv2d(low, high, 4, stride=2, padding=1) for low, high in pairwise(channels)
        )
        self.last = nn.Conv2d(channels[-1], channels[-1], 3, padding=1)
        self.logit = nn.Conv2d(channels[-1], 1, 1)
        initialise(self)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(n, 3, h, w), values 0..1, to logits (n, 1, h', w') and the features of every layer before."""
        x = F.pixel_unshuffle(2 * x - 1, 2).contiguous(memory_format=torch.channels_last)
        features = [activation(self.first(x))]
        for layer in (*self.halving, self.last):
            features.append(activation(layer(features[-1])))
        return self.logit(features[-1]), features


def hinge_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss on logits of any shape (Lim & Ye 2017): no reward beyond a margin of 1."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def feature_distance(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Mean absolute difference of features, mean over the layers; no gradient reaches those of ``real``."""
    distances = [(f.float() - r.detach().float()).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(distances).mean()


def gradient_penalty(discriminator: PatchDiscriminator, real: Tensor) -> Tensor:
    """R1 (Mescheder et al. 2018): squared gradient of the mean logit by the pixels of real images."""
    x = real.detach().requires_grad_(True)
    logits = discriminator(x)[0]
    (gradient,) = torch.autograd.grad(logits.mean((1, 2, 3)).sum(), x, create_graph=True)
    return (gradient**2).sum((1, 2, 3)).mean()
