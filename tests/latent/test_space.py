from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.space import Anchors, LatentSpace, chi_quantile


def changed(space: LatentSpace, **fields: Any) -> LatentSpace:
    return dataclasses.replace(space, **fields)


@pytest.mark.parametrize("dim", [1, 2, 7, 256])
def test_coordinates_go_there_and_back(dim: int) -> None:
    space = skewed_space(dim)
    z = space.sample(1, 5)
    assert space.from_sigma(space.to_sigma(z)) == pytest.approx(z, abs=1e-5)
    assert space.unwhiten(space.whiten(z)) == pytest.approx(z, abs=1e-5)
    assert space.whiten(z[0]) == pytest.approx(space.whiten(z)[0])
    assert space.whiten(space.mean) == pytest.approx(np.zeros(dim))
    assert space.to_sigma(space.mean) == pytest.approx(np.zeros(dim))


def test_sigmas_are_float64_and_latents_float32() -> None:
    space = skewed_space(3)
    z = space.sample(0, 2)
    latents = (z, space.from_sigma(np.zeros(3)), space.unwhiten(np.zeros(3)))
    coordinates = (space.to_sigma(z), space.whiten(z))
    assert [array.dtype.name for array in latents] == ["float32"] * 3
    assert [array.dtype.name for array in coordinates] == ["float64"] * 2


def test_whitening_makes_the_posterior_standard_normal() -> None:
    space = skewed_space(6)
    x = space.whiten(space.sample(3, 40_000))
    assert x.mean(axis=0) == pytest.approx(np.zeros(6), abs=0.03)
    assert np.cov(x, rowvar=False) == pytest.approx(np.eye(6), abs=0.03)


def test_one_sigma_is_one_standard_deviation_of_samples() -> None:
    space = skewed_space(6)
    assert space.to_sigma(space.sample(3, 40_000)).std(axis=0) == pytest.approx(np.ones(6), abs=0.02)


def test_a_seed_gives_the_same_bits_as_plain_python_arithmetic() -> None:
    """IEEE 754 multiplication and addition in the order promised, without NumPy's kernels or a BLAS.

    The mean is put opposite to the sample: what is left is float64's rounding, which another order changes.
    """
    space = skewed_space(33)
    space = changed(space, mean=space.mean - space.sample(20)[0])
    deviates = np.random.Generator(np.random.PCG64(20)).standard_normal(33).tolist()
    z = [0.0] * 33
    for deviate, axis, variance in zip(
        deviates, space.axes.tolist(), space.axis_variances.tolist(), strict=True
    ):
        for j in range(33):
            z[j] += deviate * (axis[j] * math.sqrt(variance))
    expected = np.array(
        [total + mean for total, mean in zip(z, space.mean.tolist(), strict=True)], np.float32
    )
    assert space.sample(20)[0].tobytes() == expected.tobytes()


def test_the_first_deviates_of_a_seed_are_what_they_always_were() -> None:
    """Guards the promise against a NumPy that would change its ziggurat."""
    z = LatentSpace.standard_normal(4).sample(0)
    assert z.tolist() == [[0.1257302165031433, -0.13210485875606537, 0.6404226422309875, 0.10490011423826218]]


def test_four_thousand_deviates_of_a_seed_are_what_they_always_were() -> None:
    """Enough that each branch of the ziggurat is taken, the tail beyond 3.65 too."""
    z = LatentSpace.standard_normal(4).sample(0, 1024)
    assert np.abs(z).max() > 3.66
    digest = hashlib.sha256(z.astype("<f4").tobytes()).hexdigest()
    assert digest == "afb9825a6df7150ed3c35dbaed712813eced3e3fd34175de6ef3db4921f6127a"


def test_row_i_of_a_sample_does_not_depend_on_how_many_are_drawn() -> None:
    space = skewed_space(5)
    assert np.array_equal(space.sample(9, 200)[:3], space.sample(9, 3))


def test_a_generator_goes_on_where_it_stood() -> None:
    space = skewed_space(5)
    rng = np.random.default_rng(9)
    assert np.array_equal(np.concatenate([space.sample(rng), space.sample(rng)]), space.sample(9, 2))


