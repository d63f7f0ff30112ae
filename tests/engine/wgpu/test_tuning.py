"""Races between kernels: who may win, within which time, what is kept, and the change while decoding."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.engine.reference import Builder, mnist_like
from tests.engine.wgpu.device import device, require_adapter
from vaevis_tui import cache, resources
from vaevis_tui.engine.decoder import TuningMode
from vaevis_tui.engine.graph import Graph, import_onnx, ir, rewrite
from vaevis_tui.engine.wgpu import (
    TunedDecoder,
    WgpuDecoder,
    benchmark,
    device_bench,
    kernels,
    open_tuned,
    tuning_cache,
)
from vaevis_tui.engine.wgpu.benchmark import (
    BUDGET,
    CANDIDATES,
    MARGIN,
    OutOfTime,
    Stopwatch,
    contestants,
    race,
    tune,
)
from vaevis_tui.engine.wgpu.device_bench import DeviceBench
from vaevis_tui.engine.wgpu.kernels import Context, Kernel, Lowered
from vaevis_tui.engine.wgpu.kernels.base import always
from vaevis_tui.engine.wgpu.plan import Dispatch, Plan, make_plan
from vaevis_tui.engine.wgpu.plan_text import plan_text
from vaevis_tui.engine.wgpu.tuning_cache import Choices, Selection, digest


class Clock:
    """Goes on by itself, so much a look."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def network() -> Builder:
    b = Builder(8 * 6 * 6)
    b.view(8, 6, 6)
    b.conv(8, 8)
    b.add("Relu")
    b.upsample()
    b.conv(8, 3)
    b.add("Sigmoid")
    return b


def graph_of(b: Builder) -> Graph:
    return rewrite(import_onnx(b.model()))


def plan_here(graph: Graph, found: Choices | None = None) -> Plan:
    _, limits, software = device()
    return make_plan(graph, limits=limits, software=software, choices=found)


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


def raced(names: str, spare: str = "", budget: float = 100.0, **seconds: float) -> Selection | None:
    clock = Clock()
    stopwatch = Stopwatch(budget, clock, lambda: True)
    bench = StubBench(clock, **seconds)
    return race(
        bench, [kernel_named(n) for n in names.split()], [kernel_named(n) for n in spare.split()], stopwatch
    )


# -- races ---------------------------------------------------------------------------------------------------


def test_the_fastest_wins() -> None:
    choice = raced("a b c", a=0.3, b=0.1, c=0.2)
    assert choice is not None
    assert (choice.kernel, choice.default, choice.rejected) == ("b", "a", ())
    assert choice.text == digest("text of b")
    assert choice.gain == pytest.approx(3)


def test_a_win_by_less_than_noise_changes_nothing() -> None:
    choice = raced("a b", a=0.1 * MARGIN * 0.99, b=0.1)
    assert choice is not None
    assert choice.kernel == "a"
    assert choice.gain == 1


def test_who_makes_the_wrong_output_is_not_even_timed() -> None:
    choice = raced("a b c", a=0.3, c=0.2)  # b would be the fastest
    assert choice is not None
    assert (choice.kernel, choice.rejected) == ("c", ("b",))
    assert set(choice.times) == {"a", "c"}


def test_where_all_are_wrong_the_plain_one_is_taken() -> None:
    choice = raced("a b", "plain", plain=0.9)
    assert choice is not None
    assert (choice.kernel, choice.rejected) == ("plain", ("a", "b"))
    assert raced("a b", "plain") is None


def test_a_default_that_is_wrong_loses_however_close_it_is() -> None:
    choice = raced("a b c", b=0.2, c=0.2)
    assert choice is not None
    assert (choice.kernel, choice.rejected) == ("b", ("a",))


def test_time_is_up_before_it_is_exceeded() -> None:
    clock = Clock()
    stopwatch = Stopwatch(1.0, clock, lambda: True)
    bench = StubBench(clock, a=0.3, b=0.3)
    with pytest.raises(OutOfTime):
        race(bench, [kernel_named("a"), kernel_named("b")], [], stopwatch)
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


