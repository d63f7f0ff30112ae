"""The backends in turns, for so short a time that only the shape of the figures can be judged."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.compare import Work, compare_backends, main, print_comparison, ratios
from tests.benchmarks.peak import Peak, measure_peak
from tests.support import require


def test_backends_are_compared_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    from vaevis_tui.engine.wgpu import adapters

    require(adapters(), "Vulkan adapter (Debian: mesa-vulkan-drivers)")
    comparison = compare_backends("mnist", 0.2)
    assert [row.name for row in comparison.results] == ["wgpu", "onnxruntime"]
    first, second = comparison.results
    assert first.wall.calls == second.wall.calls >= 3
    assert ratios(comparison)[0] == (1, 1)
    assert ratios(comparison)[1][0] == pytest.approx(second.wall.median / first.wall.median)
    assert first.dispatches is not None
    assert first.device is not None  # llvmpipe has a clock of its own
    assert first.device > 0
    assert first.arithmetic is not None
    assert first.arithmetic > 0
    assert second.device is second.arithmetic is None
    assert first.gflops == pytest.approx(2 * comparison.multiply_adds / first.wall.median / 1e6)

    print_comparison(comparison, as_json=True)
    assert json.loads(capsys.readouterr().out)["results"][1]["wall_ratio"] == ratios(comparison)[1][0]
    print_comparison(comparison, as_json=False)
    printed = capsys.readouterr().out
    assert "onnxruntime" in printed
    assert "of this adapter's peak arithmetic" in printed
    assert max(map(len, printed.splitlines())) <= 80 + len(comparison.adapter)


def test_the_share_of_the_peak_is_that_of_the_time_taken() -> None:
    work = Work(flops=2_000_000, bytes=500_000, peak=Peak(flops=1e9, bandwidth=1e9))
    assert work.shares(0.01) == pytest.approx((0.2, 0.05))


def test_the_peak_is_measured() -> None:
    from vaevis_tui.engine.wgpu import adapters

    require(adapters(), "Vulkan adapter (Debian: mesa-vulkan-drivers)")
    peak = measure_peak()
    # The slowest processor that anybody runs this on does more, and no processor of today does as much.
    assert 1e8 < peak.flops < 1e16
    assert 1e7 < peak.bandwidth < 1e14


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mnist-2d", "--seconds", "0.1", "--no-tune", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"]
