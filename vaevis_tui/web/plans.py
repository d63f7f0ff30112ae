"""A decoder's plan as data that a browser's WebGPU runs: WGSL, bindings, workgroups, constants, arena.

Two forms of it: with buffers for GPUs, and with textures for adapters that are the processor itself, which
read a texel in one piece and a buffer word by word. Both read the same weights.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from vaevis_tui.engine.graph import Graph, UnsupportedGraph, import_onnx, rewrite
from vaevis_tui.engine.wgpu.arena import arena_of
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.engine.wgpu.legalize import legalize
from vaevis_tui.engine.wgpu.plan import Plan, make_plan
from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.web.arrays import LEVELS, ArrayFile, Encoding, quantized

Weights = Literal["int12", "int8", "float16", "float32"]
"""How weights travel to the page. On its device they are float16 in all cases but the last."""

WEIGHTS: tuple[Weights, ...] = get_args(Weights)

PLAIN_DEVICE = Limits()
"""What every WebGPU device has: 8 storage buffers a stage, bindings of 128 MiB, workgroups of 256."""

MAX_BATCH = 8
"""Images of one submission: tiles of a map come in batches, and a new z waits for the one that runs."""

MAX_ARENA = 128 << 20
"""Bytes of tensors for one submission."""


@dataclass(frozen=True, slots=True)
class WebPlans:
    """A decoder for browsers.

    Attributes:
        gpu: For a GPU.
        software: For an adapter that is the processor itself.
        weights: How its weights travel.
    """

    gpu: Plan
    software: Plan
    weights: Weights


def make_web_plans(model: CheckedModel | Graph, weights: Weights = "int12") -> WebPlans:
    """Lower a decoder for a plain WebGPU device.

    Raises:
        UnsupportedGraph: The engine has no kernel for an operator, or something is larger than such a device
            allows.
    """
    graph = rewrite(model if isinstance(model, Graph) else import_onnx(model))
    precision = "float32" if weights == "float32" else "float16"

    def lower(software: bool) -> Plan:
        return make_plan(
            legalize(graph, PLAIN_DEVICE, software),
            limits=PLAIN_DEVICE,
            software=software,
            textures=software,
            precision=precision,
        )

    return WebPlans(lower(software=False), lower(software=True), weights)


def plan_record(plan: Plan, weights: Weights, arrays: ArrayFile) -> dict[str, Any]:
    """A plan as JSON, its constants put into `arrays`.

    A binding is ``"input"``, ``"output"``, ``{"constant": place in the arrays}`` or a place in the arena,
    ``{"bank": number, "offset": bytes, "bytes": length}`` of one example, n times that for n examples.
    """
    arena = arena_of(plan, 1, PLAIN_DEVICE.alignment)
    sources = {dispatch.source: dispatch for dispatch in plan.dispatches}

    def bound(name: str) -> str | dict[str, int]:
        if name == plan.graph.input:
            return "input"
        if name == plan.graph.output:
            return "output"
        if name in plan.constants:
            return {"constant": arrays.add(plan.constants[name], _encoding(name, plan, weights))}
        place = arena.placements[name]
        return {"bank": place.bank, "offset": place.offset, "bytes": place.bytes}

    order = list(sources)
    return {
        "inputBytes": plan.input_layout.bytes,
        "outputBytes": plan.sizes[plan.graph.output],
        "banks": list(arena.banks),
        "textures": bool(plan.textures),
        "batch": _batch(plan, arena.banks),
        "shaders": [{"code": code, "bindings": list(plan.kinds(sources[code]))} for code in order],
        "dispatches": [
            {
                "shader": order.index(dispatch.source),
                "workgroups": list(dispatch.workgroups),
                "bindings": [bound(name) for name in dispatch.bindings],
            }
            for dispatch in plan.dispatches
        ],
    }


def with_weights_as_sent(plan: Plan, weights: Weights) -> Plan:
    """The plan with the weights that the page will have, to see what sending them so costs."""
    form = LEVELS.get(weights)
    if form is None:
        return plan
    halves = {name: plan.constants[name].view(np.float16) for name in plan.halves}
    sent = {name: quantized(half, form).view(np.uint32) for name, half in halves.items()}
    return dataclasses.replace(plan, constants={**plan.constants, **sent})


def _encoding(name: str, plan: Plan, weights: Weights) -> Encoding:
    if name in plan.halves:
        return "float16" if weights == "float32" else weights
    return "uint32" if plan.constants[name].dtype.kind == "u" else "float32"


def _batch(plan: Plan, banks: tuple[int, ...]) -> int:
    """Examples in one submission on a plain device."""
    fitting = [
        MAX_BATCH,
        MAX_ARENA // max(1, sum(banks)),
        PLAIN_DEVICE.binding_bytes // max(plan.sizes.values()),
        PLAIN_DEVICE.buffer_bytes // max((1, *banks)),
    ]
    return max(1, min(fitting))


__all__ = ["WEIGHTS", "UnsupportedGraph", "WebPlans", "Weights", "make_web_plans", "plan_record"]