# -- on a device ---------------------------------------------------------------------------------------------


def wrong_from(name: str, spoil: Callable[[str], str]) -> tuple[Kernel, ...]:
    """All kernels, and before them one that looks best and whose text is spoiled."""
    tile = next(k for k in kernels.KERNELS if k.name == name and k.operator is ir.Convolution)

    def lower(operator: ir.Convolution, context: Context) -> Lowered:
        lowered = tile.lower(operator, context)
        source = spoil(lowered.source)
        assert source != lowered.source
        return dataclasses.replace(lowered, source=source)

    return (Kernel("spoiled", ir.Convolution, tile.applies, lower, lambda o, c: 1e9), *kernels.KERNELS)


STORE = "store(sum_0_0_0,"

SPOILS: dict[str, Callable[[str], str]] = {
    "no bias": lambda text: text.replace("= bias[block0]", "= vec4<f32>()"),
    "one column": lambda text: text.replace(STORE, f"if (column == 2u) {{ sum_0_0_0 *= 1.01; }} {STORE}"),
    "nothing stored": lambda text: text.replace(STORE, f"if (column < 99u) {{ return; }} {STORE}"),
    "refused": lambda text: text + "\nthis is no WGSL",
}


def convolution(plan: Plan) -> Dispatch:
    """The first convolution of a plan."""
    return next(dispatch for dispatch in plan.dispatches if isinstance(dispatch.operator, ir.Convolution))


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
    monkeypatch.setattr(device_bench, "TRUTH", {True: 2000, False: 2000})
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
        assert len(bench._truth) < 6 * 144
        for kernel in contestants(operator, context)[0]:
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


def test_equal_operators_are_raced_once(timings: list[str]) -> None:
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


# -- on disk -------------------------------------------------------------------------------------------------

CHOICE = Selection("tile_1x1", "0" * 32, "tile_2x1", {"tile_1x1": 1.0, "tile_2x1": 2.0}, ("tile_4x1",))


def an_operator() -> tuple[ir.Operator, Context]:
    dispatch = convolution(make_plan(graph_of(network())))
    return dispatch.operator, dispatch.context


def test_choices_come_back_from_disk(tmp_path: Path) -> None:
    operator, context = an_operator()
    kept = Choices.of(tmp_path / "new", "a")
    kept.add(operator, context, CHOICE)
    kept.save()
    assert Choices.of(tmp_path / "new", "a").find(operator, context) == CHOICE
    assert Choices.of(tmp_path / "new", "a", "newer driver").find(operator, context) is None


