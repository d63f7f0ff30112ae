"""A small network, a clock, and kernels whose text is spoiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tests.engine.reference import Builder
from tests.engine.wgpu.device import device
from vaevis_tui.engine.graph import Graph, import_onnx, ir, rewrite
from vaevis_tui.engine.wgpu import (
    kernels,
)
from vaevis_tui.engine.wgpu.kernels import Context, Kernel, Lowered
from vaevis_tui.engine.wgpu.plan import Dispatch, Plan, make_plan
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices, Selection


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


CHOICE = Selection("tile_1x1", "0" * 32, "tile_2x1", {"tile_1x1": 1.0, "tile_2x1": 2.0}, ("tile_4x1",))
