"""Rewrites of which operators there are and in which order."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from operator import mul

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT
from vaevis_tui.engine.graph.ir import Graph, Operator, Shape

MAX_OPERANDS = 4
"""Tensors that an epilogue reads: with input, weight, bias and result they are WebGPU's 8 buffers."""


def reshape_before_pointwise(graph: Graph) -> Graph:
    """Move a Reshape or Transpose before a pointwise operator of one tensor, towards the matrix there."""
    producers, uses = graph.producers, graph.uses
    for operator in graph.operators:
        if not isinstance(operator, ir.Permute) or operator.epilogue != RESULT:
            continue
        producer = producers.get(operator.inputs[0])
        if (
            not isinstance(producer, ir.Pointwise)
            or len(producer.operands) != 1
            or uses[producer.output] != 1
        ):
            continue
        source = producer.operands[0]
        if source in graph.constants or graph.shape_of(source) != producer.shape:
            continue
        moved = dataclasses.replace(operator, inputs=(source,), output=producer.output)
        after = dataclasses.replace(
            producer, operands=(moved.output,), output=operator.output, shape=operator.shape
        )
        return reshape_before_pointwise(graph.replace({producer.output: moved, operator.output: after}))
    return graph


def merge_permutations(graph: Graph) -> Graph:
    """Make one of a Reshape or Transpose that follows another, as exporters write them around attention."""
    while (merged := next(_merged_permutations(graph), None)) is not None:
        graph = remove_unread(graph.replace({merged.output: merged}))
    return graph


def _merged_permutations(graph: Graph) -> Iterator[ir.Permute]:
    producers = graph.producers
    for operator in graph.operators:
        before = producers.get(operator.inputs[0]) if isinstance(operator, ir.Permute) else None
        if not isinstance(operator, ir.Permute) or not isinstance(before, ir.Permute):
            continue
        if before.epilogue == RESULT and (moved := _composed(before, operator)) is not None:
            yield dataclasses.replace(operator, inputs=before.inputs, view=moved[0], order=moved[1])


def _composed(first: ir.Permute, second: ir.Permute) -> tuple[Shape, tuple[int, ...]] | None:
    """View and order of both in one; None where no cut of their axes gives parts that are whole in both."""
    between = tuple(first.view[axis] for axis in first.order)
    ends = sorted({*itertools.accumulate(between, mul), *itertools.accumulate(second.view, mul)} - {1})
    if any(after % end for end, after in itertools.pairwise(ends)):
        return None
    parts = [after // end for end, after in itertools.pairwise([1, *ends])]
    pieces = _cut(between, parts)  # of each axis between the two, numbers of the parts that it is made of
    by_axis = dict(zip(first.order, pieces, strict=True))
    viewed = [part for axis in range(len(first.view)) for part in by_axis[axis]]
    order = [part for axis in second.order for part in _cut(second.view, parts)[axis]]
    return tuple(parts[part] for part in viewed), tuple(viewed.index(part) for part in order)


def _cut(shape: Shape, parts: Sequence[int]) -> list[list[int]]:
    """Which of the parts, in order, each axis of a shape is made of."""
    pieces, place = [], 0
    for length in shape:
        own = []
        while length > 1:
            own.append(place)
            length //= parts[place]
            place += 1
        pieces.append(own)
    return pieces


def nest_concat(graph: Graph) -> Graph:
    """Join more than `MAX_OPERANDS` tensors in several steps: each step binds a buffer a tensor."""
    operators: list[Operator] = []
    for operator in graph.operators:
        while isinstance(operator, ir.Concat) and len(operator.inputs) > MAX_OPERANDS:
            head, tail = operator.inputs[:MAX_OPERANDS], operator.inputs[MAX_OPERANDS:]
            shapes = [graph.shape_of(name) for name in head]
            channels = sum(shape[1] for shape in shapes)
            part = f"{operator.output}.first{len(tail)}"
            operators.append(ir.Concat(inputs=head, output=part, shape=(1, channels, *shapes[0][2:])))
            graph = dataclasses.replace(graph, operators=(*graph.operators, operators[-1]))
            operator = dataclasses.replace(operator, inputs=(part, *tail))
        operators.append(operator)
    return dataclasses.replace(graph, operators=tuple(operators))


def remove_unread(graph: Graph) -> Graph:
    """Drop operators and constants that the output does not depend on."""
    needed = {graph.output}
    kept: list[Operator] = []
    for operator in reversed(graph.operators):
        if operator.output in needed:
            needed.update(operator.reads)
            kept.append(operator)
    constants = {name: array for name, array in graph.constants.items() if name in needed}
    return dataclasses.replace(graph, operators=tuple(reversed(kept)), constants=constants)