def test_no_samples_are_an_empty_array_and_fewer_an_error() -> None:
    assert skewed_space(3).sample(0, 0).shape == (0, 3)
    with pytest.raises(ValueError, match="at least 0"):
        skewed_space(3).sample(0, -1)
    with pytest.raises(ValueError, match="a seed must be at least 0, not -1"):
        skewed_space(3).sample(-1)


def test_order_is_by_falling_kl_and_stable() -> None:
    space = changed(skewed_space(4), kl=np.array([1, 3, 1, 2], np.float32))
    assert space.order.tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("p", "dim", "expected"),
    [  # square roots of the chi-squared quantiles in the NIST/SEMATECH e-Handbook, section 1.3.6.7.4
        (0.95, 1, math.sqrt(3.841)),
        (0.05, 2, math.sqrt(0.103)),
        (0.95, 10, math.sqrt(18.307)),
        (0.05, 100, math.sqrt(77.929)),
        (0.95, 100, math.sqrt(124.342)),
    ],
)
def test_chi_quantiles_are_those_of_the_tables(p: float, dim: int, expected: float) -> None:
    assert chi_quantile(p, dim) == pytest.approx(expected, rel=5e-4, abs=1e-3)


@given(st.floats(1e-6, 1 - 1e-6))
def test_chi_quantile_in_two_dimensions_is_rayleighs(p: float) -> None:
    assert chi_quantile(p, 2) == pytest.approx(math.sqrt(-2 * math.log1p(-p)), rel=1e-9)


