"""Rewrites that take what stands beside a matrix or a kernel into its numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT, Array, Call, Expression, Literal, Operand
from vaevis_tui.engine.graph.ir import Graph, Operator
from vaevis_tui.engine.graph.rewrites.structure import remove_unread

Numbers: TypeAlias = NDArray[np.float64]

_Weighted: TypeAlias = ir.Linear | ir.Convolution | ir.TransposedConvolution


def fold_affine_into_weights(graph: Graph) -> Graph:
    """Take constant Mul and Add, MatMul's bias and BatchNormalization into the weights before them."""
    while (found := next(_affine_steps(graph), None)) is not None:
        producer, consumer, factor, offset = found
        weight = _scale_outputs(producer, factor)
        bias = (producer.bias * factor + offset).astype(np.float32)
        folded = dataclasses.replace(
            producer, weight=weight, bias=bias, output=consumer.output, shape=consumer.shape
        )
        graph = graph.replace({producer.output: None, consumer.output: folded})
    return graph


def _affine_steps(graph: Graph) -> Iterator[tuple[_Weighted, Operator, Numbers, Numbers]]:
    producers, uses = graph.producers, graph.uses
    for consumer in graph.operators:
        if not isinstance(consumer, ir.Pointwise) or not isinstance(consumer.epilogue, Call):
            continue
        function, arguments = consumer.epilogue.function, consumer.epilogue.arguments
        if function not in ("add", "sub", "mul", "div"):
            continue
        for mine, other in ((0, 1), (1, 0)) if function in ("add", "mul") else ((0, 1),):
            own = arguments[mine]
            if not isinstance(own, Operand):
                continue
            name = consumer.operands[own.index]
            producer = producers.get(name)
            if not isinstance(producer, ir.Linear | ir.Convolution | ir.TransposedConvolution):
                continue
            if producer.epilogue != RESULT or uses[name] != 1 or producer.shape != consumer.shape:
                continue
            constant = _per_output(graph, producer, consumer, arguments[other])
            if constant is None or (function == "div" and not constant.all()):
                continue
            factor, offset = np.ones_like(constant), np.zeros_like(constant)
            match function:
                case "add":
                    offset = constant
                case "sub":
                    offset = -constant
                case "mul":
                    factor = constant
                case "div":
                    factor = 1 / constant
            yield producer, consumer, factor, offset


def _per_output(
    graph: Graph, producer: _Weighted, consumer: Operator, expression: Expression
) -> Numbers | None:
    """The constant as one float64 number a row of the producer's weight, or None where it is not so."""
    if isinstance(expression, Literal):
        return np.full(len(producer.bias), expression.value)
    if not isinstance(expression, Operand):
        return None
    constant = graph.constants.get(consumer.operands[expression.index])
    if constant is None:
        return None
    if isinstance(producer, ir.Linear):
        return np.broadcast_to(constant, consumer.shape).reshape(-1).astype(np.float64)
    aligned = constant.reshape((1,) * (4 - constant.ndim) + constant.shape)
    if aligned.shape[2:] != (1, 1):
        return None
    return np.broadcast_to(aligned, (1, len(producer.bias), 1, 1)).reshape(-1).astype(np.float64)


def _scale_outputs(producer: _Weighted, factor: Numbers) -> Array:
    weight = producer.weight
    if isinstance(producer, ir.TransposedConvolution):
        by_input = factor.reshape(producer.groups, 1, weight.shape[1])
        grouped = weight.reshape(producer.groups, -1, *weight.shape[1:]) * by_input[..., None, None]
        return grouped.reshape(weight.shape).astype(np.float32)
    return (weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))).astype(np.float32)


def fold_permutation_into_linear(graph: Graph) -> Graph:
    """Let a matrix write its rows in the order and shape that a Reshape or Transpose after it asks for."""
    producers, uses = graph.producers, graph.uses
    for operator in graph.operators:
        if not isinstance(operator, ir.Permute) or operator.epilogue != RESULT:
            continue
        producer = producers.get(operator.inputs[0])
        if not isinstance(producer, ir.Linear) or producer.epilogue != RESULT or uses[producer.output] != 1:
            continue
        rows = np.arange(len(producer.bias)).reshape(operator.view).transpose(operator.order).reshape(-1)
        in_order = bool((np.diff(rows) == 1).all())
        folded = dataclasses.replace(
            producer,
            output=operator.output,
            shape=operator.shape,
            weight=producer.weight if in_order else np.ascontiguousarray(producer.weight[rows]),
            bias=producer.bias if in_order else producer.bias[rows],
        )
        return fold_permutation_into_linear(graph.replace({producer.output: None, operator.output: folded}))
    return graph


def fold_permutation_into_linear_input(graph: Graph) -> Graph:
    """Let a matrix read its columns in the order that its input had before a Reshape or Transpose."""
    producers = graph.producers
    changes: dict[str, Operator | None] = {}
    for operator in graph.operators:
        producer = producers.get(operator.inputs[0]) if isinstance(operator, ir.Linear) else None
        if not isinstance(operator, ir.Linear) or not isinstance(producer, ir.Permute):
            continue
        if producer.epilogue != RESULT:
            continue
        columns = (
            np.arange(operator.weight.shape[1]).reshape(producer.view).transpose(producer.order).reshape(-1)
        )
        weight = np.empty_like(operator.weight)
        weight[:, columns] = operator.weight
        changes[operator.output] = dataclasses.replace(operator, inputs=producer.inputs, weight=weight)
    return remove_unread(graph.replace(changes))


def transposed_convolution_of_a_point_into_linear(graph: Graph) -> Graph:
    """A transposed convolution of a 1x1 image, as DCGAN begins, is a matrix: its rows are kernel pixels."""
    changes: dict[str, Operator | None] = {}
    for operator in graph.operators:
        if not isinstance(operator, ir.TransposedConvolution) or operator.source != (1, 1):
            continue
        if operator.groups != 1 or operator.dilations != (1, 1):
            continue
        top, left = operator.pads[:2]
        height, width = operator.shape[2:]
        inputs, _, *kernel = operator.weight.shape
        if top + height > kernel[0] or left + width > kernel[1]:
            continue
        seen = operator.weight[:, :, top : top + height, left : left + width]
        changes[operator.output] = ir.Linear(
            inputs=operator.inputs,
            output=operator.output,
            shape=operator.shape,
            epilogue=operator.epilogue,
            operands=operator.operands,
            weight=np.ascontiguousarray(seen.reshape(inputs, -1).T),
            bias=np.repeat(operator.bias, height * width),
        )
    return graph.replace(changes)
