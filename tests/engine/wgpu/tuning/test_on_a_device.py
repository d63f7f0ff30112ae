"""Kernels measured on a device: wrong ones are rejected, and nothing is measured twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.reference import Builder, mnist_like
from tests.engine.wgpu.device import device, require_adapter
from tests.engine.wgpu.tuning.spoiled import (
    SPOILS,
    Clock,
    convolution,
    graph_of,
    network,
    plan_here,
    wrong_from,
)
from vaevis_tui.engine.wgpu import kernels
from vaevis_tui.engine.wgpu.kernels import Kernel
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.engine.wgpu.tuning import benchmark, device_bench
from vaevis_tui.engine.wgpu.tuning.benchmark import BUDGET, CANDIDATES, Stopwatch, candidates_and_spares, tune
from vaevis_tui.engine.wgpu.tuning.device_bench import DeviceBench
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices


@pytest.mark.parametrize("name", list(SPOILS))
def test_a_wrong_kernel_is_rejected_on_the_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    require_adapter()
    monkeypatch.setattr(kernels, "KERNELS", wrong_from("tile_2x1", SPOILS[name]))
    graph = graph_of(network())
    plan = plan_here(graph)
    spoiled = convolution(plan)
    assert spoiled.kernel == "spoiled"
    found = Choices()
    assert tune(device()[0], plan, found, budget=60)
    choice = found.find(spoiled.operator, spoiled.context)
    assert choice is not None
    assert choice.rejected == ("spoiled",)
    assert len(choice.times) == CANDIDATES - 1
    assert convolution(plan_here(graph, found)).kernel == choice.kernel


def test_a_sample_of_the_truth_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    require_adapter()
    monkeypatch.setattr(device_bench, "REFERENCE_WORK", {True: 2000, False: 2000})
    b = Builder(32 * 12 * 12)
    b.view(32, 12, 12)
    b.conv(32, 24)
    graph = graph_of(b)
    opened, limits, software = device()
    plan = make_plan(graph, limits=limits, software=software, packed=False)
    operator, context = convolution(plan).operator, convolution(plan).context
    bench = DeviceBench(opened, operator, context)
    try:
        assert bench._sample > 1
        assert len(bench._reference) < 6 * 144
        for kernel in candidates_and_spares(operator, context)[0]:
            assert bench.agrees(kernel), kernel.name
        for name in ("no bias", "one column"):
            spoiled = wrong_from("tile_2x1", SPOILS[name])[0]
            assert not bench.agrees(spoiled), name
    finally:
        bench.close()


@pytest.fixture
def timings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the kernels that were timed on a device."""
    seen: list[str] = []
    original = DeviceBench.seconds

    def counted(self: DeviceBench, kernel: Kernel) -> float:
        seen.append(kernel.name)
        return original(self, kernel)

    monkeypatch.setattr(DeviceBench, "seconds", counted)
    return seen


def test_what_was_measured_is_not_measured_again(tmp_path: Path, timings: list[str]) -> None:
    require_adapter()
    plan = plan_here(graph_of(network()))
    tune(device()[0], plan, Choices.of(tmp_path, "a"), budget=60)
    assert len(timings) > 2 * CANDIDATES
    timings.clear()
    again = Choices.of(tmp_path, "a")
    assert not tune(device()[0], plan, again, budget=60)
    assert timings == []
    assert again.find(convolution(plan).operator, convolution(plan).context)
    tune(device()[0], plan, Choices.of(tmp_path, "another"), budget=60)
    assert timings


def test_equal_operators_are_measured_once(timings: list[str]) -> None:
    require_adapter()
    b = Builder(8 * 16)
    b.view(8, 4, 4)
    for _ in range(3):
        b.conv(8, 8)
        b.add("Relu")
    opened, limits, software = device()
    plan = make_plan(graph_of(b), limits=limits, software=software, packed=False, textures=False)
    tune(opened, plan, Choices(), budget=60)
    assert len(timings) <= CANDIDATES * benchmark.ROUNDS + 2 * benchmark.DUEL


@pytest.mark.parametrize("tick", [0.003, 0.05, 0.7])
def test_a_session_keeps_to_its_time_and_the_next_goes_on(
    tick: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_adapter()
    watches: list[Stopwatch] = []

    class KeptStopwatch(Stopwatch):
        def __init__(self, budget: float, clock: Callable[[], float], rest: Callable[[], bool]) -> None:
            super().__init__(budget, clock, rest)
            watches.append(self)

    monkeypatch.setattr(benchmark, "Stopwatch", KeptStopwatch)
    plan = plan_here(graph_of(mnist_like()))
    found = []
    for _ in range(3):
        tune(device()[0], plan, Choices.of(tmp_path, "a"), clock=Clock(tick))
        found.append(len(json.loads(next(tmp_path.glob("*.json")).read_text())))
    assert max(watch.spent for watch in watches) <= BUDGET
    if tick == 0.003:  # time for all of them
        assert found[0] == found[2] >= 3
    if tick == 0.05:  # time for some
        assert 0 < found[0] < found[1]
    if tick == 0.7:  # time for none
        assert found[2] == 0