def test_another_shader_text_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, context = an_operator()
    kept = Choices.of(tmp_path, "a")
    kept.add(operator, context, CHOICE)
    kept.save()
    shaders = tmp_path / "shaders"
    shaders.mkdir()
    for path in resources.shaders_dir().glob("*.wgsl"):
        (shaders / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(resources, "shaders_dir", lambda: shaders)
    assert Choices.of(tmp_path, "a").find(operator, context) == CHOICE
    (shaders / "store.wgsl").write_text("// changed")
    assert Choices.of(tmp_path, "a").find(operator, context) is None


def test_another_shape_epilogue_or_storage_misses() -> None:
    keys = set()
    for channels, activation, half in (
        (8, "Relu", False),
        (9, "Relu", False),
        (8, "Tanh", False),
        (8, "Relu", True),
    ):
        b = Builder(channels * 36, half=half)
        b.view(channels, 6, 6)
        b.conv(channels, 8)
        b.add(activation)
        b.conv(8, 3)
        for textures in (False, True):
            dispatch = convolution(make_plan(graph_of(b), textures=textures))
            keys.add(tuning_cache.shape_key(dispatch.operator, dispatch.context))
    assert len(keys) == 8


def test_a_choice_counts_only_for_the_text_that_was_measured() -> None:
    graph = graph_of(network())
    plan = make_plan(graph)
    first = convolution(plan)
    other = convolution(make_plan(graph, kernels={first.operator.output: "tile_2x1"}))
    assert first.kernel != other.kernel
    found = Choices()
    found.add(
        first.operator,
        first.context,
        dataclasses.replace(CHOICE, kernel="tile_2x1", text=digest(other.source)),
    )
    assert convolution(make_plan(graph, choices=found)).kernel == "tile_2x1"
    stale = dataclasses.replace(CHOICE, kernel="tile_2x1", text=digest("another text"))
    found.add(first.operator, first.context, stale)
    assert convolution(make_plan(graph, choices=found)).kernel == first.kernel
    found.add(
        first.operator, first.context, dataclasses.replace(CHOICE, kernel="gone", text=digest(first.source))
    )
    assert convolution(make_plan(graph, choices=found)).kernel == first.kernel


def _with(**changes: object) -> str:
    return json.dumps({"key": {**dataclasses.asdict(CHOICE), **changes}})


BROKEN = [
    "", "{", "[]", "3", "null", '{"key": 1}', '{"key": {}}', '{"key": []}', "\x00\xff", "[" * 100_000,
    _with(times=[]), _with(times={}), _with(times={"tile_1x1": "x"}), _with(times={"tile_1x1": -1}),
    _with(times={"tile_1x1": 0}), _with(times={"tile_1x1": float("nan")}),
    _with(times={"tile_1x1": float("inf")}), _with(times={"tile_1x1": 10**400}), _with(rejected=None),
    _with(kernel="tile_9x9"), _with(default="\x1b[2J"), _with(rejected=["\x1b]0;title\x07"]),
    _with(rejected=["x" * (1 << 20)]),
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_is_ignored_and_rewritten(content: str, tmp_path: Path) -> None:
    operator, context = an_operator()
    path = tmp_path / "kernels.json"
    path.write_text(content, encoding="latin-1")
    found = Choices(path)
    assert found.find(operator, context) is None
    found.add(operator, context, CHOICE)
    found.save()
    assert Choices(path).find(operator, context) == CHOICE
    assert [p.name for p in tmp_path.iterdir()] == ["kernels.json"]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="file modes are POSIX's")
def test_a_file_that_others_can_write_is_ignored(tmp_path: Path) -> None:
    operator, context = an_operator()
    kept = Choices(tmp_path / "kernels.json")
    kept.add(operator, context, CHOICE)
    kept.save()
    (tmp_path / "kernels.json").chmod(0o666)
    assert Choices(tmp_path / "kernels.json").find(operator, context) is None


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    cache.keep(path, b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    cache.keep(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


# -- beside decoding -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of this test."""
    require_adapter()
    monkeypatch.setattr(tuning_cache, "cache_folder", lambda: tmp_path)
    return tmp_path


def spoiled_network(monkeypatch: pytest.MonkeyPatch) -> Builder:
    """One whose expected kernel is rejected, so that measuring changes something wherever it runs."""
    spoiled = wrong_from("tile_2x1", lambda text: text.replace(STORE, "store(sum_0_0_0 * 1.01,"))
    monkeypatch.setattr(kernels, "KERNELS", spoiled)
    return network()


def test_what_is_measured_beside_decoding_is_for_the_next_decoder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    b = spoiled_network(monkeypatch)
    z = b.latents(1)
    with open_tuned(b.model(), "background", reason="it was asked for", budget=60) as decoder:
        assert isinstance(decoder, TunedDecoder)
        before = decoder.decode(z)
        assert decoder.settle(60)
        assert np.abs(before.astype(int) - decoder.decode(z)).max() <= 2
        assert min(decoder.times.submit, decoder.times.compute) > 0
    with TunedDecoder(lambda: WgpuDecoder(b.model(), tuned=True)) as again:
        assert again.settle(0)  # nothing is left to measure
    with WgpuDecoder(b.model()) as untuned, WgpuDecoder(b.model(), tuned=True) as tuned:
        assert convolution(untuned.plan).kernel == "spoiled"
        assert convolution(tuned.plan).kernel != "spoiled"


def test_what_an_earlier_session_measured_is_taken_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = spoiled_network(monkeypatch)
    opened: dict[str, str] = {}
    order: list[TuningMode] = ["cached", "upfront", "cached", "off"]
    for tuning in order:
        with open_tuned(b.model(), tuning, budget=60) as decoder:
            assert isinstance(decoder, WgpuDecoder)
            opened.setdefault(f"{tuning} {len(opened)}", convolution(decoder.plan).kernel)
    before, measured, known, off = opened.values()
    assert before == off == "spoiled"
    assert measured == known != "spoiled"


def test_nothing_is_measured_while_an_image_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaevis_tui.engine.wgpu.autotune.QUIET", 0.0)
    b = network()
    z = b.latents(1)
    making = threading.Event()
    overlaps: list[bool] = []
    decode = WgpuDecoder.decode

    def watched(self: WgpuDecoder, latents: np.ndarray) -> np.ndarray:
        if threading.current_thread().name != "tune":
            making.set()
        try:
            return decode(self, latents)
        finally:
            making.clear()

    class WatchedStopwatch(Stopwatch):
        def __init__(self, budget: float, clock: Callable[[], float], rest: Callable[[], bool]) -> None:
            def rested() -> bool:
                allowed = rest()
                overlaps.append(making.is_set())
                return allowed

            super().__init__(budget, clock, rested)

    monkeypatch.setattr(WgpuDecoder, "decode", watched)
    monkeypatch.setattr(benchmark, "Stopwatch", WatchedStopwatch)
    with TunedDecoder(lambda: WgpuDecoder(b.model(), tuned=True)) as decoder:
        while not decoder.settle(0.001):
            decoder.decode(z)
    assert len(overlaps) > CANDIDATES
    # An image may begin after leave was given, which is why a slice is short; most find none being made.
    assert sum(overlaps) <= len(overlaps) // 2


def test_closing_ends_the_measurements(folder: Path) -> None:
    b = network()
    decoder = TunedDecoder(lambda: WgpuDecoder(b.model(), tuned=True))
    decoder.decode(b.latents(1))
    decoder.close()
    assert decoder._thread is not None
    decoder._thread.join(30)
    assert not decoder._thread.is_alive()
    decoder.close()


def test_a_device_that_fails_while_measured_leaves_decoding_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **options: object) -> bool:
        raise RuntimeError("the device is lost")

    monkeypatch.setattr("vaevis_tui.engine.wgpu.decoder.tune", fails)
    b = network()
    z = b.latents(1)
    with TunedDecoder(lambda: WgpuDecoder(b.model(), tuned=True)) as decoder:
        before = decoder.decode(z)
        assert decoder.settle(30)
        np.testing.assert_array_equal(decoder.decode(z), before)


def test_the_plan_tells_what_was_measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of(network())
    plan = make_plan(graph)
    first, second = plan.dispatches[-2:]
    found = Choices()
    assert "not yet" in plan_text(plan, found).splitlines()[-3]
    assert "not yet" not in plan_text(plan).splitlines()[-3]
    found.add(first.operator, first.context, dataclasses.replace(CHOICE, kernel="tile_1x1"))
    assert "2.00x tile_2x1, 1 wrong" in plan_text(plan, found).splitlines()[-3]
    found.add(first.operator, first.context, dataclasses.replace(CHOICE, default="tile_4x1"))
    assert "not tile_4x1, which is wrong" in plan_text(plan, found).splitlines()[-3]
    found.add(second.operator, second.context, dataclasses.replace(CHOICE, default="tile_1x1", rejected=()))
    assert "best of 2" in plan_text(plan, found).splitlines()[-2]
