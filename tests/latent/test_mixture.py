from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest

from tests.latent.spaces import clump_mixture, clumped_space
from vaevis_tui.latent.mixture import MAX_COMPONENTS, GaussianMixture


def test_draws_have_the_moments_of_the_mixture() -> None:
    mixture = clump_mixture(3)
    z = mixture.sample(np.random.default_rng(0), 40_000)
    weights = mixture.weights.astype(np.float64)
    mean = weights @ mixture.means
    offsets = mixture.means - mean
    covariance = np.einsum("k,kij->ij", weights, mixture.factors @ mixture.factors)
    covariance += (offsets * weights[:, None]).T @ offsets
    assert z.mean(axis=0) == pytest.approx(mean, abs=0.02)
    assert np.cov(z, rowvar=False) == pytest.approx(covariance, abs=0.02)


def test_a_space_with_a_mixture_draws_from_it() -> None:
    space = clumped_space(3)
    assert space.mixture is not None
    assert np.array_equal(space.sample(7, 9), space.mixture.sample(np.random.default_rng(7), 9))


def test_a_seed_gives_the_same_bits_as_plain_python_arithmetic() -> None:
    mixture = clump_mixture(7)
    rng = np.random.Generator(np.random.PCG64(20))
    deviate, x = rng.random(), rng.standard_normal(7).tolist()
    component, total = 0, float(mixture.weights[0])
    while total <= deviate:
        component, total = component + 1, total + float(mixture.weights[component + 1])
    z = [0.0] * 7
    for step, row in zip(x, mixture.factors[component].tolist(), strict=True):
        for j in range(7):
            z[j] += step * row[j]
    expected = np.array(
        [a + b for a, b in zip(z, mixture.means[component].tolist(), strict=True)], np.float32
    )
    found = mixture.sample(np.random.Generator(np.random.PCG64(20)), 1)[0]
    assert found.tobytes() == expected.tobytes()


def test_the_draws_of_a_seed_are_what_they_always_were() -> None:
    """Guards the promise against a NumPy that would change its uniform or normal deviates."""
    factors = np.array([[[1.0, 0.5], [0.5, 1.0]], [[0.25, 0.0], [0.0, 0.5]]])
    mixture = GaussianMixture(np.array([0.25, 0.75]), np.array([[0.0, 1.0], [-2.0, 4.0]]), factors)
    z = mixture.sample(np.random.Generator(np.random.PCG64(0)), 500)
    digest = hashlib.sha256(z.astype("<f4").tobytes()).hexdigest()
    assert digest == "c63597dc0a66d8df20defe96736d31ce0b7a542873a298d5b788aa6c06a41795"


def test_row_i_does_not_depend_on_how_many_are_drawn() -> None:
    space = clumped_space(4)
    assert np.array_equal(space.sample(9, 200)[:3], space.sample(9, 3))
    assert space.sample(9, 0).shape == (0, 4)


def test_the_density_is_that_of_the_formula_and_integrates_to_one() -> None:
    mixture = clump_mixture(2, 3)
    line = np.arange(-6, 6, 0.02)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    assert np.exp(mixture.log_density(grid)).sum() * 0.02**2 == pytest.approx(1, abs=1e-6)
    z = np.array([0.3, -0.2])
    total = 0.0
    for weight, mean, factor in zip(
        mixture.weights, mixture.means, mixture.factors.astype(float), strict=True
    ):
        covariance, offset = factor @ factor, z - mean
        square = offset @ np.linalg.inv(covariance) @ offset
        total += weight * math.exp(-square / 2) / (2 * math.pi * math.sqrt(np.linalg.det(covariance)))
    assert mixture.log_density(z) == pytest.approx(math.log(total))


def test_all_but_a_twentieth_of_the_mass_is_typical() -> None:
    mixture = clump_mixture(6)
    draws = mixture.sample(np.random.default_rng(3), 4000)
    assert np.mean(mixture.log_density(draws) < mixture.typical_log_density) == pytest.approx(0.05, abs=0.015)


def test_coordinates_of_a_component_go_there_and_back() -> None:
    mixture = clump_mixture(4)
    z = mixture.sample(np.random.default_rng(0), 6)
    assert mixture.unwhiten(mixture.whiten(z, 2), 2) == pytest.approx(z)
    assert mixture.turn(np.ones(4), 2) == pytest.approx(mixture.unwhiten(np.ones(4), 2) - mixture.means[2])


PLAIN: dict[str, Any] = {
    "weights": np.array([0.5, 0.5]),
    "means": np.zeros((2, 3)),
    "factors": np.stack([np.eye(3)] * 2),
}


def test_a_factor_that_all_share_is_as_one_for_each() -> None:
    each = clump_mixture(6, count=4)
    shared = GaussianMixture(each.weights, each.means, each.factors[:1])
    repeated = GaussianMixture(each.weights, each.means, each.factors[:1].repeat(4, axis=0))
    z = shared.sample(np.random.default_rng(3), 50)
    np.testing.assert_array_equal(z, repeated.sample(np.random.default_rng(3), 50))
    np.testing.assert_allclose(shared.log_densities(z), repeated.log_densities(z), rtol=1e-9, atol=1e-9)
    assert shared.log_densities(z[0]).shape == (4,)
    assert shared.typical_log_density == pytest.approx(repeated.typical_log_density, abs=0.3)
    for component in range(4):
        x = shared.whiten(z, component)
        np.testing.assert_array_equal(x, repeated.whiten(z, component))
        np.testing.assert_array_equal(shared.unwhiten(x, component), repeated.unwhiten(x, component))
        np.testing.assert_array_equal(shared.turn(x, component), repeated.turn(x, component))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"weights": np.array([0.5, 0.6])}, "sum to 1; they sum to 1.1"),
        ({"weights": np.array([1.0, 0.0])}, "positive"),
        ({"weights": np.array([np.nan, 1.0])}, "weights holds NaN"),
        ({"weights": np.ones(1)}, "weights have shape"),
        ({"means": np.zeros(3)}, "means have shape"),
        ({"means": np.zeros((0, 3))}, "at least 1"),
        ({"means": np.zeros((2, 0))}, "at least 1"),
        ({"means": np.zeros((MAX_COMPONENTS + 1, 3))}, "up to 1024 are supported"),
        ({"factors": np.stack([np.eye(2)] * 2)}, "factors have shape"),
        ({"factors": np.stack([np.eye(3), -np.eye(3)])}, "positive definite"),
        ({"factors": np.zeros((2, 3, 3))}, "positive definite"),
        ({"factors": np.stack([np.eye(3), np.tri(3)])}, "symmetric"),
    ],
)
def test_a_mixture_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianMixture(**(PLAIN | fields))
