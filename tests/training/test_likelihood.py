from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.tiny import tiny_trained
from training.core.model import objective
from training.core.model.networks import VAE
from training.core.model.prior import StandardNormal
from training.tasks.digits import likelihood


def model_and_images(n: int = 250) -> tuple[VAE, Tensor]:
    x = (torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0)) > 0.7).float()
    return tiny_trained().model, x


def test_a_decoder_that_ignores_z_has_a_likelihood_in_closed_form(tmp_path: Path) -> None:
    """With the prior as q, every weight is p(x): the estimate is exact with any number of samples."""
    model, x = model_and_images(30)
    model.prior = StandardNormal()
    for layer in (model.decoder.hidden, model.encoder.mean, model.encoder.logvar):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    found = likelihood.estimate(model, x, 7, 0, tmp_path / "l.npz", "m")
    exact = objective.bernoulli_log_likelihood(model.decoder(torch.zeros(30, 4))[None], x)[0].numpy()
    assert np.allclose(found.log_likelihood, exact, rtol=1e-5)
    assert np.allclose(found.bound, exact, rtol=1e-5)


def test_more_samples_say_more(tmp_path: Path) -> None:
    model, x = model_and_images()
    few = likelihood.estimate(model, x, 2, 0, tmp_path / "few.npz", "m")
    many = likelihood.estimate(model, x, 40, 0, tmp_path / "many.npz", "m")
    assert (few.log_likelihood >= few.bound - 1e-9).all()
    assert many.log_likelihood.mean() > few.log_likelihood.mean() > few.bound.mean()


def test_an_interrupted_measurement_goes_on_to_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x = model_and_images()
    whole = likelihood.estimate(model, x, 3, 0, tmp_path / "whole.npz", "m")

    real, calls = likelihood.estimate_block, [0]

    def counted(*arguments: object) -> tuple[Tensor, Tensor]:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(likelihood, "estimate_block", counted)
    partial = tmp_path / "partial.npz"
    with pytest.raises(KeyboardInterrupt):
        likelihood.estimate(model, x, 3, 0, partial, "m")
    resumed = likelihood.estimate(model, x, 3, 0, partial, "m")
    assert calls[0] == 4  # two blocks, the one that was interrupted, and it again
    assert np.array_equal(resumed.log_likelihood, whole.log_likelihood)

    likelihood.estimate(model, x, 3, 0, partial, "another model")
    assert calls[0] == 7


def test_screening_in_bfloat16_finds_the_same() -> None:
    """Rounding moves single weights by far more than the estimate."""
    model, x = model_and_images(60)
    exact, screened = (
        likelihood.estimate_block(model, x, 400, torch.Generator().manual_seed(0), precision)
        for precision in (torch.float32, torch.bfloat16)
    )
    noise = torch.randn(1, 60, 4)
    mean, logvar = model.encoder(x)
    single = [
        likelihood._log_weights(model, x, mean, logvar, noise, precision)
        for precision in (torch.float32, torch.bfloat16)
    ]
    rounding = float((single[0] - single[1]).abs().mean())
    assert float((exact[0] - screened[0]).abs().mean()) < 0.1 * rounding + 0.02
    assert abs(float((exact[0] - screened[0]).mean())) < 0.01
    assert float((exact[1] - screened[1]).abs().mean()) < 0.3 * rounding + 0.02


class Bars(torch.nn.Module):
    """Two dimensions to the logits of three pixels, linearly."""

    weight = torch.tensor([[4.0, 0.0, -2.0], [0.0, 3.0, 1.0]])

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return (z @ self.weight).reshape(-1, 1, 1, 3)


def test_the_lattice_gives_probabilities_that_add_up_and_agree_with_sampling() -> None:
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3).reshape(8, 1, 1, 3)
    found = np.exp(likelihood.quadrature(Bars(), x, step=0.1))
    assert found.sum() == pytest.approx(1, abs=1e-5)
    z = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0))
    on = torch.sigmoid(z @ Bars.weight)
    sampled = [float(torch.where(row.flatten() > 0, on, 1 - on).prod(1).mean()) for row in x]
    assert found == pytest.approx(sampled, abs=5e-3)
