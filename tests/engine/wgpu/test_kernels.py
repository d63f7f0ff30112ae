"""Every kernel of an operator computes the same, from buffers and from textures."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.engine.graph_reference import graph_output
from tests.engine.reference import Builder
from tests.engine.wgpu.device import compute, device, require_adapter
from tests.support import require
from vaevis_tui.engine.graph import Graph, import_onnx, ir, rewrite
from vaevis_tui.engine.wgpu.device import _lanes_in_step
from vaevis_tui.engine.wgpu.kernels import KERNELS, Context, Limits, candidates, choose
from vaevis_tui.engine.wgpu.kernels.base import BROADCAST_LANES
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.engine.wgpu.program import Program


def _three_by_three() -> Builder:
    b = Builder(7 * 6 * 9)
    b.view(7, 6, 9)
    b.conv(7, 10)
    b.add("LeakyRelu", alpha=0.1)
    return b


def _strided() -> Builder:
    b = Builder(4 * 9 * 7)
    b.view(4, 9, 7)
    b.conv(4, 6, (3, 4), strides=[2, 3], dilations=[1, 2], pads=[1, 2, 0, 3])
    return b


def _shuffled() -> Builder:
    b = Builder(5 * 4 * 6)
    b.view(5, 4, 6)
    b.conv(5, 3 * 4)
    b.add("DepthToSpace", blocksize=2, mode="CRD")
    b.add("Sigmoid")
    return b


def _residual() -> Builder:
    b = Builder(8 * 5 * 5)
    x = b.view(8, 5, 5)
    b.conv(8, 8)
    b.last = b.node("Add", b.last, x)
    return b


def _upsampled() -> Builder:
    b = Builder(6 * 5 * 4)
    b.view(6, 5, 4)
    b.upsample()
    b.conv(6, 9)
    return b


def _upsampled_three_times_by_five() -> Builder:
    b = Builder(4 * 3 * 4)
    b.view(4, 3, 4)
    b.upsample(3.0)
    b.conv(4, 5, 5)
    return b


def _transposed() -> Builder:
    b = Builder(5 * 4 * 5)
    b.view(5, 4, 5)
    b.conv_transposed(5, 6, 4, strides=[2, 2], pads=[1, 1, 1, 1])
    return b


def _transposed_of_odd_kernel() -> Builder:
    b = Builder(5 * 4 * 5)
    b.view(5, 4, 5)
    b.conv_transposed(5, 6, 3, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    return b


def _many_channels() -> Builder:
    b = Builder(70 * 4 * 5)
    b.view(70, 4, 5)
    b.conv(70, 10)
    b.add("LeakyRelu", alpha=0.1)
    return b


def _many_channels_upsampled() -> Builder:
    b = Builder(64 * 3 * 3)
    b.view(64, 3, 3)
    b.upsample()
    b.conv(64, 9)
    return b


def _matrix() -> Builder:
    b = Builder(301)
    b.linear(301, 37)
    b.add("Tanh")
    return b


CASES = [
    _matrix,
    _many_channels,
    _many_channels_upsampled,
    _three_by_three,
    _strided,
    _shuffled,
    _residual,
    _upsampled,
    _upsampled_three_times_by_five,
    _transposed,
    _transposed_of_odd_kernel,
]


def context(graph: Graph, *, software: bool = False) -> Context:
    return Context(graph, Limits(), software, frozenset(), half=False, packed=False)


@pytest.mark.parametrize("case", CASES)
def test_every_candidate_agrees(case: object) -> None:
    require_adapter()
    b: Builder = case()  # type: ignore[operator]
    graph = rewrite(import_onnx(b.model()))
    z = b.latents(2)
    expected = graph_output(graph, z)
    last = graph.operators[-1]
    names = [kernel.name for kernel in candidates(last, context(graph))]
    assert len(names) >= 4
    for name in names:
        # Texts that read buffers take llvmpipe three times as long to compile: one kernel stands for all
        # there.
        for textures in (True, False) if name == "tile_2x1" else (True,):
            options = {"software": False, "textures": textures, "kernels": {last.output: name}}
            actual = compute(graph, z, fuse=False, **options)
            np.testing.assert_allclose(actual, expected, atol=1e-4, err_msg=f"{name}, textures={textures}")


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("case", [_three_by_three, _shuffled, _transposed_of_odd_kernel])
def test_lanes_that_share_weights_compute_the_same(case: object, precision: str) -> None:
    require_adapter()
    limits = device()[1]
    require(limits.subgroup >= BROADCAST_LANES, "llvmpipe of 256 bits with subgroups")
    b: Builder = case()  # type: ignore[operator]
    graph = rewrite(import_onnx(b.model()))
    z = b.latents(2)
    alone = dataclasses.replace(limits, subgroup=0)
    for kernel in ("tile_2x1", "tile_2x2"):
        options: dict[str, Any] = {
            "fuse": False,
            "textures": True,
            "precision": precision,
            "kernels": {graph.operators[-1].output: kernel},
        }
        shared = make_plan(graph, limits=limits, packed=False, textures=True)
        assert "subgroupBroadcast" in shared.dispatches[-1].source
        np.testing.assert_array_equal(
            compute(graph, z, **options), compute(graph, z, limits=alone, **options), err_msg=kernel
        )


@pytest.mark.parametrize(
    ("name", "features", "lanes"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", {"subgroup"}, 8),
        ("llvmpipe (LLVM 15.0.6, 128 bits)", {"subgroup"}, 4),
        ("llvmpipe (LLVM 15.0.6, 256 bits)", set(), 0),
        ("NVIDIA H200", {"subgroup"}, 0),
    ],
)
def test_lanes_in_step(name: str, features: set[str], lanes: int) -> None:
    adapter = SimpleNamespace(info={"device": name}, features=features)
    assert _lanes_in_step(adapter) == lanes


@pytest.mark.parametrize("case", [_three_by_three, _transposed_of_odd_kernel])
@pytest.mark.parametrize("textures", [False, True])
def test_float16_weights_that_lose_nothing_change_nothing(case: object, textures: bool) -> None:
    require_adapter()
    b: Builder = case()  # type: ignore[operator]
    half = Builder(b.latent, half=True)
    half.nodes, half.initializers, half.last = b.nodes, b.initializers, b.last
    for tensor in half.initializers:
        if tensor.data_type == 1:
            array = np.frombuffer(tensor.raw_data, np.float32).astype(np.float16).astype(np.float32)
            tensor.raw_data = array.tobytes()
    graph = rewrite(import_onnx(half.model()))
    z = b.latents(1)
    exact = compute(graph, z, fuse=False, precision="float32", textures=textures)
    np.testing.assert_array_equal(
        compute(graph, z, fuse=False, precision="float16", textures=textures), exact
    )


def test_sums_of_float16_weights_are_stored_without_loss() -> None:
    """Phases of an upsampled convolution add weights up, and the sums are no float16 any more."""
    b = Builder(2 * 9, half=True)
    b.view(2, 3, 3)
    b.upsample()
    b.conv(2, 4)
    graph = rewrite(import_onnx(b.model()))
    assert not make_plan(graph, packed=False).half


def test_every_kind_of_operator_has_a_kernel_that_takes_anything() -> None:
    kinds = {kind for kind in vars(ir).values() if isinstance(kind, type) and issubclass(kind, ir.Operator)}
    for kind in kinds - {ir.Operator}:
        assert any(kernel.operator is kind for kernel in KERNELS), kind


def test_a_large_kernel_falls_back_to_the_plain_one() -> None:
    b = Builder(48 * 48)
    b.view(1, 48, 48)
    b.conv(1, 1, (1, 47), pads=[0, 0, 0, 0])
    graph = import_onnx(b.model())
    assert choose(graph.operators[-1], context(graph, software=True)).name == "plain"


@pytest.mark.parametrize(
    ("width", "software", "taken"), [(14, True, True), (16, True, False), (14, False, False)]
)
def test_images_whose_width_sevens_divide_get_tiles_of_seven(width: int, software: bool, taken: bool) -> None:
    """28 pixels halve to 14 and 7, which tiles of eight would compute to 16 and 8."""
    b = Builder(8 * width * width)
    b.view(8, width, width)
    b.conv(8, 8, 3)
    graph = import_onnx(b.model())
    found = choose(graph.operators[-1], context(graph, software=software))
    assert found.name.startswith("tile_7x") is taken


def test_groups_fall_back_to_the_plain_one() -> None:
    b = Builder(4 * 9)
    b.view(4, 3, 3)
    b.conv(4, 4, 3, group=2)
    graph = import_onnx(b.model())
    assert choose(graph.operators[-1], context(graph)).name == "plain"


def test_a_kernel_that_does_not_apply_is_not_taken_by_name() -> None:
    b = Builder(4 * 9)
    b.view(4, 3, 3)
    b.conv(4, 4, 3, group=2)
    graph = import_onnx(b.model())
    assert choose(graph.operators[-1], context(graph), "tile_4x1").name == "plain"


def test_padding_lanes_stay_zero_whatever_the_epilogue() -> None:
    """1 / 0 in a lane that no channel owns is infinite, and infinity times a zero weight is no number."""
    require_adapter()
    b = Builder(3 * 4)
    b.view(3, 2, 2)
    b.conv(3, 3, 1)
    b.add("Abs")
    b.add("Reciprocal")
    b.conv(3, 2, 1)
    model = b.model()
    z = b.latents(1)
    graph = import_onnx(model)
    np.testing.assert_allclose(compute(model, z), graph_output(graph, z), rtol=1e-4)


def test_one_text_is_compiled_once() -> None:
    require_adapter()
    b = Builder(8 * 16)
    b.view(8, 4, 4)
    for _ in range(4):
        b.conv(8, 8)
        b.add("Relu")
    opened, limits, _ = device()
    plan = make_plan(rewrite(import_onnx(b.model())), limits=limits, packed=False, textures=False)
    program = Program(opened, limits, plan)
    try:
        assert len({id(pipeline) for pipeline in program._pipelines}) == 2
    finally:
        program.close()
