"""What a kernel is, and what all of them share: the epilogue, workgroup sizes and how weights are packed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui import resources
from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Call, Expression, Literal, Operand, Result
from vaevis_tui.engine.graph.ir import Graph, Operator, UnsupportedGraph
from vaevis_tui.engine.wgpu.layout import Layout, layout_of
from vaevis_tui.engine.wgpu.template import render

Array = NDArray[Any]

TEXTURE_WIDTH = 2048
"""Texels in a row of a texture; a power of two, so that an index splits by shifts."""


BROADCAST_LANES = 8
"""Lanes that share the texels of a weight: as many as llvmpipe has with AVX; wider ones do it twice over."""


@dataclass(frozen=True)
class Constant:
    """Numbers that a kernel reads besides tensors.

    Attributes:
        array: One-dimensional, float32 or uint32.
        texture: Whether the kernel reads it as a texture of four u32 a texel.
        half: Whether it holds float16 numbers, two in a u32.
    """

    array: Array
    texture: bool = False
    half: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a device allows; the defaults are WebGPU's, which every device has.

    Attributes:
        storage_buffers: Storage buffers that one kernel may bind.
        textures: Textures that one kernel may read.
        texture_rows: Rows of one texture.
        binding_bytes: Bytes of one binding.
        buffer_bytes: Bytes of one buffer.
        workgroups: Workgroups along one dimension of a dispatch.
        alignment: Bytes that a binding's offset is a multiple of.
        subgroup: Lanes of a workgroup that run in step and may read each other's values, neighbours along x;
            0 where that is not known.
    """

    storage_buffers: int = 8
    textures: int = 16
    texture_rows: int = 8192
    binding_bytes: int = 128 << 20
    buffer_bytes: int = 256 << 20
    workgroups: int = 65535
    alignment: int = 256
    subgroup: int = 0


@dataclass(frozen=True)
class Context:
    """Where an operator is lowered.

    Attributes:
        graph: The rewritten graph: shapes and constants.
        limits: The device's limits.
        software: Whether the device is the processor itself, as llvmpipe is.
        textures: Names of the tensors that lie in textures; see `Plan.textures`.
        half: Whether the operator's weight is stored as float16.
        packed: Whether the operator makes the image and stores RGBA8.
        weights_in_textures: Whether weights are read as textures.
    """

    graph: Graph
    limits: Limits
    software: bool
    textures: Set[str]
    half: bool
    packed: bool
    weights_in_textures: bool = False

    def layout(self, name: str) -> Layout:
        """Device shape of a tensor."""
        return layout_of(self.graph.shape_of(name))

    @property
    def broadcast(self) -> bool:
        """Whether lanes load different texels of a weight that all need, and read them from each other.

        It takes half to a third of the time on llvmpipe, where a load costs the same whether its lanes load
        one texel or eight. A GPU loads what all lanes need once by itself.
        """
        return self.weights_in_textures and self.limits.subgroup >= BROADCAST_LANES


@dataclass(frozen=True)
class Lowered:
    """An operator as a device runs it.

    Attributes:
        source: WGSL with one entry point ``main``; bindings are the operator's inputs, then ``constants``,
        then its
            operands, then the result.
        workgroups: Workgroups along x and y; z counts examples.
        constants: What the kernel reads besides tensors: packed weights, bias, tables.
    """

    source: str
    workgroups: tuple[int, int]
    constants: tuple[Constant, ...] = ()


@dataclass(frozen=True)
class Kernel:
    """One way to compute one kind of operator.

    Attributes:
        name: Its name in plans and caches.
        operator: The kind of operator.
        applies: Whether it can compute this one on this device.
        lower: Turns the operator into text and numbers.
        rank: How good it should be for this one; the highest is taken.
    """

    name: str
    operator: type[Operator]
    applies: Callable[[Any, Context], bool]
    lower: Callable[[Any, Context], Lowered]
    rank: Callable[[Any, Context], float] = lambda operator, context: 0.0


def always(operator: Operator, context: Context) -> bool:
    """For `Kernel.applies`: it computes every operator of its kind."""
    return True


def workgroup_size(threads: int) -> int:
    """Threads a workgroup: 64, a multiple of what GPUs (32 or 64) and llvmpipe (8) run in step, or fewer."""
    size = 64
    while size > 8 and size // 2 >= threads:
        size //= 2
    return size


