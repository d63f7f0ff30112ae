from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.motion.journey import Ease, Journey
from vaevis_tui.latent.motion.slerp import slerp

SPACE = skewed_space(6)
STOPS = SPACE.sample(4, 4)


@given(
    count=st.integers(2, 4),
    loop=st.booleans(),
    ease=st.sampled_from(["none", "ends", "stops"]),
    seed=st.integers(0, 5),
)
@settings(deadline=None)
def test_it_comes_by_every_stop_to_the_bit(count: int, loop: bool, ease: Ease, seed: int) -> None:
    journey = Journey(SPACE, SPACE.sample(seed, count), loop=loop, ease=ease)
    positions = journey.stop_positions
    assert positions[0] == pytest.approx(0, abs=1e-12)
    assert positions[-1] == pytest.approx(1, abs=1e-12)
    assert list(positions) == sorted(positions)
    for stop, position in zip((*journey.stops, journey.stops[0]), positions, strict=False):
        np.testing.assert_array_equal(journey.at(position), stop)
    np.testing.assert_array_equal(journey.at(1.0), journey.stops[0 if loop else -1])
    np.testing.assert_array_equal(journey.at(-1), journey.at(0))
    np.testing.assert_array_equal(journey.at(2), journey.at(1))


def speeds(journey: Journey, count: int = 400) -> NDArray[np.float64]:
    x = SPACE.whiten(np.stack([journey.at(t) for t in np.linspace(0, 1, count + 1)]))
    return np.asarray(np.linalg.norm(np.diff(x, axis=0), axis=1) * count)


def test_its_speed_is_constant_over_legs_of_unequal_length() -> None:
    for loop in (False, True):
        journey = Journey(SPACE, STOPS, loop=loop)
        found = speeds(journey)
        assert np.quantile(found, 0.02) > 0.97 * journey.length
        assert found.max() < 1.03 * journey.length


def test_two_points_are_joined_by_the_arc() -> None:
    journey = Journey(SPACE, STOPS[:2])
    a, b = SPACE.whiten(STOPS[:2])
    on = SPACE.whiten(journey.at(0.37))
    nearest = min(np.linalg.norm(slerp(a, b, share) - on) for share in np.linspace(0, 1, 2001))
    assert nearest < 1e-3


def test_it_is_slow_where_it_is_eased() -> None:
    ends = speeds(Journey(SPACE, STOPS, ease="ends"))
    assert ends[0] < 0.05 * ends.max()
    assert ends[-1] < 0.05 * ends.max()
    journey = Journey(SPACE, STOPS, ease="stops")
    found = speeds(journey)
    for position in journey.stop_positions:
        assert found[min(round(position * 400), 399)] < 0.2 * found.max()


def decode(z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A decoder that shows half of the way from the first stop to the second in a tenth of it."""
    start, end = SPACE.whiten(STOPS[:2])
    share = ((SPACE.whiten(z) - start) @ (end - start)) / np.dot(end - start, end - start)
    level = np.interp(share, (0, 0.1, 1), (0, 100, 200))
    return np.broadcast_to(level[..., None, None, None], (*level.shape, 2, 2, 3)).round().astype(np.uint8)


def test_constant_visual_speed_takes_longer_where_more_happens() -> None:
    plain = Journey(SPACE, STOPS[:2])
    even = plain.measured(decode(plain.samples(64)))
    at = np.array([decode(even.at(t))[0, 0, 0] for t in (0.25, 0.5, 0.75)])
    np.testing.assert_allclose(at, (50, 100, 150), atol=6)
    assert decode(plain.at(0.25))[0, 0, 0] > 90
    np.testing.assert_array_equal(even.at(1), STOPS[1])
    with pytest.raises(ValueError, match=r"expected \(1, n, h, w, 3\)"):
        plain.measured(np.zeros((2, 3, 4, 4, 3), np.uint8))


def test_legs_of_no_length_are_passed() -> None:
    journey = Journey(SPACE, (STOPS[0], STOPS[0], STOPS[1]))
    assert np.isfinite(SPACE.whiten(journey.at(0.5))).all()
    still = Journey(SPACE, (STOPS[0], STOPS[0]), ease="stops")
    np.testing.assert_allclose(still.at(0.5), STOPS[0], atol=1e-5)
    grey = np.zeros((3, 9, 2, 2, 3), np.uint8)
    assert np.isfinite(Journey(SPACE, STOPS).measured(grey).at(0.4)).all()


def test_what_is_no_journey_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two points, not 1"):
        Journey(SPACE, STOPS[:1])
    with pytest.raises(ValueError, match="must be 6 finite numbers"):
        Journey(SPACE, (STOPS[0], np.zeros(3)))
    with pytest.raises(ValueError, match="must be 6 finite numbers"):
        Journey(SPACE, (STOPS[0], np.full(6, np.nan)))
    with pytest.raises(ValueError, match="must be a number"):
        Journey(SPACE, STOPS).at(float("nan"))
