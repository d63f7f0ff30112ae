"""From a rewritten graph to what the device does a frame: dispatches, texts, numbers and memory."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT
from vaevis_tui.engine.graph.ir import Graph, Operator, UnsupportedGraph
from vaevis_tui.engine.wgpu.kernels import Constant, Context, Limits, Lowered, choose
from vaevis_tui.engine.wgpu.kernels.base import TEXTURE_WIDTH
from vaevis_tui.engine.wgpu.layout import Layout, is_lossless_float16, layout_of, to_blocked
from vaevis_tui.engine.wgpu.tuning.tuning_cache import Choices, digest


@dataclass(frozen=True)
class Dispatch:
    """One kernel launch.

    Attributes:
        operator: What it computes.
        context: Where.
        kernel: Name of the kernel chosen for it.
        source: Its WGSL.
        workgroups: Workgroups along x and y; z counts examples.
        bindings: Names of what is bound, in order: tensors, then constants, then operands, then the result.
    """

    operator: Operator
    context: Context
    kernel: str
    source: str
    workgroups: tuple[int, int]
    bindings: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Everything known about a frame before there is a device.

    Attributes:
        graph: The rewritten graph.
        dispatches: In order.
        constants: Weights, biases, tables and constant operands as the device reads them, by name.
        textures: Names of the tensors and constants that lie in textures and not in buffers. A processor that
            stands in for a GPU reads a texel in one piece and a buffer word by word: Mesa 22.3's llvmpipe
            takes six times as long to load four floats from a storage buffer as from a texture.
        sizes: Bytes an example of each tensor that a dispatch writes or reads, by name; input and output
            included.
        packed: Whether the output is RGBA8, one u32 a pixel, and not floats.
        halves: Names of the constants that hold float16 numbers, two in a u32.
    """

    graph: Graph
    dispatches: tuple[Dispatch, ...]
    constants: Mapping[str, NDArray[Any]]
    textures: Set[str]
    sizes: Mapping[str, int]
    packed: bool
    halves: Set[str]

    @property
    def half(self) -> bool:
        """Whether any weight is stored as float16."""
        return bool(self.halves)

    @property
    def input_layout(self) -> Layout:
        """Device shape of the latent vector."""
        return layout_of(self.graph.input_shape)

    @property
    def output_layout(self) -> Layout:
        """Device shape of the image as floats."""
        return layout_of(self.graph.output_shape)

    @property
    def between(self) -> tuple[str, ...]:
        """Tensors that live in the arena, in the order of their making."""
        return tuple(d.operator.output for d in self.dispatches if d.operator.output != self.graph.output)

    def kinds(self, dispatch: Dispatch) -> tuple[str, ...]:
        """What each binding of a kernel is, as `Resources` names it; it writes the last."""
        kinds = []
        for index, name in enumerate(dispatch.bindings):
            action = "write" if index == len(dispatch.bindings) - 1 else "read"
            words = " words" if name in self.constants else ""
            kinds.append(f"{action} texture{words}" if name in self.textures else f"{action} buffer")
        return tuple(kinds)


