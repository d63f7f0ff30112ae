"""What the link promises, on simulated networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.link.simulator import BESIDE, Network, Result, simulate, walk
from tests.terminal.emulator import PixelScreen
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.link.adaptation import EASE
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.link.profile import FIRST_BUDGET, LinkProfile
from vaevis_tui.terminal.quality import EXACT, ladder


@cache
def pictures(side: int = 128) -> list[NDArray[np.uint8]]:
    return walk(side, 60)


over_ssh: Callable[[Callable[[], float]], Link] = LinkProfile(remote=True).link


def run(network: Network, seconds: float = 4.0, rest: float = 0.0) -> Result:
    return simulate(network, pictures(), seconds=seconds, rest=rest, link=over_ssh)


@pytest.mark.parametrize("jitter", [0.0, 0.1])
@pytest.mark.parametrize(
    ("megabits", "round_trip", "rate", "late"),
    [
        (100, 0.005, 50, 0.1),
        (100, 0.05, 50, 0.1),
        (100, 0.2, 35, 0.25),
        (10, 0.005, 50, 0.1),
        (10, 0.05, 50, 0.1),
        (10, 0.2, 35, 0.25),
        (1, 0.005, 15, 0.4),
        (1, 0.05, 15, 0.4),
        (1, 0.2, 15, 0.4),
        (0.3, 0.05, 3, 1.0),
    ],
)
def test_pictures_keep_up_with_the_keys(
    megabits: float, round_trip: float, rate: float, late: float, jitter: float
) -> None:
    result = run(Network(megabits * 1e6, round_trip, jitter * round_trip))
    assert result.rate >= rate
    assert max(result.latencies) <= round_trip + late
    assert all(count <= window for count, window in result.in_flight)


@pytest.mark.parametrize(("megabits", "rate", "latency"), [(10, 56, 0.1), (1, 19, 0.2)])
def test_frames_cost_no_more_than_they_did(megabits: float, rate: float, latency: float) -> None:
    result = run(Network(megabits * 1e6, 0.05, 0.005))
    assert result.rate >= rate
    assert result.latency[0] <= latency


@pytest.mark.parametrize("megabits", [10, 1])
def test_the_exact_picture_follows_once_motion_rests(megabits: float) -> None:
    result = simulate(Network(megabits * 1e6, 0.05), pictures(64), seconds=1.0, rest=2.5, link=over_ssh)
    assert result.exact_at is not None
    screen = PixelScreen(64, 32)
    for output in result.output:
        screen.feed(output + "\x1b[m")
    assert (screen.pixels() == pictures(64)[59]).all()


def test_a_large_picture_that_moves_spares_the_terminal_and_is_exact_at_rest() -> None:
    result = simulate(Network(10e9, 0.001), pictures(), seconds=2.0, rest=0.5, link=LinkProfile().link)
    assert result.rate > 57
    assert result.sent < EASE * 2.5
    assert {name for _, name in result.qualities[5:100]} == {"tolerant"}
    assert result.exact_at is not None
    assert result.exact_at < 2.0 + 0.3


def worst(result: Result, since: float) -> int:
    """The coarsest step of the ladder from some time on."""
    names = [quality.name for quality in ladder(ColorMode())]
    return max(names.index(name) for time, name in result.qualities if time > since)


def test_delays_that_vary_are_not_taken_for_a_slow_way() -> None:
    steady, varying = (run(Network(10e6, 0.05, jitter)) for jitter in (0.0, 0.02))
    assert worst(varying, since=2.0) <= worst(steady, since=2.0)
    assert max(varying.latencies) <= 0.05 + 0.15


def test_a_terminal_that_looks_at_its_input_once_a_refresh_is_not_taken_for_a_slow_one() -> None:
    network = Network(1e9, 0.0005, 0.001, refresh=1 / 30)
    result = simulate(network, pictures(28), seconds=4.0, rest=0, link=LinkProfile().link)
    assert worst(result, since=1.0) == EXACT
    assert result.rate > 55


def test_what_fits_goes_exactly_and_in_full() -> None:
    result = simulate(Network(10e6, 0.01), pictures(16), seconds=2.0, link=over_ssh)
    assert result.rate > 57
    assert {name for time, name in result.qualities if time > 1.0} == {"exact"}


def test_congestion_steps_the_quality_down_within_half_a_second_and_room_steps_it_up() -> None:
    class Changing(Network):
        """A network whose rate falls to a tenth, and recovers."""

    network = Changing(20e6, 0.05)
    happened: list[float] = []

    def change(rate: float) -> None:
        object.__setattr__(network, "bits_per_second", rate)
        happened.append(rate)

    result = simulate(
        network,
        pictures(),
        seconds=6.0,
        rest=0,
        link=over_ssh,
        meanwhile=[(2.0, partial(change, 2e6)), (4.0, partial(change, 20e6))],
    )
    assert happened == [2e6, 20e6]
    names = [quality.name for quality in ladder(ColorMode())]

    def steps(begin: float, end: float) -> set[int]:
        return {names.index(name) for time, name in result.qualities if begin <= time < end}

    before = max(steps(1.0, 2.0))
    assert max(steps(2.0, 2.5)) > before
    assert min(steps(2.5, 4.0)) > before
    assert min(steps(4.0, 5.0)) <= before


def test_a_silent_terminal_is_sent_what_the_budget_allows() -> None:
    result = run(Network(100e6, 0.05, answers=False))
    assert result.sent <= FIRST_BUDGET * 4.0 * 1.1
    assert result.rate > 5


def test_the_ceiling_holds_on_a_fast_network() -> None:
    link = LinkProfile(ceiling=50e3).link
    result = simulate(Network(100e6, 0.01), pictures(), seconds=4.0, rest=0, link=link)
    assert result.sent <= 50e3 * 4.0 * 1.2
    assert result.rate >= 3


def test_reduced_motion_sends_fewer_pictures() -> None:
    result = simulate(
        Network(100e6, 0.01), pictures(32), seconds=2.0, rest=0, link=LinkProfile(reduced_motion=True).link
    )
    assert 6 <= result.rate <= 9
    assert result.sent < 20 * (BESIDE + 64 * 32 * 40)


@pytest.mark.parametrize(("megabits", "round_trip"), [(100, 0.005), (10, 0.05), (1, 0.05), (1, 0.2)])
def test_a_second_image_goes_out_after_the_first_and_both_end_exact(
    megabits: float, round_trip: float
) -> None:
    network, second = Network(megabits * 1e6, round_trip), walk(32, 60, seed=3)
    alone = simulate(network, pictures(64), seconds=4.0, rest=3.5, link=over_ssh)
    both = simulate(network, pictures(64), seconds=4.0, rest=3.5, link=over_ssh, second=second)
    assert both.rate >= 0.8 * alone.rate
    part = max(both.second_sizes) * 8 / network.bits_per_second
    assert both.latency[0] <= alone.latency[0] * 1.2 + 1 / 60
    assert both.latency[1] <= alone.latency[1] + 2 * part + 1 / 60
    times = [time for time in both.second_at if time < 4.0]
    assert max(b - a for a, b in pairwise(times)) < 0.5 + 0.3, "it is not starved"
    screen = PixelScreen(64, 32 + 16)
    for output in both.output:
        screen.feed(output + "\x1b[m")
    assert (screen.pixels()[:64] == pictures(64)[59]).all()
    assert (screen.pixels()[64:, :32] == second[59]).all()
