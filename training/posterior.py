"""The aggregated posterior of a trained model: the dimensions it uses, their spread, named points."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from training.checkpoint import Trained
from training.data import Images, binarise
from training.networks import VAE
from vaevis_tui.latent.space import Anchors, LatentSpace

ACTIVE_VARIANCE = 0.01
"""A dimension is active if its posterior mean varies by more over the data (Burda et al. 2016, 5.2)."""

LEAST_KL = 0.05
"""Nats; a dimension that tells less is not shipped either: its slider would move nothing that one sees."""

EXAMPLE_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Which examples of a class become anchors, by their distance from its mean: from plain to odd."""


@dataclass(frozen=True)
class Posteriors:
    """q(z|x) of many images: float32 (n, d) each."""

    means: NDArray[np.float32]
    logvars: NDArray[np.float32]

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which dimensions the model uses, bool (d,)."""
        return np.asarray(self.means.var(0) > ACTIVE_VARIANCE)

    @property
    def worth_shipping(self) -> NDArray[np.bool_]:
        """Which dimensions are active and tell at least `LEAST_KL`, bool (d,)."""
        return self.active & (self.kl >= LEAST_KL)

    @property
    def kl(self) -> NDArray[np.float64]:
        """Mean KL(q(z_j|x) || N(0, 1)) of every dimension in nats, (d,)."""
        means, logvars = self.means.astype(np.float64), self.logvars.astype(np.float64)
        return np.asarray(0.5 * (means**2 + np.exp(logvars) - 1 - logvars).mean(0))


@torch.inference_mode()
def encode(model: VAE, images: Images, seed: int, batch: int = 500) -> Posteriors:
    """Encode images as training saw them: binarised by their intensities, here with a fixed seed."""
    generator = torch.Generator().manual_seed(seed)
    means, logvars = [], []
    for pixels in tqdm(torch.split(images.pixels, batch), desc="encode", unit="batch", leave=False):
        mean, logvar = model.encoder(binarise(pixels, generator))
        means.append(mean)
        logvars.append(logvar)
    return Posteriors(torch.cat(means).numpy(), torch.cat(logvars).numpy())


def prune(trained: Trained, posteriors: Posteriors) -> tuple[Trained, Posteriors]:
    """Drop the dimensions that are not worth shipping and put the others in order of falling KL.

    What the decoder made of a dropped dimension's mean goes into the bias of its first layer. The
    configuration still says with how many dimensions the training began.
    """
    shipped = posteriors.worth_shipping
    order = np.argsort(-posteriors.kl, kind="stable")
    kept, dropped = order[shipped[order]], np.flatnonzero(~shipped)

    model = copy.deepcopy(trained.model)
    first = model.decoder.hidden
    constant = torch.from_numpy(posteriors.means.mean(0))[dropped]
    bias = first.bias + first.weight[:, dropped] @ constant
    model.decoder.hidden = _linear(first.weight[:, kept], bias)
    for name in ("mean", "logvar"):
        layer: nn.Linear = getattr(model.encoder, name)
        setattr(model.encoder, name, _linear(layer.weight[kept], layer.bias[kept]))

    pruned = replace(trained, model=model.requires_grad_(False))
    return pruned, Posteriors(posteriors.means[:, kept], posteriors.logvars[:, kept])


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def class_anchors(
    means: NDArray[np.float32], labels: NDArray[np.int64], scale: NDArray[np.float32]
) -> Anchors:
    """The mean of every class (index -1), then examples of every class from plain to odd.

    Args:
        means: Posterior means, (n, d).
        labels: Class of each, (n,).
        scale: Standard deviation of each dimension, (d,): distances are measured in it.
    """
    points, names, indices = [], [], []
    classes = np.unique(labels)
    centres = {label: means[labels == label].mean(0) for label in classes}
    for label in classes:
        points.append(centres[label])
        names.append(str(label))
        indices.append(-1)
    for label in classes:
        members = np.flatnonzero(labels == label)
        distances = np.linalg.norm((means[members] - centres[label]) / scale, axis=1)
        ranks = (np.array(EXAMPLE_QUANTILES) * (len(members) - 1)).astype(int)
        for index in members[np.argsort(distances, kind="stable")[ranks]]:
            points.append(means[index])
            names.append(str(label))
            indices.append(int(index))
    return Anchors(np.stack(points), tuple(names), np.array(indices))


def fit(posteriors: Posteriors, labels: NDArray[np.int64]) -> LatentSpace:
    """The space that these posteriors fill, with anchors of every class."""
    anchors = class_anchors(posteriors.means, labels, posteriors.means.std(0))
    return LatentSpace.from_posteriors(posteriors.means, np.exp(posteriors.logvars), anchors=anchors)


def prepare(trained: Trained, images: Images) -> tuple[Trained, LatentSpace]:
    """What ships: the model without the dimensions it does not use, and the space that ``images`` fill."""
    posteriors = encode(trained.model, images, trained.config.seed)
    pruned, posteriors = prune(trained, posteriors)
    return pruned, fit(posteriors, images.labels.numpy())
