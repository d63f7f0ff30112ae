"""How real images look to EfficientNet-Lite1, which takes no part in training; or to Lite0, which does."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ....core.data.subset import evenly_spread
from ..objective import detail
from .efficientnet import EfficientNetLite

SIDE = 240
"""Pixels of the images that Lite1 was trained on."""


DOG_BREEDS = range(151, 269)
"""ImageNet's classes of dogs, from Chihuahua to Mexican hairless."""


NEIGHBOURS = 3


REFERENCE_IMAGES = 1200


@dataclass(frozen=True)
class Seen:
    """What the network makes of n images.

    Attributes:
        features: Before the classifier, float64 (n, 1280).
        classes: Of ImageNet, the likeliest of each, int64 (n,).
        dogs: Probability of all breeds of dogs together, float32 (n,).
    """

    features: Tensor
    classes: Tensor
    dogs: Tensor

    @property
    def share_of_dogs(self) -> float:
        """Share of the images whose likeliest class is a breed of dog."""
        return float(((self.classes >= DOG_BREEDS.start) & (self.classes < DOG_BREEDS.stop)).float().mean())


@torch.inference_mode()
def look(network: EfficientNetLite, images: Tensor, batch: int = 4) -> Seen:
    """Show the network images (n, 3, h, w), uint8 or values 0..1, resized to its own size."""
    device = next(network.parameters()).device
    features, classes, dogs = [], [], []
    for block in torch.split(images, batch):
        x = block.to(device)
        x = x.float() / 255 if x.dtype == torch.uint8 else x
        x = F.interpolate(x, size=(SIDE, SIDE), mode="bicubic", align_corners=False, antialias=True)
        pooled = network.pooled(x.clamp(0, 1).contiguous(memory_format=torch.channels_last))
        chances = network.classify(pooled).softmax(1)
        features.append(pooled.double().cpu())
        classes.append(chances.argmax(1).cpu())
        dogs.append(chances[:, DOG_BREEDS.start : DOG_BREEDS.stop].sum(1).cpu())
    return Seen(torch.cat(features), torch.cat(classes), torch.cat(dogs))


def reference(network: EfficientNetLite, pixels: Tensor, cache: Path) -> Tensor:
    """Features of `REFERENCE_IMAGES` training photographs spread over all, float64 (n, 1280).

    They take minutes and never change: they are kept in the folder ``cache`` under the SHA-256 of the images.

    Args:
        network: The network.
        pixels: uint8 (n, 3, h, w), all training photographs.
        cache: Where features are kept.
    """
    chosen = evenly_spread(pixels, REFERENCE_IMAGES).contiguous()
    path = cache / f"lite1-{hashlib.sha256(chosen.numpy().tobytes()).hexdigest()[:16]}.npy"
    if path.is_file():
        return torch.from_numpy(np.load(path, allow_pickle=False))
    features = look(network, chosen).features
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.stem}-{os.getpid()}.part.npy")
    np.save(unfinished, features.numpy())
    unfinished.replace(path)
    return features


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Squared maximum mean discrepancy of features (n, d), (m, d): the KID of Bińkowski et al. 2018.

    The unbiased estimate with their cubic kernel, over all pairs; about 0 between two draws of the same
    images.
    """

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: Tensor) -> Tensor:
        values = kernel(x, x)
        return (values.sum() - values.trace()) / (len(x) * (len(x) - 1))

    return float(within(real) + within(fake) - 2 * kernel(real, fake).mean())


def recall(real: Tensor, fake: Tensor, neighbours: int = NEIGHBOURS) -> float:
    """Share of the real features (n, d) that the fakes (m, d) cover (Kynkäänniemi et al. 2019).

    A fake covers what is no farther from it than its third nearest fake.
    """
    radii = torch.cdist(fake, fake).kthvalue(neighbours + 1, dim=1).values  # the nearest is the fake itself
    return float((torch.cdist(real, fake) <= radii).any(1).double().mean())


def specks(images: Tensor, expected: Tensor | None = None) -> float:
    """How much more detail all images (n, 3, h, w) have at the same pixels than they would by chance.

    Root mean square of the mean detail over what it would be were the images independent. It grows with n,
    and as the detail of single images gets less: `fixed_detail` is that detail alone.

    Args:
        images: uint8 or values 0..1.
        expected: Mean detail (3, h, w) that images should have, such as photographs have; 0 without.
    """
    mean, chance = _mean_detail(images, expected)
    return float((mean / chance).sqrt())


def fixed_detail(images: Tensor) -> float:
    """Root mean square of the detail at the same place in all images (n, 3, h, w), in levels of 255.

    What so many independent images have by chance is taken out. Of photographs it is what alignment makes the
    same: the eyes.
    """
    mean, chance = _mean_detail(images, None)
    return 255 * float((mean - chance).clamp(min=0).sqrt())


def _mean_detail(images: Tensor, expected: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean square of images' mean detail less what is expected, and what it is by chance; scalars."""
    found = detail(images.float() / 255 if images.dtype == torch.uint8 else images)
    mean = found.mean(0) if expected is None else found.mean(0) - expected
    return (mean**2).mean(), found.var(0).mean() / len(found)
