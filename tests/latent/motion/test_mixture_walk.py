from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.latent.spaces import clumped_space
from vaevis_tui.latent.motion.walk import Walk, unhurried_speed
from vaevis_tui.latent.space import LatentSpace

DIMS = [1, 2, 3, 16]


def path(space: LatentSpace, z: NDArray[np.float32], steps: int, dt: float = 0.05) -> NDArray[np.float32]:
    walk = Walk(space, z, np.random.default_rng(4), unhurried_speed(space))
    return np.array([walk.step(dt) for _ in range(steps)])


@pytest.mark.parametrize("dim", DIMS)
def test_it_begins_exactly_where_it_is_told_to(dim: int) -> None:
    space = clumped_space(dim)
    for z in (space.mean, space.sample(1)[0], 5 * space.sample(2)[0]):
        walk = Walk(space, z, np.random.default_rng(0), unhurried_speed(space))
        assert np.array_equal(walk.z, z)
        assert walk.step(0) == pytest.approx(z, abs=1e-4)


@pytest.mark.parametrize("dim", [3, 16])
def test_its_speed_is_constant_where_there_is_a_way_round(dim: int) -> None:
    space = clumped_space(dim)
    x = space.whiten(path(space, space.sample(1)[0], 3000))
    speeds = np.linalg.norm(np.diff(x, axis=0), axis=1) / 0.05 / unhurried_speed(space)
    assert np.quantile(speeds, [0.02, 0.98]) == pytest.approx([1, 1], abs=0.05)
    assert speeds.max() < 1.1


@pytest.mark.parametrize("dim", DIMS)
def test_it_has_no_corners(dim: int) -> None:
    """At a corner, or a jump, the change of velocity would stay as large however closely one looks."""
    space = clumped_space(dim)
    kinks = []
    for dt in (0.05, 0.05 / 8):
        x = space.whiten(path(space, space.sample(1)[0], round(60 / dt), dt))
        velocities = np.diff(x, axis=0) / dt / unhurried_speed(space)
        kinks.append(np.linalg.norm(np.diff(velocities, axis=0), axis=1).max())
    assert kinks[1] < kinks[0] / 2.5


@pytest.mark.slow
def test_it_keeps_to_where_the_data_lie_and_sees_all_of_it() -> None:
    space = clumped_space(8, 6)
    assert space.mixture is not None
    walked = path(space, space.sample(1)[0], 20_000, dt=0.1)
    nearest = np.argmax(space.mixture.log_densities(walked), axis=1)
    assert set(nearest) == set(range(6))
    typical = space.mixture.log_density(walked) >= space.mixture.typical_log_density
    plain = LatentSpace.from_posteriors(space.sample(0, 2000), np.full((2000, 8), 1e-6))
    across = path(plain, space.sample(1)[0], 5000, dt=0.1)
    assert np.mean(typical) > 0.4  # the rest is spent between components that lie apart
    assert np.mean(space.mixture.log_density(across) >= space.mixture.typical_log_density) < 0.2


def test_components_that_overlap_are_crossed_without_leaving_the_data() -> None:
    space = clumped_space(8, 6)
    assert space.mixture is not None
    near = type(space.mixture)(space.mixture.weights, space.mixture.means * 0.1, space.mixture.factors)
    draws = near.sample(np.random.default_rng(1), 4000)
    space = LatentSpace.from_posteriors(draws, np.full(draws.shape, 1e-6), mixture=near)
    walked = path(space, space.sample(1)[0], 5000, dt=0.1)
    assert np.mean(near.log_density(walked) >= near.typical_log_density) > 0.95
    assert len(set(np.argmax(near.log_densities(walked), axis=1))) == 6


def test_one_component_is_walked_for_ever() -> None:
    space = clumped_space(4, 1)
    walked = path(space, space.sample(1)[0], 2000, dt=0.1)
    radii = np.linalg.norm(space.whiten(walked), axis=1)
    assert radii.min() > 0.8 * space.shell[0]
    assert radii.max() < 1.2 * space.shell[2]


def test_the_path_depends_on_neither_frame_rate_nor_speed() -> None:
    space = clumped_space(5)
    z = space.sample(3)[0]
    often, seldom = (Walk(space, z, np.random.default_rng(0), 2.0) for _ in range(2))
    for _ in range(300):
        for _ in range(8):
            often.step(1 / 128)
        seldom.step(1 / 16)
        assert often.z == pytest.approx(seldom.z, abs=1e-4)


def test_from_far_outside_it_comes_back() -> None:
    space = clumped_space(6)
    walked = path(space, space.from_sigma(np.full(6, 8.0)), 1200)
    assert space.mixture is not None
    assert space.mixture.log_density(walked[-1]) > space.mixture.typical_log_density - 20
