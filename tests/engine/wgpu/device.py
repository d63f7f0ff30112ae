"""One device for all tests that need one: opening it costs more than most of them."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from typing import Any

import numpy as np

from tests.engine.reference import Array
from tests.support import require
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.graph import Graph, import_onnx, rewrite
from vaevis_tui.engine.wgpu.device import AdapterSummary, adapters, find_adapter, open_device
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.engine.wgpu.layout import from_blocked
from vaevis_tui.engine.wgpu.plan import make_plan
from vaevis_tui.engine.wgpu.program import Program


@cache
def _adapters() -> tuple[AdapterSummary, ...]:
    try:
        return tuple(adapters())
    except EngineError:
        return ()


def require_adapter() -> AdapterSummary:
    """The adapter that decoders take; skips, or fails in CI, where there is none."""
    require(_adapters(), "wgpu adapter (Debian: mesa-vulkan-drivers)")
    return _adapters()[0]


@cache
def device() -> tuple[Any, Limits, bool]:
    """The shared device, its limits, and whether it is software."""
    require_adapter()
    summary, adapter = find_adapter()
    return (*open_device(adapter), not summary.is_hardware)


def compute(model: Any, z: Array, *, fuse: bool = True, **options: Any) -> Array:
    """The graph's output on the device as floats, for an ONNX model or an operator graph."""
    graph = model if isinstance(model, Graph) else import_onnx(model)
    opened, limits, software = device()
    options = {"limits": limits, "software": software, **options}
    plan = make_plan(rewrite(graph) if fuse else graph, packed=False, **options)
    with closing(Program(opened, limits, plan)) as program:
        return np.array(from_blocked(program.run(z), plan.output_layout, graph.output_shape))
