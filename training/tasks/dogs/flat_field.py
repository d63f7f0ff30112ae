"""The last step of the dogs' recipe: take out of the decoder what it draws at the same pixels of every image.

A decoder finds it cheap to please a discriminator by a grain that stands still whatever the latent says.
Cameras have such a grain too, and lose it by a flat field: the mean of many exposures. Here those are random
samples. Fine detail that their mean has and the mean photograph has not is taken from the decoder's logits,
a number for each value of an image. Photographs have some as well, since faces are aligned by the eyes.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vaevis_tui.latent.space import LatentSpace

from ...core.checkpoint import Trained
from ...core.model.conv_vae import ModulatedDecoder
from ...core.model.networks import VAE
from ...core.progress import progress_bar
from . import objective

SEED = 2**31
"""Of the samples: far from the seeds of a person or of the figures."""


BATCH = 50
"""Images at once."""


NEIGHBOURHOOD = 7
"""Side in pixels of the squares in which the mean photograph's detail is compared with chance."""


@torch.inference_mode()
def corrected(trained: Trained, space: LatentSpace, pixels: Tensor, count: int) -> Trained:
    """The model without the fine detail that all its samples have in common and photographs have not.

    Args:
        trained: The model.
        space: What it is sampled from.
        pixels: Photographs, uint8 (n, 3, 128, 128).
        count: Samples to take the mean of.
    """
    mean, slope = _of_samples(trained.model, torch.from_numpy(space.sample(SEED, count)))
    excess = objective.detail(mean[None])[0] - common_detail(pixels)
    # The blur that detail is what is left of takes a part of what is added back: that part is added twice.
    wanted = 2 * excess - objective.detail(excess[None])[0]
    model = copy.deepcopy(trained.model)
    assert isinstance(model.decoder, ModulatedDecoder)
    assert model.decoder.flat_field is not None
    model.decoder.flat_field.sub_(wanted / slope)
    return replace(trained, model=model)


def _of_samples(model: VAE, z: Tensor) -> tuple[Tensor, Tensor]:
    """The mean image of latents (n, d), and the mean derivative of images by logits, each (3, 128, 128)."""
    total, slopes = torch.zeros(2, *model.image_shape)
    blocks = torch.split(z, BATCH)
    for block in progress_bar(blocks, desc="flat field", unit=f"{BATCH} samples", leave=False):
        images = torch.sigmoid(model.decoder(block))
        total += images.sum(0)
        slopes += (images * (1 - images)).sum(0)
    return total / len(z), slopes / len(z)


def common_detail(pixels: Tensor) -> Tensor:
    """Detail at the same place in all photographs, (3, 128, 128), as far as it stands out of chance.

    Args:
        pixels: uint8 (n, 3, 128, 128).
    """
    total, squares = torch.zeros(2, *pixels.shape[1:])
    for block in torch.split(pixels, BATCH):
        found = objective.detail(block.float() / 255)
        total += found.sum(0)
        squares += (found**2).sum(0)
    mean: Tensor = total / len(pixels)
    chance = (squares / len(pixels) - mean**2) / len(pixels)
    # Wiener's filter: of what is no larger than chance nothing is kept, of what is much larger all.
    power, noise = (_blurred(x.mean(0)) for x in (mean**2, chance))
    kept: Tensor = (1 - noise / power.clamp(min=1e-12)).clamp(min=0)
    return mean * kept


def _blurred(x: Tensor) -> Tensor:
    """Means (h, w) over squares of `NEIGHBOURHOOD`, mirrored at the edges."""
    margin = NEIGHBOURHOOD // 2
    found: Tensor = F.avg_pool2d(F.pad(x[None], (margin,) * 4, mode="reflect"), NEIGHBOURHOOD, stride=1)
    return found[0]
