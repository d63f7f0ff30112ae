from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.latent.spaces import clump_mixture
from training.core.model.prior import MixturePrior, StandardNormal


def test_the_standard_normal_is_that_of_torch() -> None:
    z = torch.randn(4, 5, 3)
    wanted = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)  # type: ignore[no-untyped-call]
    assert torch.allclose(StandardNormal()(z), wanted, atol=1e-5)


def test_a_prior_begins_as_what_was_fitted() -> None:
    fitted = clump_mixture(4)
    z = fitted.sample(np.random.default_rng(0), 30)
    found = MixturePrior.of(fitted)(torch.from_numpy(z).reshape(5, 6, 4)).detach().numpy()
    assert found.reshape(30) == pytest.approx(fitted.log_density(z), abs=2e-3)


def test_it_goes_there_and_back() -> None:
    fitted = clump_mixture(4)
    back = MixturePrior.of(fitted).mixture()
    for name in ("weights", "means", "factors"):
        assert getattr(back, name) == pytest.approx(getattr(fitted, name), abs=1e-4)


def test_fewer_dimensions_are_its_marginal() -> None:
    fitted = clump_mixture(3)
    kept = np.array([2, 0])
    marginal = MixturePrior.of(fitted).mixture(kept)
    draws = fitted.sample(np.random.default_rng(0), 30_000)[:, kept]
    again = marginal.sample(np.random.default_rng(1), 30_000)
    assert again.mean(0) == pytest.approx(draws.mean(0), abs=0.03)
    assert np.cov(again.T) == pytest.approx(np.cov(draws.T), abs=0.03)


def test_autocast_leaves_it_in_float32() -> None:
    prior = MixturePrior.of(clump_mixture(6))
    z = torch.randn(20, 6)
    with torch.autocast("cpu", torch.bfloat16):
        found = prior(z)
    assert found.dtype == torch.float32
    assert torch.equal(found, prior(z))


def test_its_gradient_pulls_it_over_the_points() -> None:
    prior = MixturePrior.of(clump_mixture(2))
    z = torch.randn(500, 2, generator=torch.Generator().manual_seed(0)) * 0.3 + 4
    optimiser = torch.optim.Adam(prior.parameters(), lr=0.1)
    before = float(prior(z).mean().detach())
    for _ in range(1000):
        optimiser.zero_grad()
        (-prior(z).mean()).backward()
        optimiser.step()
    best = float(torch.distributions.Normal(4.0, 0.3).log_prob(z).sum(-1).mean())  # type: ignore[no-untyped-call]
    assert before < best - 10
    assert float(prior(z).mean().detach()) > best - 0.1
