"""Walks in frames: closed ones without a seam, at even steps, where the data lie."""

from __future__ import annotations

import numpy as np
import pytest

from vaevis_tui.latent.motion.paths import random_walk
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.latent.typicality import TypicalityScale
from vaevis_tui.models.bundle import open_bundle


def space_of(name: str) -> LatentSpace:
    return LatentSpace.standard_normal(int(name)) if name.isdigit() else open_bundle(name).space


def walk(space: LatentSpace, count: int, *, seed: int = 1, loop: bool = True) -> np.ndarray:
    start = space.sample(seed)[0]
    return random_walk(space, start, seed, count, rate=24, speed=space.shell[1] / 4, loop=loop)


@pytest.mark.parametrize("name", ["1", "2", "16", "256", "mnist", "dog"])
@pytest.mark.parametrize("count", [24, 100])
def test_a_loop_has_no_seam(name: str, count: int) -> None:
    """The step from the last frame to the first is one like all others, and no step turns on the spot."""
    space = space_of(name)
    frames = walk(space, count)
    assert frames.shape == (count, space.dim)
    assert frames.dtype == np.float32
    whitened = space.whiten(frames)
    steps = np.linalg.norm(np.diff(whitened, axis=0, append=whitened[:1]), axis=1)
    pace = space.shell[1] / 4 / 24
    assert steps.max() < 1.6 * pace
    if space.dim > 2:
        assert steps.min() > 0.8 * steps.max()
        assert steps.mean() == pytest.approx(pace, rel=0.1)


@pytest.mark.parametrize("name", ["16", "mnist", "dog"])
def test_a_loop_keeps_to_where_the_data_lie(name: str) -> None:
    space = space_of(name)
    frames = walk(space, 240)
    percentiles = TypicalityScale(space).percentiles(frames)
    assert np.median(percentiles) > 0.02
    if space.mixture is None:
        norms = np.linalg.norm(space.whiten(frames), axis=1)
        low, _, high = space.shell
        assert low * 0.8 < norms.min()
        assert norms.max() < high * 1.2


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("name", ["16", "mnist"])
def test_it_begins_at_the_start_and_a_seed_is_a_way(name: str, loop: bool) -> None:
    space = space_of(name)
    frames = walk(space, 30, loop=loop)
    np.testing.assert_array_equal(frames[0], space.sample(1)[0])
    np.testing.assert_array_equal(frames, walk(space, 30, loop=loop))
    other = random_walk(space, space.sample(1)[0], 2, 30, rate=24, speed=space.shell[1] / 4, loop=loop)
    assert (frames[1:] != other[1:]).any(axis=1).all()


def test_a_slow_rate_walks_as_far_as_a_fast_one() -> None:
    space = space_of("16")
    slow = random_walk(space, space.sample(1)[0], 1, 3, rate=1, speed=1, loop=False)
    fast = random_walk(space, space.sample(1)[0], 1, 21, rate=10, speed=1, loop=False)
    np.testing.assert_allclose(slow[1:], fast[10::10], atol=1e-5)


def test_the_mean_can_be_walked_from() -> None:
    space = space_of("mnist")
    assert np.isfinite(random_walk(space, space.mean, 1, 48, rate=24, speed=1)).all()


@pytest.mark.parametrize(("count", "rate"), [(0, 24), (10, 0)])
def test_a_walk_without_frames(count: int, rate: float) -> None:
    with pytest.raises(ValueError, match="a walk needs frames and a rate"):
        random_walk(space_of("4"), np.zeros(4), 0, count, rate=rate, speed=1)
