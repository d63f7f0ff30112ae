"""The benchmark measures the real thing; here for so short a time that only its shape can be judged."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support import require
from vaevis_tui.bench.compare import Work, compare_backends, print_comparison, ratios
from vaevis_tui.bench.peak import Peak, measure_peak
from vaevis_tui.bench.report import as_dict, measure, print_results
from vaevis_tui.bench.timing import spread


def test_spread_is_median_and_percentiles() -> None:
    figures = spread([float(n) for n in range(101)])
    assert (figures.median, figures.p10, figures.p99, figures.calls) == (50, 10, 99, 101)
    assert figures.rate == pytest.approx(20)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
def test_every_figure_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    results = measure("mnist", "onnxruntime", 0.5)
    assert results.backend == "onnxruntime"
    assert results.decode.calls >= 5
    assert results.encode_ratio > 30  # of 100 in a quiet moment, for which test_halfblock.py waits
    shown = results.presented
    assert shown is not None
    assert shown.frames_a_second > 1
    assert 0.05 < shown.first_image_s < 30
    assert shown.memory_mb < 200  # of 100 that it takes
    assert shown.cpu_share > 0
    assert shown.kilobytes_a_frame > 0.5

    print_results(results, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(json.dumps(as_dict(results)))
    print_results(results, as_json=False)
    assert "presented" in capsys.readouterr().out


def test_the_walk_is_presented_on_the_software_adapter_too() -> None:
    from vaevis_tui.engine.wgpu import adapters

    require(adapters(), "Vulkan adapter (Debian: mesa-vulkan-drivers)")
    results = measure("mnist", "wgpu", 0.5)
    assert results.backend == "wgpu"
    assert results.presented is not None
    assert results.presented.frames_a_second > 1


def test_backends_are_compared_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    from vaevis_tui.engine.wgpu import adapters

    require(adapters(), "Vulkan adapter (Debian: mesa-vulkan-drivers)")
    comparison = compare_backends("mnist", 0.2)
    assert [row.name for row in comparison.standings] == ["wgpu", "onnxruntime"]
    first, second = comparison.standings
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
    assert json.loads(capsys.readouterr().out)["standings"][1]["wall_ratio"] == ratios(comparison)[1][0]
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
