"""The benchmark measures the real thing; here for so short a time that only its shape can be judged."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support import require
from vaevis_tui.bench.report import as_dict, measure, print_results
from vaevis_tui.bench.terminal import rate_of
from vaevis_tui.bench.timing import spread
from vaevis_tui.errors import UserError


def test_spread_is_median_and_percentiles() -> None:
    figures = spread([float(n) for n in range(101)])
    assert (figures.median, figures.p10, figures.p99, figures.calls) == (50, 10, 99, 101)
    assert figures.rate == pytest.approx(20)


def test_one_image_tells_no_rate() -> None:
    assert rate_of([3.0, 3.5, 4.0], 0.1) == 2
    for times in ([], [3.0]):
        with pytest.raises(UserError, match=r"too few images .* 0\.1 s .* take more --seconds"):
            rate_of(times, 0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
def test_every_figure_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    results = measure("dog", "onnxruntime", 0.5)  # a window that has room for all panels
    assert results.backend == "onnxruntime"
    assert results.decode.calls >= 5
    assert results.encode_ratio > 30  # of 100 in a quiet moment, for which test_halfblock.py waits
    shown = results.presented
    assert shown is not None
    assert shown.frames_a_second > 1
    assert 0.05 < shown.first_image_s < 30
    assert shown.memory_mb < 260  # of 204 that it takes
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
