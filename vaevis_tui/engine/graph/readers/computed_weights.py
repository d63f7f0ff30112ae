"""Convolutions whose weights depend on the latent vector, as StyleGAN2 modulates them."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Operand, call
from vaevis_tui.engine.graph.ir import Shape
from vaevis_tui.engine.graph.readers.importer import MAX_TENSOR, Importer, refuse
from vaevis_tui.engine.graph.readers.products import scale, separate
from vaevis_tui.onnx_model.node import Node

AnyConvolution: TypeAlias = ir.Convolution | ir.TransposedConvolution


def add(importer: Importer, node: Node, operator: AnyConvolution) -> None:
    """Add a convolution whose weight is the node's second input.

    Where the weight is a constant scaled by channels, these are scaled instead, before and after; else every
    window is laid out as a column of a matrix.

    Args:
        importer: The graph as far as it has been read.
        node: Conv or ConvTranspose.
        operator: The convolution, with its bias and without its weight.

    Raises:
        UnsupportedGraph: Its columns take more memory than a tensor may.
    """
    stem, bias = node.outputs[0], operator.bias
    plain = stem if not bias.any() else f"{stem}.unbiased"
    transposed = isinstance(operator, ir.TransposedConvolution)
    shape, groups = importer.shape(node.inputs[1]), operator.groups
    apart = separate(
        importer, node.inputs[1], (groups, shape[0] // groups, shape[1], prod(shape[2:])), ((0, 1), (0, 2))
    )
    into, out = ([], []) if apart is None else apart.varying if transposed else apart.varying[::-1]
    if apart is None or (node.inputs[0] in importer.constants and not into):
        _as_product(importer, node, operator, plain)
    else:
        weight = np.ascontiguousarray(apart.constant.reshape(shape))
        source = scale(importer, node, node.inputs[0], into, f"{stem}.in")
        made = f"{stem}.plain" if out else plain
        importer.add(
            replace(operator, inputs=(source,), output=made, weight=weight, bias=np.zeros_like(bias))
        )
        scale(importer, node, made, out, f"{stem}.out", plain)
    if plain != stem:
        importer.constants[f"{stem}.bias"] = bias.reshape(1, -1, 1, 1)
        importer.add_pointwise(node, stem, call("add", Operand(0), Operand(1)), plain, f"{stem}.bias")


def _as_product(importer: Importer, node: Node, operator: AnyConvolution, output: str) -> None:
    """The weight as a matrix times a matrix with a column for each position of the output."""
    source, weight = (importer.shape(name) for name in node.inputs[:2])
    groups, taps, positions = operator.groups, prod(weight[2:]), prod(operator.shape[2:])
    inputs, outputs = source[1] // groups, operator.shape[1] // groups
    inner = inputs * taps
    if source[1] * taps * positions * 4 > MAX_TENSOR:
        refuse(
            node,
            f"its weights depend on the latent vector, and its windows take {source[1] * taps * positions} "
            f"numbers; {MAX_TENSOR // 4} are supported",
        )
    channel = np.arange(source[1]).reshape(groups, inputs, 1, 1)
    places = _places(operator, source, weight)
    indices = np.where(places < 0, -1, channel * prod(source[2:]) + places)  # groups, inputs, taps, positions
    indices = indices.reshape(groups, inner, positions).transpose(1, 0, 2)
    sizes = (outputs, inner), (inner, positions), (outputs, positions)
    shapes: list[Shape] = [(1, *size) if groups == 1 else (1, size[0], groups, size[1]) for size in sizes]
    importer.add_static_gather(node.inputs[0], f"{output}.columns", indices, shapes[1])
    if isinstance(operator, ir.TransposedConvolution):
        view, order = (groups, inputs, outputs, taps), (2, 0, 1, 3)
    else:
        view, order = (groups, outputs, inputs, taps), (1, 0, 2, 3)
    importer.add_permute(node.inputs[1], f"{output}.rows", view, order, shapes[0])
    importer.add(
        ir.MatrixProduct(
            inputs=(f"{output}.rows", f"{output}.columns"),
            output=f"{output}.product",
            shape=shapes[2],
            inner=inner,
        )
    )
    importer.add_permute(f"{output}.product", output, (outputs, groups, positions), (1, 0, 2), operator.shape)


def _places(operator: AnyConvolution, source: Shape, weight: Shape) -> NDArray[np.int64]:
    """Which pixel each tap reads for each position, -1 for none; (taps, positions)."""
    sides: list[NDArray[np.int64]] = []
    for axis in (0, 1):
        length, stride = source[2 + axis], operator.strides[axis]
        place = np.arange(operator.shape[2 + axis])
        tap = np.arange(weight[2 + axis])[:, None] * operator.dilations[axis]
        if isinstance(operator, ir.TransposedConvolution):
            reach = place + operator.pads[axis] - tap
            pixel = np.where(reach % stride == 0, reach // stride, -1)
        else:
            pixel = place * stride + tap - operator.pads[axis]
        sides.append(np.where((pixel >= 0) & (pixel < length), pixel, -1))
    rows, columns = sides[0][:, None, :, None], sides[1][None, :, None, :]
    places = np.where((rows < 0) | (columns < 0), -1, rows * source[3] + columns)
    return places.reshape(prod(weight[2:]), -1)
