from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.training.tiny import bars, tiny_trained
from training.core.model import posterior
from training.core.model.posterior import Posteriors
from training.tasks.digits import posterior as digits_posterior
from vaevis_tui.latent.mixture import GaussianMixture


def posteriors(n: int = 500) -> Posteriors:
    """Four dimensions: dead, informative, telling next to nothing, somewhat informative."""
    rng = np.random.default_rng(0)
    means = rng.standard_normal((n, 4)) * [0.01, 1.0, 0.15, 0.5] + [0.3, 0.0, -0.2, 0.1]
    logvars = np.broadcast_to(np.log([1.0, 0.01, 1.0, 0.5]), (n, 4))
    return Posteriors(means.astype(np.float32), logvars.astype(np.float32))


def test_dimensions_that_do_not_vary_are_not_active_and_the_nearly_mute_are_not_shipped() -> None:
    assert posteriors().active.tolist() == [False, True, True, True]
    assert posteriors().worth_shipping.tolist() == [False, True, False, True]


def test_the_kl_is_averaged_over_the_images() -> None:
    wanted = 0.5 * (np.square([3.0, 1.0]).mean() + 0.25 - 1 - np.log(0.25))
    means, logvars = np.array([[3.0], [1.0]], np.float32), np.full((2, 1), np.log(0.25), np.float32)
    assert Posteriors(means, logvars).kl == pytest.approx([wanted])


def test_pruning_keeps_what_the_networks_compute() -> None:
    model, found = tiny_trained().model, posteriors()
    pruned, kept = posterior.prune(model, found)
    assert pruned.decoder.hidden.in_features == 2
    assert np.array_equal(kept.means, found.means[:, [1, 3]])  # by falling KL

    z = torch.randn(5, 4)
    z[:, [0, 2]] = torch.from_numpy(found.means.mean(0))[[0, 2]]
    assert torch.allclose(pruned.decoder(z[:, [1, 3]]), model.decoder(z), atol=1e-5)
    x = torch.rand(3, 1, 28, 28)
    for short, full in zip(pruned.encoder(x), model.encoder(x), strict=True):
        assert torch.allclose(short, full[:, [1, 3]], atol=1e-6)
    assert model.decoder.hidden.in_features == 4  # the original is left alone


def test_encoding_is_the_same_at_every_call_and_in_every_batch_size() -> None:
    trained, images = tiny_trained(), bars()
    whole = digits_posterior.encode(trained.model, images, seed=3)
    again = digits_posterior.encode(trained.model, images, seed=3)
    assert whole.means.shape == (20, 4)
    assert np.array_equal(whole.means, again.means)


def test_the_mode_of_a_class_is_where_it_is_large_and_alone() -> None:
    """Class 0 is mostly in the midst of class 1, and less so on its own; its mean is between."""
    rng = np.random.default_rng(0)
    clumps = [(0, 0.0, 300), (0, 10.0, 200), (0, 20.0, 20), (1, 0.0, 900)]
    means = np.concatenate([rng.normal(at, 1, (count, 2)) for _, at, count in clumps]).astype(np.float32)
    labels = np.concatenate([np.full(count, label) for label, _, count in clumps])
    centres = np.array([[0, 0], [10, 10], [20, 20]], np.float32)
    fitted = GaussianMixture(np.full(3, 1 / 3), centres, np.broadcast_to(np.eye(2), (3, 2, 2)))
    assert digits_posterior.class_modes(fitted, means, labels).tolist() == [[10, 10], [0, 0]]


def test_anchors_are_class_modes_then_examples_from_plain_to_odd() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 50)
    means = (rng.standard_normal((100, 3)) + labels[:, None] * 10).astype(np.float32)
    modes = np.stack([means[:50].mean(0), means[50:].mean(0)])
    anchors = digits_posterior.class_anchors(modes, means, labels, np.ones(3, np.float32))
    count = len(digits_posterior.EXAMPLE_QUANTILES)
    assert anchors.labels == ("0", "1", *["0"] * count, *["1"] * count)
    assert anchors.indices[:2].tolist() == [-1, -1]
    assert np.array_equal(anchors.z[:2], modes)
    for z, index, label in zip(anchors.z[2:], anchors.indices[2:], anchors.labels[2:], strict=True):
        assert np.array_equal(z, means[index])
        assert str(labels[index]) == label
    distances = np.linalg.norm(anchors.z[2 : 2 + count] - anchors.z[0], axis=1)
    assert (np.diff(distances) > 0).all()
