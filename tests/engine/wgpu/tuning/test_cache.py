"""What was measured is kept on disk, for the text that was measured alone."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from tests.engine.reference import Builder
from tests.engine.wgpu.tuning.spoiled import CHOICE, convolution, graph_of, network
from vaevis_tui import cache, resources
from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.wgpu.kernels import Context
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.engine.wgpu.tuning import tuning_cache
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices, digest


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
