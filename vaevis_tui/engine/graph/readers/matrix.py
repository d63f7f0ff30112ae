"""ONNX operators on matrices: Gemm and MatMul, with weights or of two tensors made of the latent vector."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Array
from vaevis_tui.engine.graph.ir import Shape
from vaevis_tui.engine.graph.readers.importer import Importer, Reader, readers, refuse
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given


def _gemm(importer: Importer, node: Node, given: Given) -> None:
    if given.transA:
        refuse(node, "transA=1 is not supported; a batch is not turned")
    weight, alpha = given.weight, np.float32(given.alpha)
    weight = weight if alpha == 1 else weight * alpha  # a copy of 16 MB, in dogs, is 5 % of a start
    weight = weight if given.transB else weight.T
    bias = np.zeros(len(weight), np.float32)
    if given.bias is not None:
        bias = bias + given.bias.reshape(-1) * np.float32(given.beta)
    _linear(importer, node, weight, bias)


def _matmul(importer: Importer, node: Node, _: Given) -> None:
    multiply(importer, node)


def multiply(importer: Importer, node: Node) -> None:
    """What MatMul computes of a node's two inputs."""
    left, right = (importer.shape(name) for name in node.inputs)
    row = len(left) == 1 and node.inputs[1] in importer.constants
    if (len(left) < 2 and not row) or len(right) < 2:
        refuse(node, f"shapes {left} and {right}; both have to have two axes or more")
    if left[-1] != right[-2]:
        refuse(node, f"shapes {left} and {right} do not fit")
    if len(right) == 2 and node.inputs[1] in importer.constants:
        weight = np.asarray(importer.constants[node.inputs[1]], np.float32)
        _linear(importer, node, weight.T, np.zeros(weight.shape[1], np.float32))
    else:
        _product(importer, node, left, right)


def _linear(importer: Importer, node: Node, weight: Array, bias: Array) -> None:
    """A matrix times every row of the input: of a vector an `ir.Linear`, of more a convolution of 1x1."""
    stem, source = node.outputs[0], importer.shape(node.inputs[0])
    outputs, inputs = weight.shape
    if source[-1] != inputs:
        refuse(node, f"an input of shape {source} against {inputs} weights; it has to be (..., {inputs})")
    shape, rows = (*source[:-1], outputs), prod(source[:-1])
    weight = np.ascontiguousarray(weight)
    if rows == 1:
        importer.add(ir.Linear(inputs=node.inputs[:1], output=stem, shape=shape, weight=weight, bias=bias))
        return
    importer.add_permute(node.inputs[0], f"{stem}.columns", (rows, inputs), (1, 0), (1, inputs, 1, rows))
    importer.add(
        ir.Convolution(
            inputs=(f"{stem}.columns",),
            output=f"{stem}.mapped",
            shape=(1, outputs, 1, rows),
            weight=weight[:, :, None, None],
            bias=bias,
        )
    )
    importer.add_permute(f"{stem}.mapped", stem, (outputs, rows), (1, 0), shape)


def _product(importer: Importer, node: Node, left: Shape, right: Shape) -> None:
    """Matrices by matrices, with the axes before the last two as batch."""
    stem, batches = node.outputs[0], (left[:-2], right[:-2])
    try:
        batch = np.broadcast_shapes(*batches)
    except ValueError:
        batch = ()
    if any(prod(own) not in (1, prod(batch)) for own in batches):
        refuse(node, f"shapes {left} and {right}: both need the same axes before the last two, or one none")
    sides = [_side(importer, node, index, shape) for index, shape in enumerate((left, right))]
    rows, columns = left[-2], right[-1]
    shape = (*batch, rows, columns)
    flat = (1, rows, columns) if prod(batch) == 1 else (1, rows, prod(batch), columns)
    output = stem if shape == (1, rows, columns) else f"{stem}.product"
    importer.add(ir.MatrixProduct(inputs=(sides[0], sides[1]), output=output, shape=flat, inner=left[-1]))
    if output != stem:
        importer.add_permute(output, stem, (rows, prod(batch), columns), (1, 0, 2), shape)


def _side(importer: Importer, node: Node, index: int, shape: Shape) -> str:
    """An input with its batch between rows and columns, as `ir.MatrixProduct` has it."""
    name, (rows, columns), batch = node.inputs[index], shape[-2:], prod(shape[:-2])
    flat = (1, rows, columns) if batch == 1 else (1, rows, batch, columns)
    moved = f"{node.outputs[0]}.side{index}"
    if name in importer.constants:
        array = importer.constants[name].reshape(batch, rows, columns)
        importer.constants[moved] = np.ascontiguousarray(array.transpose(1, 0, 2)).reshape(flat)
    elif shape == (1, rows, columns):
        return name
    else:
        importer.add_permute(name, moved, (batch, rows, columns), (1, 0, 2), flat)
    return moved


OPERATORS: Mapping[str, Reader] = readers({"Gemm": _gemm}, rank=2) | readers({"MatMul": _matmul})
"""By op_type."""