@pytest.mark.parametrize(("p", "dim"), [(0, 2), (1, 2), (0.5, 0), (math.nan, 2)])
def test_chi_quantile_refuses_what_has_none(p: float, dim: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        chi_quantile(p, dim)


@pytest.mark.parametrize("dim", [1, 2, 256])
def test_the_shell_of_the_prior_holds_nine_tenths_of_it(dim: int) -> None:
    space = LatentSpace.standard_normal(dim)
    norms = np.linalg.norm(space.whiten(space.sample(0, 4000)), axis=1)
    low, median, high = space.shell
    assert np.mean(norms < low) == pytest.approx(0.05, abs=0.02)
    assert np.mean(norms < median) == pytest.approx(0.50, abs=0.04)
    assert np.mean(norms > high) == pytest.approx(0.05, abs=0.02)
    assert len(space.anchors) == 0


@pytest.mark.parametrize("dim", [0, -1])
def test_the_prior_needs_a_dimension(dim: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        LatentSpace.standard_normal(dim)


def posteriors(count: int, dim: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(4)
    mixing = rng.standard_normal((dim, dim))
    return rng.standard_normal((count, dim)) @ mixing + 1.5, rng.uniform(0.01, 0.5, (count, dim))


def test_a_fit_has_the_moments_of_draws_from_the_posteriors() -> None:
    means, variances = posteriors(9000, 4)
    space = LatentSpace.from_posteriors(means, variances)
    draws = means + np.sqrt(variances) * np.random.default_rng(5).standard_normal(means.shape)
    covariance = space.axes.T @ np.diag(space.axis_variances) @ space.axes
    assert space.mean == pytest.approx(draws.mean(axis=0), abs=0.03)
    assert covariance == pytest.approx(np.cov(draws, rowvar=False), abs=0.05)
    assert space.std == pytest.approx(draws.std(axis=0), abs=0.03)
    norms = np.linalg.norm(space.whiten(draws), axis=1)
    assert space.shell == pytest.approx(tuple(np.quantile(norms, [0.05, 0.5, 0.95])), abs=0.04)


def test_the_shell_is_measured_where_the_posterior_is_not_normal() -> None:
    """Two clumps: nearly all norms are the same, which no normal distribution has."""
    means = np.repeat([[-1.0], [1.0]], 500, axis=0)
    low, _, high = LatentSpace.from_posteriors(means, np.full((1000, 1), 1e-4)).shell
    assert 0.95 < low < high < 1.05


def test_kl_of_a_fit_is_the_mean_over_examples() -> None:
    means, variances = np.array([[0.0, 1.0], [0.0, -1.0]]), np.array([[1.0, 0.5], [1.0, 0.5]])
    kl = LatentSpace.from_posteriors(means, variances).kl
    assert kl == pytest.approx([0, 0.5 * (1 + 0.5 - 1 - math.log(0.5))], abs=1e-6)


def test_axes_fall_in_variance_and_their_largest_component_is_positive() -> None:
    space = LatentSpace.from_posteriors(*posteriors(500, 8))
    assert np.all(np.diff(space.axis_variances) <= 0)
    assert np.all(space.axes[np.arange(8), np.argmax(np.abs(space.axes), axis=1)] > 0)
    mirrored = posteriors(500, 8)
    assert np.abs(LatentSpace.from_posteriors(-mirrored[0], mirrored[1]).axes - space.axes).max() < 1e-5


def test_a_fit_of_one_dimension_and_with_anchors() -> None:
    anchors = Anchors(np.zeros((1, 1), np.float32), ("zero",), np.array([-1]))
    space = LatentSpace.from_posteriors(*posteriors(50, 1), anchors=anchors)
    assert (space.dim, space.axes.tolist(), space.anchors.labels) == (1, [[1.0]], ("zero",))


@pytest.mark.parametrize(
    ("means", "variances", "message"),
    [
        (np.zeros((1, 2)), np.ones((1, 2)), "at least 2"),
        (np.zeros((3, 2)), np.ones((3, 1)), "both be"),
        (np.zeros((3, 2)), np.zeros((3, 2)), "positive"),
        (np.full((3, 2), np.nan), np.ones((3, 2)), "NaN"),
        (np.zeros((3, 2)), np.full((3, 2), np.inf), "infinities"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    means: NDArray[np.float64], variances: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        LatentSpace.from_posteriors(means, variances)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mean": np.zeros((2, 2))}, "mean has shape"),
        ({"mean": np.zeros(0)}, "at least 1"),
        ({"mean": np.array([0, 0, np.nan])}, "mean holds NaN"),
        ({"std": np.ones(2)}, "std has shape"),
        ({"std": np.array([1, 0, 1])}, "std must be positive"),
        ({"std": np.array([1, 1e300, 1])}, "std holds NaN or inf"),
        ({"kl": np.ones(4)}, "kl has shape"),
        ({"axes": np.ones((3, 2))}, "axes has shape"),
        ({"axes": np.ones((3, 3))}, "orthonormal"),
        ({"axis_variances": np.array([1, 2, 3])}, "fall"),
        ({"axis_variances": np.array([1, 0.5, -0.5])}, "positive"),
        ({"anchors": Anchors.none(2)}, "anchors have 2"),
        ({"shell": (2.0, 1.0, 3.0)}, "rising"),
        ({"shell": (0.0, 0.0, 0.0)}, "rising"),
        ({"shell": (0.0, 1.0, math.inf)}, "rising"),
        ({"shell": (math.nan, 1.0, 2.0)}, "rising"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        changed(skewed_space(3), **fields)


@pytest.mark.parametrize("shape", [(), (2,), (4, 2)])
def test_vectors_of_another_length_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        skewed_space(3).whiten(np.zeros(shape))


def test_arrays_are_copied_and_read_only() -> None:
    mean = np.zeros(2)
    space = changed(LatentSpace.standard_normal(2), mean=mean)
    mean[0] = 5
    assert space.mean.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        space.mean[0] = 1


@pytest.mark.parametrize(
    ("z", "labels", "indices", "message"),
    [
        (np.zeros(3), ("a",), np.zeros(1), "shape"),
        (np.zeros((2, 3)), ("a",), np.zeros(2), "as many"),
        (np.zeros((2, 3)), ("a", "b"), np.zeros(1), "as many"),
        (np.full((1, 3), np.nan), ("a",), np.zeros(1), "NaN"),
    ],
)
def test_anchors_that_disagree_are_refused(
    z: NDArray[np.float32], labels: tuple[str, ...], indices: NDArray[np.int64], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Anchors(z, labels, indices)


def test_the_first_look_is_at_an_example_and_else_at_the_mean() -> None:
    space = skewed_space(3)
    assert space.first_look == pytest.approx(space.mean)
    means_and_examples = Anchors(
        np.arange(12, dtype=np.float32).reshape(4, 3), ("0", "1", "7", "8"), np.array([-1, -1, 40, 2])
    )
    assert changed(space, anchors=means_and_examples).first_look == pytest.approx(np.array([6, 7, 8]))
    only_means = Anchors(np.ones((1, 3), np.float32), ("0",), np.array([-1]))
    assert changed(space, anchors=only_means).first_look == pytest.approx(space.mean)
