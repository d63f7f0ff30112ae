"""Make a graph fit a device's limits: weights in parts, fewer tensors a kernel.

WebGPU binds no more than 128 MiB and 8 buffers at once unless a device offers more. What is still too large
after this, `make_plan` refuses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from math import prod
from typing import NamedTuple

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT, Call, Expression, Operand, substitute
from vaevis_tui.engine.graph.ir import Graph, Operator, Shape
from vaevis_tui.engine.wgpu.kernels.base import TEXTURE_WIDTH, Limits
from vaevis_tui.engine.wgpu.layout import Layout, layout_of


def legalize(graph: Graph, limits: Limits, textures: bool) -> Graph:
    """The same network with smaller weights and fewer bindings, where a device needs that.

    Args:
        graph: The graph, rewritten or not.
        limits: The device's limits.
        textures: Whether tensors and weights lie in textures.
    """
    most = limits.textures if textures else limits.storage_buffers
    operators: list[Operator] = []
    shapes = {name: graph.shape_of(name) for name in (graph.input, *graph.constants, *graph.producers)}
    for operator in graph.operators:
        for part in _split(operator, limits, textures):
            operators += _split_bindings(part, most, shapes.__getitem__)
            shapes[part.output] = part.shape
    return dataclasses.replace(graph, operators=tuple(operators))


# -- weights -------------------------------------------------------------------------------------------------


class _Sliceable(NamedTuple):
    """An operator whose output channels do not depend on each other.

    Attributes:
        layout: Of its output.
        numbers: Weights that the device holds for one channel.
        packed: Whether kernels read them in blocks, be it from a texture.
        part: The operator for channels from, to (not included), without output name, shape and epilogue.
    """

    layout: Layout
    numbers: int
    packed: bool
    part: Callable[[int, int], Operator]


def _split(operator: Operator, limits: Limits, textures: bool) -> Iterator[Operator]:
    """The operator, or operators for some of its channels each and the Concat of these."""
    found = _sliceable(operator)
    if found is None:
        yield operator
        return
    most = limits.texture_rows * TEXTURE_WIDTH * 16 if found.packed and textures else limits.binding_bytes
    # Blocks of four channels; float32, for what is stored as float16 is seldom known to be too large without.
    channels = max(1, most // (16 * found.numbers)) * 4
    if found.layout.channels <= channels:
        yield operator
        return
    names = []
    for start in range(0, found.layout.channels, channels):
        end = min(start + channels, found.layout.channels)
        names.append(f"{operator.output}.{start}")
        shape = _with_channels(operator.shape, found.layout, end - start)
        part = found.part(start, end)
        yield dataclasses.replace(part, output=names[-1], shape=shape, epilogue=RESULT, operands=())
    yield ir.Concat(
        inputs=tuple(names),
        output=operator.output,
        shape=operator.shape,
        epilogue=operator.epilogue,
        operands=operator.operands,
    )


def _with_channels(shape: Shape, layout: Layout, channels: int) -> Shape:
    """A shape of the same height and width with other channels."""
    if len(shape) in (3, 4) and shape[0] == 1:
        return (1, channels, *shape[2:])
    return (1, channels * layout.pixels)


def _sliceable(operator: Operator) -> _Sliceable | None:
    layout = layout_of(operator.shape)
    match operator:
        case ir.Linear():
            inputs = -(-operator.weight.shape[1] // 4) * 4
            rows = layout.pixels

            def linear(start: int, end: int) -> Operator:
                taken = slice(start * rows, end * rows)
                return dataclasses.replace(operator, weight=operator.weight[taken], bias=operator.bias[taken])

            return _Sliceable(layout, inputs * rows, True, linear)
        case ir.Convolution(groups=1):
            runs = operator.shuffle**2
            weight = operator.weight.reshape(runs, -1, *operator.weight.shape[1:])
            bias = operator.bias.reshape(runs, -1)

            def convolution(start: int, end: int) -> Operator:
                return dataclasses.replace(
                    operator,
                    weight=weight[:, start:end].reshape(-1, *weight.shape[2:]),
                    bias=bias[:, start:end].reshape(-1),
                )

            return _Sliceable(layout, runs * _blocked(weight.shape[2], weight.shape[3:]), True, convolution)
        case ir.PhaseConvolution():

            def phases(start: int, end: int) -> Operator:
                return dataclasses.replace(
                    operator, weight=operator.weight[:, :, start:end], bias=operator.bias[start:end]
                )

            scale, _, _, inputs, *taps = operator.weight.shape
            return _Sliceable(layout, scale**2 * _blocked(inputs, taps), True, phases)
        case ir.TransposedConvolution(groups=1):

            def transposed(start: int, end: int) -> Operator:
                return dataclasses.replace(
                    operator, weight=operator.weight[:, start:end], bias=operator.bias[start:end]
                )

            inputs, _, *taps = operator.weight.shape
            return _Sliceable(layout, _blocked(inputs, taps), False, transposed)
    return None


def _blocked(inputs: int, taps: tuple[int, ...] | list[int]) -> int:
    return -(-inputs // 4) * 4 * prod(taps)


# -- bindings ------------------------------------------------------------------------------------------------

_CONSTANTS = {
    ir.Linear: 2,
    ir.Convolution: 2,
    ir.PhaseConvolution: 2,
    ir.TransposedConvolution: 2,
    ir.Resize: 2,
    ir.StaticGather: 1,
}
"""Bindings of a kernel besides tensors: weights, bias, tables."""


def _bindings(operator: Operator) -> int:
    return len(operator.reads) + _CONSTANTS.get(type(operator), 0) + 1


def _split_bindings(operator: Operator, most: int, shape_of: Callable[[str], Shape]) -> list[Operator]:
    """Operators that bind no more than so many tensors and constants each, as far as that can be done."""
    if _bindings(operator) <= most:
        return [operator]
    if isinstance(operator, ir.Pointwise):
        return _split_bindings_pointwise(operator, most)
    if operator.operands:  # the epilogue apart
        raw = f"{operator.output}.raw"
        operands = tuple(Operand(index + 1) for index in range(len(operator.operands)))
        after = ir.Pointwise(
            inputs=(),
            output=operator.output,
            shape=operator.shape,
            epilogue=substitute(operator.epilogue, Operand(0), operands),
            operands=(raw, *operator.operands),
        )
        before = dataclasses.replace(operator, output=raw, epilogue=RESULT, operands=())
        return [*_split_bindings(before, most, shape_of), *_split_bindings(after, most, shape_of)]
    if isinstance(operator, ir.Concat) and most > 2:
        return _split_bindings_concat(operator, most, shape_of)
    return [operator]


def _split_bindings_concat(
    operator: ir.Concat, most: int, shape_of: Callable[[str], Shape]
) -> list[Operator]:
    """Join neighbours first, then these with each other: no more than ``most - 1`` at once."""
    layout = layout_of(operator.shape)
    made: list[Operator] = []
    parts = [(name, layout_of(shape_of(name)).channels) for name in operator.inputs]
    while len(parts) + 1 > most:
        joined = []
        for start in range(0, len(parts), most - 1):
            group = parts[start : start + most - 1]
            if len(group) > 1:
                channels = sum(count for _, count in group)
                name = f"{operator.output}.join{len(made)}"
                shape = _with_channels(operator.shape, layout, channels)
                made.append(ir.Concat(inputs=tuple(name for name, _ in group), output=name, shape=shape))
                group = [(name, channels)]
            joined += group
        parts = joined
    return [*made, dataclasses.replace(operator, inputs=tuple(name for name, _ in parts))]


def _split_bindings_pointwise(operator: ir.Pointwise, most: int) -> list[Operator]:
    """Compute parts of the expression first, the largest that are narrow enough, until the rest is."""
    made: list[Operator] = []
    expression, names = operator.epilogue, list(operator.operands)
    while len(_operands(expression)) + 1 > most:
        part = max(_calls(expression), key=lambda call: _operand_count(call, most))
        if _operand_count(part, most) < 2:
            return [operator]
        taken = sorted(_operands(part))
        places = {index: Operand(place) for place, index in enumerate(taken)}
        made.append(
            ir.Pointwise(
                inputs=(),
                output=f"{operator.output}.part{len(made)}",
                shape=operator.shape,
                epilogue=substitute(part, RESULT, [places.get(i, RESULT) for i in range(len(names))]),
                operands=tuple(names[index] for index in taken),
            )
        )
        expression = _exchange(expression, part, Operand(len(names)))
        names.append(made[-1].output)
    used = sorted(_operands(expression))
    places = {index: Operand(place) for place, index in enumerate(used)}
    rest = dataclasses.replace(
        operator,
        epilogue=substitute(expression, RESULT, [places.get(i, RESULT) for i in range(len(names))]),
        operands=tuple(names[index] for index in used),
    )
    return [*made, rest]


def _operand_count(call: Call, most: int) -> int:
    """How many operands a call reads, 0 if it is too many."""
    count = len(_operands(call))
    return count if count + 1 <= most else 0


def _operands(expression: Expression) -> set[int]:
    match expression:
        case Operand(index):
            return {index}
        case Call(_, arguments):
            return set().union(*map(_operands, arguments))
    return set()


def _calls(expression: Expression) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
        for argument in expression.arguments:
            yield from _calls(argument)


def _exchange(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    if isinstance(expression, Call):
        return Call(expression.function, tuple(_exchange(a, old, new) for a in expression.arguments))
    return expression
