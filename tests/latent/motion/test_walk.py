from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.motion.walk import MAX_STEP_SECONDS, Walk, unhurried_speed
from vaevis_tui.latent.space import LatentSpace

DIMS = [1, 2, 3, 16, 256]
Path = NDArray[np.float64]


def walk_from(space: LatentSpace, z: NDArray[np.float32], seed: int = 0, speed: float | None = None) -> Walk:
    return Walk(space, z, np.random.default_rng(seed), unhurried_speed(space) if speed is None else speed)


def whitened_path(walk: Walk, space: LatentSpace, steps: int, dt: float = 1 / 60) -> Path:
    """Where the walk is after each step, float64 (steps, d)."""
    return space.whiten(np.array([walk.step(dt) for _ in range(steps)]))


def norms(path: Path) -> Path:
    return np.asarray(np.linalg.norm(path, axis=-1), np.float64)


@pytest.mark.parametrize("dim", DIMS)
def test_it_begins_exactly_where_it_is_told_to(dim: int) -> None:
    space = skewed_space(dim)
    for z in (space.mean, space.sample(1)[0], 5 * space.sample(2)[0]):
        walk = walk_from(space, z)
        assert np.array_equal(walk.z, z)
        assert walk.step(0) == pytest.approx(z, abs=1e-5)
        x = space.whiten(z)
        step = float(np.linalg.norm(space.whiten(walk.step(1 / 60)) - x))
        assert step <= 1.05 * unhurried_speed(space) / 60 * max(1, float(np.linalg.norm(x)) / space.shell[2])


@pytest.mark.parametrize("dim", DIMS[1:])
def test_its_speed_is_constant_in_whitened_space(dim: int) -> None:
    space = skewed_space(dim)
    walk = walk_from(space, space.sample(1)[0], speed=2.0)
    path = whitened_path(walk, space, 1500)
    speeds = norms(np.diff(path, axis=0)) * 60
    assert speeds[60:] == pytest.approx(np.full(1439, 2.0), rel=0.03)


def test_in_one_dimension_it_goes_at_full_speed_but_for_the_turns() -> None:
    space = skewed_space(1)
    speeds = norms(np.diff(whitened_path(walk_from(space, space.mean, speed=1.0), space, 6000), axis=0)) * 60
    assert speeds.max() < 1.01
    assert np.quantile(speeds, 0.5) > 0.95
    assert speeds.min() < 0.2


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(dim=st.sampled_from([2, 3, 5, 16, 64]), seed=st.integers(0, 2**32))
def test_once_on_the_shell_it_stays_there(dim: int, seed: int) -> None:
    space = skewed_space(dim)
    low, _, high = space.shell
    start = space.unwhiten(space.whiten(space.sample(seed)[0]) * 0.5)
    radii = norms(whitened_path(walk_from(space, start, seed), space, 1200, dt=0.1))
    on_shell = np.flatnonzero((radii >= low) & (radii <= high))
    assert on_shell.size
    assert radii[on_shell[0] :].min() >= low
    assert radii[on_shell[0] :].max() <= high


def test_in_one_dimension_it_visits_both_sides_and_turns_in_many_places() -> None:
    space = skewed_space(1)
    path = whitened_path(walk_from(space, space.mean), space, 20_000, dt=0.1)[:, 0]
    turns = np.abs(path[1:-1][np.diff(np.sign(np.diff(path))) != 0])
    _, median, high = space.shell
    assert np.abs(path).max() <= high
    assert path.min() < -0.9 * high < 0.9 * high < path.max()
    assert len(turns) > 50
    assert turns.min() > 0.7 * median
    assert turns.std() > 0.2


@pytest.mark.parametrize("dim", DIMS[1:])
def test_from_the_mean_it_goes_straight_out_to_the_shell(dim: int) -> None:
    space = skewed_space(dim)
    low, _, _ = space.shell
    radii = norms(whitened_path(walk_from(space, space.mean), space, 60 * 15))
    arrival = int(np.argmax(radii >= low))
    assert 0 < arrival < 60 * 12, "a quarter of the median radius a second, and still not there"
    assert np.all(np.diff(radii[:arrival]) > 0)


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("factor", [1.5, 10, 100])
def test_from_far_outside_it_comes_back_within_a_minute(dim: int, factor: float) -> None:
    space = skewed_space(dim)
    start = space.unwhiten(np.full(dim, space.shell[2] / math.sqrt(dim)) * factor)
    radii = norms(whitened_path(walk_from(space, start), space, 20 * 60, dt=1 / 20))
    assert radii[-1] <= space.shell[2]
    if dim > 1:
        arrival = int(np.argmax(radii <= space.shell[2]))
        assert np.all(np.diff(radii[:arrival]) < 1e-4 * radii[:arrival][1:])


