"""Fit a mixture of Gaussians to an aggregated posterior, by expectation maximisation in NumPy.

What is fitted are normal distributions q(z|x_i), not points: a component's covariance is that of their means
plus their mean variance (the law of total covariance), so narrow posteriors do not make it singular. The
steps are those of Bishop 2006, section 9.2.2, with each log-density replaced by its mean under q(z|x_i);
they never lower a bound on the mean of log p(z) over the aggregated posterior.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.latent.mixture import GaussianMixture

from ..progress import progress_bar

Array = NDArray[np.float64]


ITERATIONS = 60
"""Most steps of a fit; the bound then rises by less than 0.01 nats a step."""


LEAST_GAIN = 1e-3
"""Nats an example; a fit that gains less in a step has arrived."""


LEAST_MEMBERS = 5
"""Examples a dimension, on average, below which a component's covariance would be noise."""


def fit(means: Array, variances: Array, count: int, seed: int) -> GaussianMixture:
    """A mixture of ``count`` components for the posteriors N(means, diag(variances)), each (n, d).

    Begins with k-means++ (Arthur & Vassilvitskii 2007) on the means.
    """
    rng = np.random.default_rng(seed)
    centres = means[_spread(means, count, rng)]
    nearest = np.argmin(_squared_distances(means, centres), axis=1)
    shares = np.eye(count)[nearest]
    bound = -math.inf
    for _ in range(ITERATIONS):
        weights, centres, covariances = _maximise(means, variances, shares)
        log_joint = _expected_log_joint(means, variances, weights, centres, covariances)
        log_total = np.logaddexp.reduce(log_joint, axis=1, keepdims=True)
        shares = np.exp(log_joint - log_total)
        before, bound = bound, float(log_total.mean())
        if bound - before < LEAST_GAIN:
            break
    return mixture_of(weights, centres, covariances)


def mixture_of(weights: Array, means: Array, covariances: Array) -> GaussianMixture:
    """The mixture with these covariances (k, d, d), whose square roots it holds."""
    values, vectors = np.linalg.eigh(covariances)
    roots = (vectors * np.sqrt(values)[:, None, :]) @ vectors.swapaxes(1, 2)
    return GaussianMixture(weights.astype(np.float32), means.astype(np.float32), roots.astype(np.float32))


def best(
    means: Array, variances: Array, counts: tuple[int, ...], seed: int, held_out: float = 0.1
) -> GaussianMixture:
    """The mixture with the number of components that suits posteriors held out best.

    Judged by the log-density of a draw from each posterior held out; fitted again to all of them.

    Args:
        means: Of the posteriors, (n, d).
        variances: Of the posteriors, (n, d).
        counts: Numbers of components to try; those for which there are too few posteriors are left out.
        seed: Of the split, the draws and the starts.
        held_out: Share of the posteriors to judge by.
    """
    counts = tuple(count for count in counts if count * LEAST_MEMBERS * means.shape[1] <= len(means)) or (1,)
    if len(counts) == 1:
        return fit(means, variances, counts[0], seed)
    rng = np.random.default_rng(seed)
    judged, fitted = np.split(rng.permutation(len(means)), [max(1, int(held_out * len(means)))])
    draws = means[judged] + np.sqrt(variances[judged]) * rng.standard_normal(means[judged].shape)
    found = [fit(means[fitted], variances[fitted], count, seed) for count in counts]
    scores = [float(candidate.log_density(draws).mean()) for candidate in found]
    return fit(means, variances, counts[int(np.argmax(scores))], seed)


def best_of_classes(
    means: Array, variances: Array, labels: NDArray[np.int64], counts: tuple[int, ...], seed: int
) -> GaussianMixture:
    """The best mixture of every class, joined by the classes' shares: components do not span classes.

    Args:
        means: Of the posteriors, (n, d).
        variances: Of the posteriors, (n, d).
        labels: Class of each, (n,).
        counts: Numbers of components to try for each class.
        seed: As in `best`.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    fitted = []
    for label in progress_bar(classes, desc="fit a mixture", unit="class", leave=False):
        members = labels == label
        fitted.append(best(means[members], variances[members], counts, seed))
    weights = np.concatenate([size * part.weights for size, part in zip(sizes, fitted, strict=True)])
    return GaussianMixture(
        weights / weights.sum(dtype=np.float64),
        np.concatenate([part.means for part in fitted]),
        np.concatenate([part.factors for part in fitted]),
    )


def _maximise(means: Array, variances: Array, shares: Array) -> tuple[Array, Array, Array]:
    """Weights (k,), means (k, d) and covariances (k, d, d) of posteriors shared out by ``shares`` (n, k)."""
    shares = (
        shares + 1e-12
    )  # a component that has lost all its members is then one of everything, not singular
    totals = shares.sum(0)
    centres = (shares.T @ means) / totals[:, None]
    spread = (shares.T @ variances) / totals[:, None]
    covariances = np.empty((len(totals), means.shape[1], means.shape[1]))
    for k, centre in enumerate(centres):
        offsets = means - centre
        covariances[k] = (shares[:, k, None] * offsets).T @ offsets / totals[k] + np.diag(spread[k])
    return totals / totals.sum(), centres, covariances


def _expected_log_joint(
    means: Array, variances: Array, weights: Array, centres: Array, covariances: Array
) -> Array:
    """Mean of log(w_k N(z; m_k, C_k)) over z ~ N(means, diag(variances)), (n, k)."""
    found = np.empty((len(means), len(weights)))
    for k, (weight, centre, covariance) in enumerate(zip(weights, centres, covariances, strict=True)):
        precision = np.linalg.inv(covariance)
        offsets = means - centre
        squares = np.sum((offsets @ precision) * offsets, axis=1) + variances @ np.diag(precision)
        volume = np.linalg.slogdet(covariance)[1] + means.shape[1] * math.log(2 * math.pi)
        found[:, k] = math.log(weight) - 0.5 * (squares + volume)
    return found


def _spread(points: Array, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Positions of ``count`` points, each drawn by its squared distance to the nearest before (k-means++)."""
    chosen = [int(rng.integers(len(points)))]
    distances = np.full(len(points), np.inf)
    while len(chosen) < count:
        distances = np.minimum(distances, _squared_distances(points, points[chosen[-1:]])[:, 0])
        shares = distances + 1e-12  # of points that all lie together each is as good
        chosen.append(int(rng.choice(len(points), p=shares / shares.sum())))
    return np.array(chosen)


def _squared_distances(points: Array, centres: Array) -> Array:
    """(n, d) and (k, d) to (n, k)."""
    found: Array = (points**2).sum(1)[:, None] - 2 * points @ centres.T + (centres**2).sum(1)
    return np.maximum(found, 0)
