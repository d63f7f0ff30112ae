"""What the dogs are judged by beside the pixels: see `training.core.model.pixel_loss` for those."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def ramp(step: int, steps: int) -> float:
    """Linear from 0 to 1 over the first steps of a stage."""
    return min(1.0, (step + 1) / steps) if steps else 1.0


class Specks(torch.nn.Module):
    """Detail at the same pixels of every image: the running mean of fine detail, fakes less photographs.

    In photographs detail averages out. A decoder finds it cheap to please a discriminator by dots in a corner
    that it draws whatever the latent says.
    """

    MEMORY = 0.95  # a step

    mean: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3, side, side))

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        """How far the mean detail of ``fake`` lies towards what it was in earlier steps; both (n, 3, h, w).

        Unlike the square of a batch's own mean it is 0 on average where detail is independent.
        """
        found = detail(fake).mean(0)
        penalty = (found * self.mean.clone()).mean()
        with torch.no_grad():
            self.mean.lerp_(found - detail(real).mean(0), 1 - self.MEMORY)
        return penalty


def detail(x: Tensor) -> Tensor:
    """Images (n, c, h, w) less their 3x3 box blur, mirrored at the edges."""
    return x - F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), 3, stride=1)


def blend(mean: Tensor, logvar: Tensor, angle: Tensor, noise: Tensor) -> Tensor:
    """Latents between pairs of images, on the arc from each posterior's draw to the next one's.

    Of two independent draws of the aggregated posterior, cos t times one plus sin t times the other has the
    moments of the aggregated posterior too: what is drawn so covers random samples and the ways between dogs.

    Args:
        mean: Of the posteriors, (n, d).
        logvar: Of the posteriors, (n, d).
        angle: From 0 to pi / 2, (n, 1).
        noise: Standard normal, (n, d).
    """
    z = mean + torch.exp(0.5 * logvar) * noise
    return torch.cos(angle) * z + torch.sin(angle) * z.roll(1, 0)
