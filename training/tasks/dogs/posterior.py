"""The aggregated posterior of the dogs, and a few hundred of them spread over it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import Anchors, LatentSpace

from ...core.checkpoint import Trained
from ...core.model.networks import VAE
from ...core.model.posterior import Posteriors, posteriors_of, prune
from ...core.onnx_graph import decode
from ...core.progress import progress_bar
from . import checkpoint, flat_field, liveliness
from . import config as dog_config
from .judges import efficientnet, realism
from .photographs import dogfacenet
from .photographs.dogfacenet import Dogs

ANCHORS = 300


KERNELS = 1024
"""Components of the aggregated posterior at most, each about one dog: as many as a bundle may have."""


DRAWN = 0.9
"""Share of the dogs that samples lie about; the others are drawn worst: dark ones and profiles mostly."""


BANDWIDTH = 0.3
"""Deviation of a component as a share of that of all dogs; farther from its dog a sample is a worse dog."""


def encode(model: VAE, pixels: torch.Tensor, batch: int = 100) -> Posteriors:
    """Posteriors of uint8 images (n, 3, 128, 128), on the model's device."""
    device = next(model.parameters()).device
    blocks = progress_bar(torch.split(pixels, batch), desc="encode", unit=f"{batch} images", leave=False)
    return posteriors_of(model, (block.to(device).float() / 255 for block in blocks))


def spread(points: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Positions of ``count`` of the points (n, d), each as far as can be from those before (Gonzalez 1985).

    The first is the one nearest to the mean.
    """
    chosen = [int(np.linalg.norm(points - points.mean(0), axis=1).argmin())]
    distance = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen, np.int64)


def one_a_dog(means: NDArray[np.float32], dogs: Dogs, space: LatentSpace) -> NDArray[np.int64]:
    """Of each dog the photograph nearest to its mean, among the curated ones where it has any."""
    whitened, labels, curated = space.whiten(means), dogs.labels.numpy(), dogs.curated.numpy()
    typical = []
    for dog in np.unique(labels):
        of_dog = np.flatnonzero(labels == dog)
        members = kept if len(kept := of_dog[curated[of_dog]]) else of_dog
        offsets = whitened[members] - whitened[members].mean(0)
        typical.append(int(members[np.linalg.norm(offsets, axis=1).argmin()]))
    return np.array(typical, np.int64)


def dog_anchors(means: NDArray[np.float32], dogs: Dogs, space: LatentSpace, count: int = ANCHORS) -> Anchors:
    """Photographs spread over the space, one a dog: of each dog the one nearest to its mean.

    The first ones are the most typical, at the distance from the mean at which most data lie.

    Args:
        means: Posterior means of the photographs, (n, d).
        dogs: The photographs; curated ones are taken where there are any.
        space: Distances are measured in its whitened coordinates.
        count: How many anchors.
    """
    whitened, typical = space.whiten(means), one_a_dog(means, dogs, space)
    at = typical[spread(whitened[typical], count)]
    at = at[np.argsort(np.abs(np.linalg.norm(whitened[at], axis=1) - space.shell[1]), kind="stable")]
    labels = dogs.labels.numpy()
    return Anchors(means[at], tuple(f"dog {labels[i]}" for i in at), at)


def most_surely_dogs(model: VAE, means: NDArray[np.float32]) -> NDArray[np.int64]:
    """Positions of the `DRAWN` of latents (n, d) whose images are most surely dogs, in ascending order.

    EfficientNet-Lite0 says so, by which the decoder was sharpened, too; the figures are those of another
    network.
    """
    network = efficientnet.load(0, next(model.parameters()).device)
    surely = realism.look(network, decode(model, torch.from_numpy(means))).dogs.numpy()
    return np.sort(np.argsort(-surely, kind="stable")[: math.ceil(DRAWN * len(means))])


def kernels(centres: NDArray[np.float32], space: LatentSpace) -> GaussianMixture:
    """The aggregated posterior as equal kernels about latents that are spread over all.

    One normal distribution puts most of its mass where no dog is: in many dimensions points of it are far
    from every example. A kernel estimate with means drawn together has the moments of the data all the same
    (the smoothed bootstrap with shrinkage of Silverman and Young 1987).

    Args:
        centres: Latents of dogs, (n, d), of which `KERNELS` are taken at most.
        space: Whose moments are kept.
    """
    count = min(KERNELS, len(centres))
    chosen = centres[np.linspace(0, len(centres) - 1, count).astype(np.int64)]
    drawn = space.mean + math.sqrt(1 - BANDWIDTH**2) * (chosen - space.mean)
    root = (space.axes.T * np.sqrt(space.axis_variances)) @ space.axes
    factor = (BANDWIDTH * (root + root.T)[None] / 2).astype(np.float32)
    return GaussianMixture(np.full(count, 1 / count, np.float32), drawn.astype(np.float32), factor)


@torch.inference_mode()
def finished(
    trained: Trained, means: NDArray[np.float32], dogs: Dogs, space: LatentSpace, samples: int
) -> tuple[Trained, LatentSpace]:
    """The recipe's last steps: where random samples lie, and the decoder without what all of them have.

    Args:
        trained: The model, on the CPU.
        means: Posterior means of the photographs, (n, d).
        dogs: The photographs.
        space: Of which another mixture is fitted.
        samples: To measure the flat field on.
    """
    typical = means[one_a_dog(means, dogs, space)]
    space = replace(space, mixture=kernels(typical[most_surely_dogs(trained.model, typical)], space))
    return flat_field.corrected(trained, space, dogs.pixels, samples), space


def prepare(trained: Trained, dogs: Dogs) -> tuple[Trained, LatentSpace]:
    """What ships, on the CPU: the model with the dimensions that one sees, the space that ``dogs`` fill."""
    assert isinstance(trained.config, dog_config.DogConfig)
    posteriors = encode(trained.model, dogs.pixels)
    trained.model.cpu()
    turned = liveliness.turned(trained, posteriors, trained.config.network.latent, dogs.pixels)
    posteriors = encode(turned.model, dogs.pixels)
    model, posteriors = prune(turned.model, posteriors)
    pruned = replace(turned, model=model)
    variances = np.exp(posteriors.logvars)
    bare = LatentSpace.from_posteriors(posteriors.means, variances)
    anchors = dog_anchors(posteriors.means, dogs, bare)
    space = LatentSpace.from_posteriors(posteriors.means, variances, anchors=anchors)
    return finished(pruned, posteriors.means, dogs, space, trained.config.flat_field.samples)


def load_prepared(path: Path, root: Path) -> tuple[Trained, LatentSpace]:
    """What ships of the averaged weights at ``path``, with the training dogs under ``root``.

    Raises:
        UserError: Either is missing or broken.
    """
    trained = checkpoint.load_trained(path)
    assert isinstance(trained.config, dog_config.DogConfig)
    return prepare(trained, dogfacenet.load(root, trained.config.crop).train.with_little_border())