def make_plan(
    graph: Graph,
    *,
    limits: Limits | None = None,
    software: bool = False,
    precision: str = "auto",
    packed: bool = True,
    textures: bool | None = None,
    kernels: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> Plan:
    """Lower a graph.

    Args:
        graph: The graph, rewritten or not.
        limits: The device's limits; WebGPU's defaults without.
        software: Whether the device is the processor itself.
        precision: How weights are stored: ``"float32"``, ``"float16"`` or ``"auto"`` (float16 where it loses
        nothing).
        packed: Store the output as RGBA8; else as floats.
        textures: Keep tensors and weights in textures; without, as suits the device.
        kernels: Names of kernels to take instead of the preferred ones, by the operator's output.
        choices: Kernels that were measured on this device, to take where ``kernels`` names none.

    Raises:
        UnsupportedGraph: No kernel computes an operator, or something is larger than the device's limits.
    """
    limits = limits or Limits()
    if packed:
        _check_image(graph)
    in_textures = software if textures is None else textures
    stands_for = _views(graph)
    images = _tensors_in_textures(graph, stands_for) if in_textures else frozenset()
    constants: dict[str, Constant] = {}
    dispatches: list[Dispatch] = []
    for operator in graph.operators:
        if operator.output in stands_for:
            continue
        last = operator.output == graph.output
        half = _stored_as_half(operator, precision)
        context = Context(graph, limits, software, images, half, packed and last, in_textures)
        kernel, lowered = _lower(operator, context, (kernels or {}).get(operator.output), choices)
        own = {f"{operator.output}/{index}": constant for index, constant in enumerate(lowered.constants)}
        constants |= own
        for name, tensor in _constant_tensors(operator, graph).items():
            if not np.array_equal(constants.setdefault(name, tensor).array, tensor.array):
                raise UnsupportedGraph(f"{name!r} is broadcast in two ways, to {operator.shape} for one")
        inputs = [stands_for.get(name, name) for name in operator.inputs]
        operands = [stands_for.get(name, name) for name in operator.operands]
        bindings = (*inputs, *own, *operands, operator.output)
        dispatches.append(Dispatch(operator, context, kernel, lowered.source, lowered.workgroups, bindings))
    if not dispatches or dispatches[-1].operator.output != graph.output:
        raise UnsupportedGraph(f"output {graph.output!r} is not made by any operator")
    tensors = {name for d in dispatches for name in d.bindings if name not in constants}
    sizes = {name: layout_of(graph.shape_of(name)).bytes for name in tensors}
    if packed:
        sizes[graph.output] = 4 * layout_of(graph.output_shape).pixels
    plan = Plan(
        graph=graph,
        dispatches=tuple(dispatches),
        constants={name: constant.array for name, constant in constants.items()},
        textures=(images & tensors) | {name for name, constant in constants.items() if constant.texture},
        sizes=sizes,
        packed=packed,
        halves=frozenset(name for name, constant in constants.items() if constant.half),
    )
    _check_limits(plan, limits)
    return plan


def _lower(
    operator: Operator, context: Context, requested: str | None, choices: Choices | None
) -> tuple[str, Lowered]:
    """The kernel named, else the one measured to be the best, else the one expected to be; and its text."""
    choice = None if choices is None or requested else choices.find(operator, context)
    if choice is not None:
        kernel = choose(operator, context, choice.kernel)
        lowered = kernel.lower(operator, context)
        if kernel.name == choice.kernel and digest(lowered.source) == choice.text:
            return kernel.name, lowered
    kernel = choose(operator, context, requested)
    return kernel.name, kernel.lower(operator, context)


def _stored_as_half(operator: Operator, precision: str) -> bool:
    weight = getattr(operator, "weight", None)
    if weight is None:
        return False
    return is_lossless_float16(weight) if precision == "auto" else precision == "float16"


def _views(graph: Graph) -> dict[str, str]:
    """Tensors that are only another name for memory that is already in the right order, and for whose."""
    stands_for: dict[str, str] = {}
    for operator in graph.operators:
        if _is_view(graph, operator):
            stands_for[operator.output] = stands_for.get(operator.inputs[0], operator.inputs[0])
    return stands_for


def _tensors_in_textures(graph: Graph, stands_for: Mapping[str, str]) -> frozenset[str]:
    """All but input and output, which the host writes and reads as buffers."""
    outputs = {operator.output for operator in graph.operators} - {graph.output}
    return frozenset(name for name in outputs if stands_for.get(name, name) != graph.input)


def _constant_tensors(operator: Operator, graph: Graph) -> dict[str, Constant]:
    """The constants that an operator reads as tensors, laid out as it broadcasts them."""
    found: dict[str, Constant] = {}
    for name in operator.reads:
        if name in graph.constants:
            target = operator.shape if name in operator.operands else None
            layout = layout_of(graph.shape_of(name), target)
            found[name] = Constant(to_blocked(graph.constants[name], layout))
    return found


def _check_image(graph: Graph) -> None:
    shape = graph.output_shape
    if len(shape) != 4 or shape[0] != 1 or shape[1] not in (1, 3):
        raise UnsupportedGraph(f"output {graph.output!r} has shape {shape}; an image is (n, 1 or 3, h, w)")


def _is_view(graph: Graph, operator: Operator) -> bool:
    """Whether an operator only gives another name to memory that is already in the right order."""
    return (
        isinstance(operator, ir.Permute)
        and operator.is_reshape
        and operator.epilogue == RESULT
        and operator.output != graph.output
        and operator.inputs[0] not in graph.constants
        and layout_of(operator.shape) == layout_of(graph.shape_of(operator.inputs[0]))
    )


def _check_limits(plan: Plan, limits: Limits) -> None:
    for dispatch in plan.dispatches:
        images = sum(name in plan.textures for name in dispatch.bindings)
        count = len(dispatch.bindings) - images
        if count > limits.storage_buffers or images > limits.textures:
            raise UnsupportedGraph(
                f"{dispatch.operator.kind} {dispatch.operator.output!r} binds {count} buffers and "
                f"{images} textures; the device takes {limits.storage_buffers} and {limits.textures}"
            )
    needs = {name: array.nbytes for name, array in plan.constants.items()} | dict(plan.sizes)
    for name, size in needs.items():
        largest = limits.texture_rows * TEXTURE_WIDTH * 16 if name in plan.textures else limits.binding_bytes
        if size > largest:
            raise UnsupportedGraph(f"{name!r} takes {size} bytes; the device binds {largest}")
