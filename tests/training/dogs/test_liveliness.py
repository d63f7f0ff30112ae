"""Which dimensions ship: the liveliest part of the space, in dimensions independent of each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.dogs.tiny import faces, tiny_config, tiny_state
from training.core.checkpoint import Trained
from training.core.model.networks import LatentDecoder
from training.core.model.posterior import Posteriors
from training.tasks.dogs import checkpoint, liveliness, posterior


class Linear(LatentDecoder):
    """Logits that are a matrix times the latent, near 0, where the logistic function is linear."""

    def __init__(self, matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
        super().__init__()
        self.hidden = torch.nn.Linear(matrix.shape[1], matrix.shape[0])
        self.hidden.weight.data = torch.from_numpy(matrix).float()
        self.hidden.bias.data.zero_()

    def forward(self, z: Tensor) -> Tensor:
        logits: Tensor = self.hidden(z)
        return logits.reshape(len(z), 1, 8, -1)


def two_axes() -> tuple[Linear, Posteriors, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Four latent dimensions that are mixtures of two that one sees and two that one hardly does.

    Returns:
        The decoder, what is encoded, and the independent sources of it (n, 4), those one sees first.
    """
    rng = np.random.default_rng(0)
    sources = rng.laplace(size=(4000, 4)) / np.sqrt(2)
    mixing = rng.standard_normal((4, 4))
    orthonormal = np.linalg.qr(rng.standard_normal((64, 4)))[0]
    decoder = Linear(orthonormal @ np.diag([0.2, 0.2, 0.01, 0.01]) @ np.linalg.inv(mixing))
    means = (sources @ mixing.T + 3).astype(np.float32)
    return decoder, Posteriors(means, np.full(means.shape, -12, np.float32)), sources


def test_the_independent_dimensions_that_one_sees_are_found() -> None:
    decoder, posteriors, sources = two_axes()
    turn = liveliness.find(decoder, posteriors, 2)
    found = turn(posteriors.means)
    np.testing.assert_allclose(np.cov(found.T), np.eye(2), atol=0.05)
    alike = np.abs(np.corrcoef(found.T, sources[:, :2].T)[:2, 2:])
    assert sorted(alike.argmax(1).tolist()) == [0, 1]
    assert (alike.max(1) > 0.99).all()
    assert (((found - found.mean(0)) ** 3).mean(0) > 0).all(), "what is rare lies at the positive end"
    restored = turn.mean + found @ turn.back.T
    with torch.inference_mode():
        off = decoder(torch.from_numpy(restored).float()) - decoder(torch.from_numpy(posteriors.means))
    assert float(off.square().mean().sqrt()) < 0.1 * 0.2


def test_without_the_turn_to_independence_dimensions_are_mixtures() -> None:
    """The test above would tell: principal axes of the effect are any two of the plane."""
    decoder, posteriors, sources = two_axes()
    found = liveliness.by_effect(decoder, posteriors).kept(2)(posteriors.means)
    assert np.abs(np.corrcoef(found.T, sources[:, :2].T)[:2, 2:]).max() < 0.99


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    state = tiny_state()
    checkpoint.save_average(tmp_path / checkpoint.AVERAGE, state, tiny_config())
    return checkpoint.load_trained(tmp_path / checkpoint.AVERAGE)


def test_turned_networks_draw_what_they_drew(trained: Trained) -> None:
    """With as many dimensions as before nothing is lost: the same image from the same image."""
    pixels = faces(40)
    posteriors = posterior.encode(trained.model, pixels)
    turn = liveliness.find(trained.model.decoder, posteriors, tiny_config().network.latent)
    turned = liveliness.apply(trained, posteriors, turn, pixels)
    with torch.inference_mode():
        x = pixels[:5].float() / 255
        before, after = (each.model.decoder(each.model.encoder(x)[0]) for each in (trained, turned))
    torch.testing.assert_close(after, before, atol=1e-3, rtol=1e-3)
