"""What is measured beside decoding, and the change to it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.engine.reference import Builder
from tests.engine.wgpu.device import require_adapter
from tests.engine.wgpu.tuning.spoiled import CHOICE, STORE, convolution, graph_of, network, wrong_from
from vaevis_tui.engine.decoder import TuningMode
from vaevis_tui.engine.wgpu import TunedDecoder, WgpuDecoder, kernels, open_tuned
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.engine.wgpu.plan_text import plan_text
from vaevis_tui.engine.wgpu.tuning import benchmark, tuning_cache
from vaevis_tui.engine.wgpu.tuning.benchmark import CANDIDATES, Stopwatch
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices


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
    monkeypatch.setattr("vaevis_tui.engine.wgpu.tuning.autotune.QUIET", 0.0)
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
