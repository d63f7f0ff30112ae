from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from training.core.model import objective
from training.core.model.networks import Pass
from training.core.model.prior import StandardNormal


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def linear_pass(mean: Tensor, logvar: Tensor, weight: Tensor, noise: Tensor) -> Pass:
    """A VAE whose decoder is linear: 2 latent dimensions to 1x1x3 logits."""
    z = mean + torch.exp(0.5 * logvar) * noise
    return Pass(mean, logvar, z, (z @ weight)[:, :, None, None, :], StandardNormal()(z))


def test_densities_are_those_of_torch_distributions() -> None:
    mean, logvar, z = draw(5, 3), draw(5, 3) * 0.7, draw(2, 5, 3)
    normal = Normal(mean, torch.exp(0.5 * logvar))
    assert torch.allclose(objective.gaussian_log_density(z, mean, logvar), normal.log_prob(z).sum(-1))  # type: ignore[no-untyped-call]
    wanted = kl_divergence(normal, Normal(torch.zeros_like(mean), torch.ones_like(mean)))
    assert torch.allclose(objective.kl_to_standard_normal(mean, logvar), wanted)

    logits, x = draw(4, 5, 1, 2, 3), (draw(5, 1, 2, 3) > 0).double()
    wanted = Bernoulli(logits=logits).log_prob(x).sum((2, 3, 4))  # type: ignore[no-untyped-call]
    assert torch.allclose(objective.bernoulli_log_likelihood(logits, x), wanted)


def test_the_bound_rises_with_samples_to_the_log_likelihood() -> None:
    """log p(x) of a one-dimensional model by quadrature, against the bound with 1, 10 and 1,000 samples."""
    weight = torch.tensor([[1.5, -2.0, 0.5]], dtype=torch.float64)
    x = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64).view(1, 1, 1, 3)
    grid = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None, None]
    log_joint = objective.bernoulli_log_likelihood((grid @ weight)[:, :, None, None, :], x)
    log_joint = log_joint + objective.gaussian_log_density(grid, 0.0, 0.0)
    exact = float(torch.logsumexp(log_joint, 0)) + math.log(16 / 4000)

    n = 2000
    mean, logvar = torch.zeros(n, 1, dtype=torch.float64), torch.zeros(n, 1, dtype=torch.float64)
    bounds = []
    for k in (1, 10, 1000):
        out = linear_pass(mean, logvar, weight, draw(k, n, 1))
        log_weights = objective.log_importance_weights(out, x.expand(n, -1, -1, -1))
        bounds.append(float(objective.importance_weighted_bound(log_weights).mean()))
    assert bounds[0] < bounds[1] - 0.05 < bounds[2]
    assert bounds[2] == pytest.approx(exact, abs=5e-3)


@pytest.mark.parametrize("k", [1, 4])
def test_no_gradient_noise_reaches_the_encoder_where_it_is_the_posterior(k: int) -> None:
    """A decoder that ignores z has the prior as its posterior: every single gradient must then be zero."""
    mean, logvar = torch.zeros(6, 2, requires_grad=True), torch.zeros(6, 2, requires_grad=True)
    out = linear_pass(mean, logvar, torch.zeros(2, 3), draw(k, 6, 2).float())
    loss, _ = objective.doubly_reparameterised_loss(out, torch.ones(6, 1, 1, 3), 1.0)
    gradients = torch.autograd.grad(loss, (mean, logvar))
    assert all(gradient.abs().max() < 1e-6 for gradient in gradients)


@pytest.mark.parametrize("k", [1, 3])
def test_the_gradient_is_that_of_the_bound(k: int) -> None:
    """Over many draws the doubly reparameterised gradient agrees with that of the bound itself."""
    n = 200_000
    mean = torch.tensor([0.4, -0.3], dtype=torch.float64, requires_grad=True)
    logvar = torch.tensor([-0.5, 0.3], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([[1.0, -1.0, 0.5], [0.3, 0.8, -1.2]], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64).view(1, 1, 1, 3).expand(n, -1, -1, -1)
    parameters = (mean, logvar, weight)

    def one_pass() -> Pass:
        return linear_pass(mean.expand(n, 2), logvar.expand(n, 2), weight, draw(k, n, 2))

    bound = objective.importance_weighted_bound(objective.log_importance_weights(one_pass(), x))
    wanted = torch.autograd.grad(-bound.mean(), parameters)
    loss, reported = objective.doubly_reparameterised_loss(one_pass(), x, 1.0)
    found = torch.autograd.grad(loss, parameters)
    assert torch.allclose(reported, bound)
    for gradient, right in zip(found, wanted, strict=True):
        assert torch.allclose(gradient, right, atol=0.01)  # the standard error of 200,000 draws is 0.003


def test_the_kl_weight_rises_to_one_and_stays() -> None:
    assert [objective.kl_weight(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert objective.kl_weight(0, 0) == 1
