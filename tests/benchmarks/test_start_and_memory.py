"""The benchmarks of starting and of memory say what they measure, and memory stays where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks import memory, start
from tests.engine.wgpu.device import require_adapter
from vaevis_tui.api import load


def test_a_start_is_told_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    require_adapter()
    assert start.main(["--networks", "mnist", "--starts", "1", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["mnist"]
    assert row["processor"] > 0
    assert 0 < row["ready"] < row["first"]
    # Half a second, and compiling the sources where there is no byte code.
    assert row["processor"] < 1500


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_memory_is_flat_over_many_frames() -> None:
    require_adapter()
    with load("mnist", backend="wgpu", tuning="off") as model:
        found = [held for _, held in memory.watch(model, 1500)]
    # 1 KiB a frame would be 1.5 MiB; what a driver's pool takes once comes early.
    assert found[-1].memory - found[1].memory < 1.0, found
    assert found[-1].descriptors <= found[0].descriptors
    assert found[-1].threads <= found[0].threads
