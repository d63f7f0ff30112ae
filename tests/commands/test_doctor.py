"""`vaevis-tui doctor`: what was chosen and why, and the plan of a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.commands.support import refused, run
from tests.engine.reference import Builder
from vaevis_tui.engine.decoder import EngineError


@pytest.mark.slow
def test_doctor_says_what_was_chosen_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--backend", "onnxruntime", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["packages"]["numpy"] == np.__version__
    assert report["chosen"]["info"]["backend"] == "onnxruntime"
    assert report["chosen"]["info"]["reason"]
    assert report["chosen"]["problem"] == ""
    text = run(capsys, "doctor", "--backend", "onnxruntime")[1]
    assert "chosen: onnxruntime" in text


def test_doctor_prints_the_plan_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor", "--model", "mnist", "--plan")
    assert (code, err) == (0, "")
    heading, columns, *dispatches, total = out.splitlines()
    assert heading.startswith("mnist on ")
    assert columns.split() == [
        *("operator", "kernel", "measured", "output", "groups", "mul-adds", "weights", "bytes", "place"),
        "epilogue",
    ]
    assert total.startswith(f"{len(dispatches)} dispatches, ")
    assert "1x28x28" in dispatches[-1]
    assert "rgba8" in dispatches[-1]


def test_doctor_plans_for_a_gpu_that_is_not_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(wanted: str | None = None) -> None:
        raise EngineError("no adapter found")

    monkeypatch.setattr("vaevis_tui.engine.wgpu.device.find_adapter", none)
    code, out, _ = run(capsys, "doctor", "--model", "mnist", "--plan")
    assert code == 0
    assert out.startswith(
        "mnist on a GPU of WebGPU's least limits, for there is none here (no adapter found)"
    )
    assert "buffers: " in out.splitlines()[-1]


def test_doctor_says_which_operator_has_no_plan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    b = Builder(12)
    b.view(3, 2, 2)
    b.add("LRN", size=3)
    path = tmp_path / "odd.onnx"
    path.write_bytes(b.model().SerializeToString())
    said = refused(capsys, "doctor", "--model", str(path), "--plan")
    assert "onnxruntime does: LRN 'n" in said
