"""What is known of a latent space by the latents of pictures, or by what its decoder does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.bundling.pictures import Pictures, Progress
from vaevis_tui.latent.directions import Directions, concordance
from vaevis_tui.latent.mixture import GaussianMixture
from vaevis_tui.latent.space import Anchors, LatentSpace

Latents = NDArray[np.float32]
Decode = Callable[[Latents], NDArray[np.uint8]]

ANCHORS = 48
"""Examples that are kept where there are no labels."""

ANCHORS_A_CLASS = 4
MAX_CLASSES = 200
"""More labels than this are names, not classes."""

LEAST_VARIANCE, MOST_VARIANCE = 1e-4, 4.0
"""Of a posterior: what an encoder gives beyond is no variance."""

PROBES = 4
"""Points at which it is looked what each dimension does."""

MAX_DECODES = 4000
"""For that, of all dimensions together."""


def fit_space(means: Latents, logvars: Latents | None, pictures: Pictures) -> LatentSpace:
    """The aggregated posterior of some pictures, with anchors, and classes where they have labels.

    Args:
        means: Of each picture, float32 (n, d), n at least 2.
        logvars: Logarithms of variances, (n, d); None where nobody gives them.
        pictures: The pictures, in the same order.
    """
    variances = _variances(means, logvars)
    labels = pictures.labels if pictures.labelled and len(set(pictures.labels)) <= MAX_CLASSES else None
    anchors = _examples(means, pictures) if labels is None else _classes(means, pictures)
    mixture = None if labels is None else _mixture(means, variances, labels)
    space = LatentSpace.from_posteriors(means, variances, anchors=anchors, mixture=mixture)
    directions = None if labels is None else _directions(means, labels)
    return space if directions is None else replace(space, directions=directions)


def _variances(means: Latents, logvars: Latents | None) -> NDArray[np.float64]:
    """Variances of posteriors: as given, or what is left of one where the prior is N(0, I)."""
    if logvars is not None:
        values = logvars.astype(np.float64)
        variances = values**2 if np.all(values > 0) else np.exp(np.clip(values, -20, 5))
        if MOST_VARIANCE > float(np.median(variances)) > 0:
            return np.clip(variances, LEAST_VARIANCE, MOST_VARIANCE)
    spread = means.astype(np.float64).var(axis=0)
    rest = np.where(spread < 1, 1 - spread, 0.01 * spread)
    return np.broadcast_to(np.clip(rest, LEAST_VARIANCE, None), means.shape).copy()


def _spread(means: Latents, count: int) -> list[int]:
    """Places of examples that lie far apart, the one nearest to the mean first: farthest-first traversal."""
    points = means.astype(np.float64) / np.maximum(means.std(axis=0), 1e-6)
    chosen = [int(np.argmin(((points - points.mean(0)) ** 2).sum(1)))]
    nearest = ((points - points[chosen[0]]) ** 2).sum(1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(1))
    return chosen


def _examples(means: Latents, pictures: Pictures) -> Anchors:
    chosen = _spread(means, ANCHORS)
    labels = tuple(pictures.labels[i] or pictures.names[i] for i in chosen)
    return Anchors(means[chosen], labels, np.array(chosen, np.int64))


def _members(labels: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """Places of the examples of each label, labels in order."""
    array = np.array(labels)
    return {label: np.flatnonzero(array == label) for label in sorted(set(labels) - {""}, key=_natural)}


def _natural(label: str) -> tuple[int, str]:
    return (int(label), "") if label.isdecimal() else (1 << 60, label)


def _classes(means: Latents, pictures: Pictures) -> Anchors:
    """The mode of each class, then some of its examples."""
    z, labels, indices = [], [], []
    for label, members in _members(pictures.labels).items():
        chosen = members[_spread(means[members], ANCHORS_A_CLASS)]
        z += [means[members].mean(0), *means[chosen]]
        labels += [label] * (len(chosen) + 1)
        indices += [-1, *(int(i) for i in chosen)]
    return Anchors(np.stack(z), tuple(labels), np.array(indices, np.int64))


def _mixture(means: Latents, variances: NDArray[np.float64], labels: Sequence[str]) -> GaussianMixture | None:
    """A normal distribution a class, all of one shape; None where there are too few examples for that."""
    members = list(_members(labels).values())
    dim = means.shape[1]
    count = sum(len(each) for each in members)
    if count < 2 * dim or min(len(each) for each in members) < 2:
        return None
    centres = np.stack([means[each].mean(0) for each in members])
    inner = np.concatenate([means[each] - centre for each, centre in zip(members, centres, strict=True)])
    covariance = inner.T.astype(np.float64) @ inner / count + np.diag(variances.mean(0))
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 1e-8))) @ vectors.T
    weights = np.array([len(each) / count for each in members], np.float32)
    return GaussianMixture(weights, centres.astype(np.float32), root[None].astype(np.float32))


def _directions(means: Latents, labels: Sequence[str]) -> Directions | None:
    """From everything else to each class, with its strength on held-out examples."""
    found: list[tuple[str, NDArray[np.float32], float]] = []
    members = _members(labels)
    for label, each in list(members.items())[:32]:
        others = np.setdiff1d(np.flatnonzero(np.array(labels) != ""), each)
        vector = means[each].mean(0) - means[others].mean(0)
        if np.any(vector) and (len(members) > 2 or not found):
            found.append((label, vector.astype(np.float32), _strength(means, each, others)))
    if not found:
        return None
    names = tuple(name for name, _, _ in found)
    lows = tuple(f"not {name}" for name in names) if len(members) > 2 else (list(members)[1],)
    strengths = np.array([strength for _, _, strength in found], np.float32)
    return Directions(np.stack([vector for _, vector, _ in found]), names, lows, names, strengths)


def _strength(means: Latents, inside: NDArray[np.intp], others: NDArray[np.intp]) -> float:
    """How well half of the examples tell the other half apart; NaN where one of the sets cannot be halved."""
    if min(len(inside), len(others)) < 2:
        return float("nan")
    vector = means[inside[::2]].mean(0) - means[others[::2]].mean(0)
    held_out = np.concatenate([inside[1::2], others[1::2]])
    return concordance(means[held_out] @ vector, np.isin(held_out, inside))


def axes_by_effect(decode: Decode, space: LatentSpace, progress: Progress = lambda *_: None) -> LatentSpace:
    """A prior with axes of its own: first the direction that changes images most, and so on.

    They are the principal axes of the mean of J^T J over some points, J being the derivative of the image by
    z in deviations of the prior; of a distribution that is alike in all directions every basis is principal.

    Args:
        decode: From latents (n, d) to images, uint8 (n, h, w, 3).
        space: The prior, all of whose deviations are equal.
        progress: Is told how far it is.
    """
    dim = space.dim
    probes = max(1, min(PROBES, MAX_DECODES // (2 * dim)))
    total = np.zeros((dim, dim))
    for done, z in enumerate(space.sample(0, probes)):
        progress("measuring what each dimension does", done, probes)
        steps = np.diag(0.5 * space.std)
        change = _coarse(decode(z + steps)) - _coarse(decode(z - steps))
        total += change @ change.T
    progress("measuring what each dimension does", probes, probes)
    values, vectors = np.linalg.eigh(total)
    axes = vectors.T[np.argsort(-values, kind="stable")]
    largest = np.argmax(np.abs(axes), axis=1)
    axes *= np.sign(axes[np.arange(dim), largest])[:, None]
    return replace(space, axes=axes.astype(np.float32))


def _coarse(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Images as rows of floats of at most 64x64 pixels."""
    step = -(-max(images.shape[1:3]) // 64)
    return images[:, ::step, ::step].reshape(len(images), -1).astype(np.float64)
