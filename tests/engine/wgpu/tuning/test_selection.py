"""Races between kernels: who may win, and within which time."""

from __future__ import annotations

import pytest

from tests.engine.wgpu.tuning.spoiled import Clock
from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.wgpu.kernels import Kernel, Lowered
from vaevis_tui.engine.wgpu.kernels.base import always
from vaevis_tui.engine.wgpu.tuning.benchmark import MARGIN, OutOfTime, Stopwatch, select
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Selection, digest


def kernel_named(name: str) -> Kernel:
    return Kernel(name, ir.Convolution, always, lambda operator, context: Lowered("", (1, 1)))


class StubBench:
    """Kernels take as long as a table says; those that are missing there make the wrong output."""

    def __init__(self, clock: Clock, **seconds: float) -> None:
        self.clock, self.table = clock, seconds
        self.timed: list[str] = []

    def agrees(self, kernel: Kernel) -> bool:
        self.clock.now += 0.01
        return kernel.name in self.table

    def seconds(self, kernel: Kernel) -> float:
        self.timed.append(kernel.name)
        self.clock.now += self.table[kernel.name]
        return self.table[kernel.name]

    def text(self, kernel: Kernel) -> str:
        return f"text of {kernel.name}"


def selected(names: str, spare: str = "", budget: float = 100.0, **seconds: float) -> Selection | None:
    clock = Clock()
    stopwatch = Stopwatch(budget, clock, lambda: True)
    bench = StubBench(clock, **seconds)
    return select(
        bench, [kernel_named(n) for n in names.split()], [kernel_named(n) for n in spare.split()], stopwatch
    )


def test_the_fastest_wins() -> None:
    choice = selected("a b c", a=0.3, b=0.1, c=0.2)
    assert choice is not None
    assert (choice.kernel, choice.default, choice.rejected) == ("b", "a", ())
    assert choice.text == digest("text of b")
    assert choice.gain == pytest.approx(3)


def test_a_win_by_less_than_noise_changes_nothing() -> None:
    choice = selected("a b", a=0.1 * MARGIN * 0.99, b=0.1)
    assert choice is not None
    assert choice.kernel == "a"
    assert choice.gain == 1


def test_who_makes_the_wrong_output_is_not_even_timed() -> None:
    choice = selected("a b c", a=0.3, c=0.2)  # b would be the fastest
    assert choice is not None
    assert (choice.kernel, choice.rejected) == ("c", ("b",))
    assert set(choice.times) == {"a", "c"}


def test_where_all_are_wrong_the_plain_one_is_taken() -> None:
    choice = selected("a b", "plain", plain=0.9)
    assert choice is not None
    assert (choice.kernel, choice.rejected) == ("plain", ("a", "b"))
    assert selected("a b", "plain") is None


def test_a_default_that_is_wrong_loses_however_close_it_is() -> None:
    choice = selected("a b c", b=0.2, c=0.2)
    assert choice is not None
    assert (choice.kernel, choice.rejected) == ("b", ("a",))


def test_time_is_up_before_it_is_exceeded() -> None:
    clock = Clock()
    stopwatch = Stopwatch(1.0, clock, lambda: True)
    bench = StubBench(clock, a=0.3, b=0.3)
    with pytest.raises(OutOfTime):
        select(bench, [kernel_named("a"), kernel_named("b")], [], stopwatch)
    assert clock.now <= 1.0
    assert stopwatch.spent == pytest.approx(clock.now)


def test_waiting_does_not_count_and_may_end_it() -> None:
    clock = Clock()

    def rest() -> bool:
        clock.now += 50  # somebody looks at images meanwhile
        return clock.now < 500

    stopwatch = Stopwatch(1.0, clock, rest)
    for _ in range(9):
        stopwatch.slice(lambda: None)
    assert stopwatch.spent == 0
    with pytest.raises(OutOfTime):
        stopwatch.slice(lambda: None)
