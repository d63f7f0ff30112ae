"""Plans without a device: kernels chosen, memory placed, limits kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.reference import Builder, dcgan_like, dog_like, mnist_like, vaevis_like
from vaevis_tui.engine.graph import Graph, UnsupportedGraph, import_onnx, ir, rewrite
from vaevis_tui.engine.graph.expression import Operand, call
from vaevis_tui.engine.wgpu.arena import Arena, arena_of
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.engine.wgpu.plan import Plan, make_plan
from vaevis_tui.engine.wgpu.plan_text import plan_text

NETWORKS = {
    "mnist": mnist_like(latent=4),
    "dog": dog_like(width=16, latent=4),
    "dcgan": dcgan_like(width=4, latent=4),
    "vaevis": vaevis_like(width=16, latent=4),
}


def graph_of(name: str) -> Graph:
    return rewrite(import_onnx(NETWORKS[name].model()))


@pytest.mark.parametrize("name", list(NETWORKS))
@pytest.mark.parametrize("textures", [False, True])
@pytest.mark.parametrize("items", [1, 3])
def test_tensors_that_live_together_never_overlap(name: str, textures: bool, items: int) -> None:
    plan = make_plan(graph_of(name), textures=textures)
    arena = arena_of(plan, items, 256)
    last_read = {read: step for step, d in enumerate(plan.dispatches) for read in d.bindings}
    born = {d.operator.output: step for step, d in enumerate(plan.dispatches)}
    for one in plan.between:
        for other in plan.between:
            if one == other or born[other] > last_read[one] or born[one] > last_read[other]:
                continue
            a, b = arena.placements[one], arena.placements[other]
            apart = a.bank != b.bank or a.offset + a.bytes <= b.offset or b.offset + b.bytes <= a.offset
            assert apart, (one, other)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_dispatch_never_writes_to_a_bank_that_it_reads(name: str) -> None:
    plan = make_plan(graph_of(name), textures=False)
    places = arena_of(plan, 1, 256).placements
    for dispatch in plan.dispatches:
        *reads, written = dispatch.bindings
        if written in places:
            banks = {places[r].bank for r in reads if r in places}
            assert places[written].bank not in banks


def test_placements_are_aligned_and_within_their_banks() -> None:
    plan = make_plan(graph_of("dog"), textures=False)
    arena: Arena = arena_of(plan, 2, 256)
    for name, place in arena.placements.items():
        assert place.offset % 256 == 0
        assert place.bytes == 2 * plan.sizes[name]
        assert place.offset + place.bytes <= arena.banks[place.bank]


def test_memory_is_used_again() -> None:
    plan = make_plan(graph_of("dog"), textures=False)
    arena = arena_of(plan, 1, 256)
    largest = sorted(plan.sizes[name] for name in plan.between)[-2:]
    assert sum(arena.banks) < sum(plan.sizes[name] for name in plan.between)
    assert sum(arena.banks) <= 2 * sum(largest)


def test_reshapes_that_move_nothing_are_no_dispatch() -> None:
    b = Builder(8)
    b.add("Unsqueeze", b.constant(np.array([2, 3], np.int64)))
    b.conv(8, 4, 1)
    plan = make_plan(import_onnx(b.model()), packed=False)
    assert [d.operator.kind for d in plan.dispatches] == ["Convolution"]
    assert plan.dispatches[0].bindings[0] == "z"


def test_equal_layers_share_their_text() -> None:
    b = Builder(8 * 16)
    b.view(8, 4, 4)
    for _ in range(3):
        b.conv(8, 8)
        b.add("Relu")
    plan = make_plan(rewrite(import_onnx(b.model())), packed=False, textures=False)
    assert len({d.source for d in plan.dispatches if d.operator.kind == "Convolution"}) == 1


def test_the_caller_may_name_a_kernel() -> None:
    graph = graph_of("mnist")
    names = {operator.output: "tile_1x1" for operator in graph.operators}
    plan = make_plan(graph, kernels=names)
    chosen = {d.operator.kind: d.kernel for d in plan.dispatches}
    assert chosen == {"Linear": "linear_split16", "PhaseConvolution": "tile_1x1", "Convolution": "tile_1x1"}


def test_float16_is_chosen_where_it_loses_nothing() -> None:
    exact = make_plan(rewrite(import_onnx(mnist_like(latent=4).model())))
    inexact = make_plan(graph_of("dcgan"))
    forced = make_plan(graph_of("dcgan"), precision="float16")
    assert (exact.half, inexact.half, forced.half) == (True, False, True)

    def weights(plan: Plan) -> int:
        return sum(array.nbytes for array in plan.constants.values())

    assert weights(forced) < 0.6 * weights(inexact)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"binding_bytes": 4096}, ["bytes", "the device binds 4096"]),
        ({"storage_buffers": 3}, ["binds 4 buffers", "takes 3"]),
        ({"workgroups": 2}, ["workgroups", "the device takes 2"]),
    ],
)
def test_what_exceeds_the_device_is_named(limits: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UnsupportedGraph) as refused:
        make_plan(graph_of("mnist"), limits=Limits(**limits), textures=False)
    for word in words:
        assert word in str(refused.value)


def test_only_images_are_packed() -> None:
    b = Builder(8)
    b.linear(8, 8)
    graph = import_onnx(b.model())
    with pytest.raises(UnsupportedGraph, match=r"shape \(1, 8\); an image is \(n, 1 or 3, h, w\)"):
        make_plan(graph)
    assert not make_plan(graph, packed=False).packed


def test_a_broadcast_that_the_device_shape_hides_is_refused() -> None:
    """Which no import makes; a rewrite might."""
    shape = (1, 2, 3, 2, 2)
    view = ir.Permute(inputs=("z",), output="x", shape=shape, view=(1, 24), order=(0, 1))
    product = ir.Pointwise(
        inputs=(),
        output="y",
        shape=shape,
        epilogue=call("mul", Operand(0), Operand(1)),
        operands=("x", "factor"),
    )
    graph = Graph("z", (1, 24), "y", (view, product), {"factor": np.ones((3, 1, 1), np.float32)})
    with pytest.raises(UnsupportedGraph, match=r"\(3, 1, 1\) does not broadcast to \(1, 2, 3, 2, 2\)"):
        make_plan(graph, packed=False)


def test_the_description_tells_everything() -> None:
    plan = make_plan(graph_of("dog"), textures=False)
    text = plan_text(plan)
    lines = text.splitlines()
    assert len(lines) == len(plan.dispatches) + 2
    assert f"{len(plan.dispatches)} dispatches" in lines[-1]
    assert f"{plan.graph.multiply_adds:,} multiply-adds" in lines[-1]
    for dispatch, line in zip(plan.dispatches, lines[1:], strict=False):
        assert dispatch.operator.kind in line
        assert dispatch.kernel in line
    assert "leaky_relu(add(result, " in text
    assert "rgba8" in lines[-2]
