"""The aggregated posterior of a trained model: the dimensions it uses, their spread, named points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import Anchors, LatentSpace

from ...core.checkpoint import Trained
from ...core.model import mixture
from ...core.model.networks import VAE
from ...core.model.posterior import Posteriors, posteriors_of, prune
from ...core.model.prior import MixturePrior
from ...core.progress import progress_bar
from .config import Config
from .data import Images, binarise

EXAMPLE_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Which examples of a class become anchors, by their distance from its mode: from plain to odd."""


PURITY_TOLERANCE = 0.01
"""By how much the share of a class in a component may fall short of its largest, to be as good as that."""


def encode(model: VAE, images: Images, seed: int, batch: int = 500) -> Posteriors:
    """Encode images as training saw them: binarised by their intensities, here with a fixed seed."""
    generator = torch.Generator().manual_seed(seed)
    device = next(model.parameters()).device
    blocks = progress_bar(torch.split(images.pixels, batch), desc="encode", unit="batch", leave=False)
    return posteriors_of(model, (binarise(pixels, generator).to(device) for pixels in blocks))


def class_modes(
    fitted: GaussianMixture, means: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Where each class is most itself, (classes, d): the mean of one component.

    That is the largest of the components in which the class's share is the largest there is, but for
    `PURITY_TOLERANCE`. The mean of a class may lie outside it, in the midst of another.

    Args:
        fitted: The aggregated posterior.
        means: Posterior means, (n, d).
        labels: Class of each, (n,).
    """
    shares = np.exp(fitted.log_densities(means) - fitted.log_density(means)[:, None])
    held = np.stack([shares[labels == label].sum(0) for label in np.unique(labels)])
    purity = held / held.sum(0)
    pure = purity >= purity.max(1, keepdims=True) - PURITY_TOLERANCE
    return np.asarray(fitted.means[np.argmax(np.where(pure, held, -1), axis=1)])


def class_anchors(
    modes: NDArray[np.float32],
    means: NDArray[np.float32],
    labels: NDArray[np.int64],
    scale: NDArray[np.float32],
) -> Anchors:
    """The mode of every class (index -1), then examples of every class from plain to odd.

    Args:
        modes: One point a class, (classes, d), in the order of the labels.
        means: Posterior means, (n, d).
        labels: Class of each, (n,).
        scale: Standard deviation of each dimension, (d,): distances are measured in it.
    """
    classes = np.unique(labels)
    points, names, indices = list(modes), [str(label) for label in classes], [-1] * len(classes)
    for label, mode in zip(classes, modes, strict=True):
        members = np.flatnonzero(labels == label)
        distances = np.linalg.norm((means[members] - mode) / scale, axis=1)
        ranks = (np.array(EXAMPLE_QUANTILES) * (len(members) - 1)).astype(int)
        for index in members[np.argsort(distances, kind="stable")[ranks]]:
            points.append(means[index])
            names.append(str(label))
            indices.append(int(index))
    return Anchors(np.stack(points), tuple(names), np.array(indices))


def space(posteriors: Posteriors, labels: NDArray[np.int64], fitted: GaussianMixture) -> LatentSpace:
    """The space that these posteriors fill, as the mixture ``fitted`` says, with anchors of every class."""
    modes = class_modes(fitted, posteriors.means, labels)
    anchors = class_anchors(modes, posteriors.means, labels, posteriors.means.std(0))
    variances = np.exp(posteriors.logvars)
    return LatentSpace.from_posteriors(posteriors.means, variances, anchors=anchors, mixture=fitted)


def fit(posteriors: Posteriors, labels: NDArray[np.int64], config: Config) -> GaussianMixture:
    """A mixture for posteriors of classes, by the numbers of components that the configuration names."""
    means, variances = (part.astype(np.float64) for part in (posteriors.means, np.exp(posteriors.logvars)))
    return mixture.best_of_classes(means, variances, labels, config.objective.components, config.seed)


def prepare(trained: Trained, images: Images) -> tuple[Trained, LatentSpace]:
    """What ships: the model without the dimensions it does not use, and the space that ``images`` fill.

    Where the prior is a mixture, that is the aggregated posterior too; else one is fitted to it.
    """
    assert isinstance(trained.config, Config)
    posteriors = encode(trained.model, images, trained.config.seed)
    model, posteriors = prune(trained.model, posteriors)
    pruned = replace(trained, model=model)
    prior, labels = pruned.model.prior, images.labels.numpy()
    fitted = prior.mixture() if isinstance(prior, MixturePrior) else fit(posteriors, labels, trained.config)
    return pruned, space(posteriors, labels, fitted)