def dispatch(
    operator: Operator, context: Context, places: int, rows: int = 1, split: int = 1
) -> tuple[int, tuple[int, int]]:
    """Workgroup size and counts.

    Args:
        operator: For the refusal.
        context: The device's limits.
        places: What the threads along x make, one each.
        rows: Rows of them, along y.
        split: Threads that share a place; they are ``size // split`` apart in a workgroup of 64.

    Raises:
        UnsupportedGraph: More workgroups than the device takes.
    """
    size = workgroup_size(places) if split == 1 else 64
    counts = -(-places * split // size), rows
    if max(counts) > context.limits.workgroups:
        raise UnsupportedGraph(
            f"{operator.kind} {operator.output!r} of shape {operator.shape}: {max(counts)} workgroups; "
            f"the device takes {context.limits.workgroups}"
        )
    return size, counts


# -- epilogue ------------------------------------------------------------------------------------------------


def io_text(operator: Operator, context: Context, constants: int) -> dict[str, str]:
    """WGSL that every kernel needs: ``access`` reads its inputs, ``store`` ends it.

    Args:
        operator: Whose inputs, epilogue and shape.
        context: Where its tensors are.
        constants: How many bindings stand between the inputs and the operands.
    """
    layout = layout_of(operator.shape)
    several = len(operator.inputs) > 1 or isinstance(operator, ir.Concat)
    after = len(operator.inputs) + constants
    reads = [
        SimpleNamespace(
            name=f"source{index}" if several else "source", binding=index, texture=name in context.textures
        )
        for index, name in enumerate(operator.inputs)
    ]
    operands = [
        SimpleNamespace(name=f"operand{index}", binding=after + index, texture=name in context.textures)
        for index, name in enumerate(operator.operands)
    ]
    result = SimpleNamespace(binding=after + len(operands), texture=operator.output in context.textures)
    access = render(
        "access.wgsl",
        {
            "reads": reads + operands,
            "result": result,
            "packed": context.packed,
            "texture_width": TEXTURE_WIDTH,
        },
    )
    steps, value = _steps(operator.epilogue)
    loads = [
        SimpleNamespace(name=f"operand{index}", load=_load(f"read_operand{index}", name, operator, context))
        for index, name in enumerate(operator.operands)
    ]
    store = render(
        "store.wgsl",
        {
            "operands": loads,
            "packed": context.packed,
            "steps": steps,
            "value": value,
            "channels": layout.channels,
            "height": layout.height,
            "width": layout.width,
            "pixels": layout.pixels,
            "vec4s": layout.vec4s,
        },
    )
    return {"access": access, "store": _functions_for(store) + store}


def _load(function: str, name: str, operator: Operator, context: Context) -> str:
    """WGSL that reads an operand at item, block, y, x of the result, broadcasting it."""
    target = layout_of(operator.shape)
    own = operand_layout(name, operator, context)
    terms = [] if name in context.graph.constants else [f"item * {own.vec4s}u"]
    if own.channels > 1:
        terms.append(f"block * {own.pixels}u")
    if own.height > 1:
        terms.append(f"y * {own.width}u")
    if own.width > 1:
        terms.append("x")
    lanes = ".xxxx" if own.channels == 1 and target.channels > 1 else ""
    return f"{function}({' + '.join(terms) or '0u'}){lanes}"


def operand_layout(name: str, operator: Operator, context: Context) -> Layout:
    """Device shape of an operand as it broadcasts to the operator's shape.

    Raises:
        UnsupportedGraph: It broadcasts along axes that the device shape does not keep apart.
    """
    shape = context.graph.shape_of(name)
    target = layout_of(operator.shape)
    own = layout_of(shape, operator.shape)
    pairs = (own.channels, target.channels), (own.height, target.height), (own.width, target.width)
    elsewhere = name not in context.graph.constants and own != layout_of(shape)
    if elsewhere or any(mine not in (1, theirs) for mine, theirs in pairs):
        raise UnsupportedGraph(
            f"{operator.kind} {operator.output!r}: shape {shape} does not broadcast to "
            f"{operator.shape} on the device"
        )
    return own


def _steps(expression: Expression) -> tuple[list[tuple[str, str]], str]:
    """An expression as named intermediate values in order, equal parts once, and the name of the last."""
    names: dict[Expression, str] = {}
    steps: list[tuple[str, str]] = []

    def emit(node: Expression) -> str:
        match node:
            case Result():
                return "computed"
            case Operand(index):
                return f"operand{index}_here"
            case Literal(value):
                return f"vec4<f32>({value!r})"
            case Call(function, arguments):
                if node not in names:
                    text = f"{function}({', '.join(emit(argument) for argument in arguments)})"
                    names[node] = f"step{len(steps)}"
                    steps.append((names[node], text))
                return names[node]

    return steps, emit(expression)


@cache
def _functions() -> Mapping[str, str]:
    text = (resources.shaders_dir() / "functions.wgsl").read_text("utf-8")
    bodies = re.split(r"^(?=fn )", text, flags=re.MULTILINE)[1:]
    return {body[3 : body.index("(")]: re.sub(r"\n//.*", "", body) for body in bodies}


def _functions_for(text: str) -> str:
    """The functions that a text calls, and those that these call."""
    library = _functions()
    needed: dict[str, None] = {}

    def collect(body: str, itself: str = "") -> None:
        for name in re.findall(r"\b(\w+)\(", body):
            if name in library and name != itself and name not in needed:
                collect(library[name], name)
                needed[name] = None

    collect(text)
    return "".join(library[name] for name in needed)


# -- weights -------------------------------------------------------------------------------------------------


def pack_blocks(blocks: NDArray[Any], context: Context) -> tuple[Constant, str]:
    """Weight blocks as the device reads them, and the WGSL that binds them at 1 and reads one block.

    Args:
        blocks: float32, or float16 where that is how they are stored, (..., 4 inputs, 4 outputs).
        context: Whether weights are float16, and whether they lie in textures.
    """
    half = context.half
    stored = blocks.astype(np.float16 if half else np.float32, order="C", copy=False)
    words = stored.reshape(-1).view(np.uint32)
    texture = context.weights_in_textures
    text = render(
        "weights.wgsl", {"half": half, "texture": texture, "binding": 1, "texture_width": TEXTURE_WIDTH}
    )
    return Constant(words, texture, half), text
