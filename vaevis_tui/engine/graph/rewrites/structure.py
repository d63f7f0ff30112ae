"""Rewrites of which operators there are and in which order."""

from __future__ import annotations

import dataclasses

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT
from vaevis_tui.engine.graph.ir import Graph, Operator

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