@pytest.mark.parametrize("dim", DIMS)
def test_the_path_depends_on_neither_frame_rate_nor_speed(dim: int) -> None:
    space = skewed_space(dim)
    z = space.sample(3)[0]
    often, seldom, slow = walk_from(space, z), walk_from(space, z), walk_from(space, z)
    slow.speed /= 4
    for _ in range(40):
        for _ in range(8):
            often.step(1 / 128)
            slow.step(1 / 32)
        seldom.step(1 / 16)
        assert often.z == pytest.approx(seldom.z, abs=1e-4)
        assert often.z == pytest.approx(slow.z, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("dim", [2, 3])
def test_in_few_dimensions_it_turns_round_and_its_radius_wanders(dim: int) -> None:
    space = skewed_space(dim)
    path = whitened_path(walk_from(space, space.mean), space, 20_000, dt=0.1)[100:]
    radii = norms(path)
    low, _, high = space.shell
    reached = (np.quantile(radii, 0.99) - np.quantile(radii, 0.01)) / (high - low)
    assert reached > 0.8
    turning = path[:-1, 0] * path[1:, 1] - path[:-1, 1] * path[1:, 0]
    assert 0.2 < np.mean(turning > 0) < 0.8


@pytest.mark.parametrize("dim", [3, 16])
def test_it_does_not_stay_on_one_great_circle(dim: int) -> None:
    """Over a long time all directions are alike: the covariance of the normals is near I / d."""
    space = skewed_space(dim)
    path = whitened_path(walk_from(space, space.mean), space, 1000 * dim, dt=0.1)[200:]
    normals = path / norms(path)[:, None]
    shares = np.linalg.eigvalsh(normals.T @ normals / len(normals))
    assert 1 / np.sum(shares**2) > 0.8 * dim
    assert np.linalg.norm(normals.mean(axis=0)) < 0.35


@pytest.mark.slow
def test_it_keeps_its_balance_for_a_long_time() -> None:
    space = skewed_space(16)
    walk = walk_from(space, space.mean, speed=20.0)
    radii = norms(whitened_path(walk, space, 4000, dt=0.1)[100:])
    assert space.shell[0] <= radii.min()
    assert radii.max() <= space.shell[2]
    assert radii.std() > 0.25
    assert radii.mean() == pytest.approx(space.shell[1], abs=0.2)


@pytest.mark.parametrize("dim", DIMS)
def test_the_seed_decides_the_path(dim: int) -> None:
    space = skewed_space(dim)
    first, same, other = (walk_from(space, space.mean, seed) for seed in (1, 1, 2))
    for _ in range(100):
        z = first.step(0.05)
        assert np.array_equal(z, same.step(0.05))
        other.step(0.05)
    assert not np.allclose(first.z, other.z)


@pytest.mark.parametrize("dt", [2.0, 3600.0, math.inf])
def test_a_pause_is_no_jump(dt: float) -> None:
    space = skewed_space(8)
    walk = walk_from(space, space.sample(0)[0], speed=3.0)
    before = space.whiten(walk.step(0.05))
    assert np.linalg.norm(space.whiten(walk.step(dt)) - before) <= 3.0 * MAX_STEP_SECONDS * 1.03


def test_time_that_runs_backwards_stands_still() -> None:
    walk = walk_from(skewed_space(3), skewed_space(3).mean)
    before = walk.step(0.05)
    assert np.array_equal(walk.step(-1), before)
    with pytest.raises(ValueError, match="not a number"):
        walk.step(math.nan)


def test_speed_can_be_changed_on_the_way() -> None:
    space = skewed_space(8)
    walk = walk_from(space, space.sample(0)[0], speed=3.0)
    before = space.whiten(walk.step(0.05))
    walk.speed = 0.5
    after = space.whiten(walk.step(0.05))
    assert np.linalg.norm(after - before) == pytest.approx(0.025, rel=0.03)
    walk.speed = 0
    assert walk.step(0.05) == pytest.approx(space.unwhiten(after), abs=1e-6)
    for speed in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="speed"):
            walk.speed = speed


@pytest.mark.parametrize("shell", [(3.0, 3.0, 3.0), (0.0, 0.0, 3.0), (0.0, 2.0, 2.0), (1e-3, 40.0, 41.0)])
@pytest.mark.parametrize("dim", [1, 2, 8])
def test_odd_shells_of_strangers_are_walked_too(dim: int, shell: tuple[float, float, float]) -> None:
    plain = LatentSpace.standard_normal(dim)
    space = LatentSpace(
        plain.mean, plain.std, plain.kl, plain.axes, plain.axis_variances, plain.anchors, shell=shell
    )
    walk = walk_from(space, space.mean, speed=1.0)
    path = whitened_path(walk, space, 500, dt=0.1)
    assert np.all(np.isfinite(path))
    assert norms(path).max() <= shell[2] * 1.001
    assert norms(np.diff(path, axis=0)).max() <= 0.1 * 1.05


def test_z_is_float32_and_read_only() -> None:
    space = skewed_space(4)
    walk = walk_from(space, space.mean)
    for z in (walk.z, walk.step(0.1)):
        assert z.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            z[0] = 1


@pytest.mark.parametrize("z", [np.zeros(3), np.zeros((1, 4)), np.full(4, np.nan), np.full(4, np.inf)])
def test_it_cannot_begin_nowhere(z: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="4 finite numbers"):
        walk_from(skewed_space(4), z)
