"""Quantised ONNX operators, computed in float32: integers of 8 and 16 bits are numbers that it holds exactly.

Weights that are stored as integers are folded at load; what is left are activations that are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph.expression import Expression, Operand, call
from vaevis_tui.engine.graph.readers import convolution, matrix
from vaevis_tui.engine.graph.readers.importer import Importer, Read, Reader, readers, refuse
from vaevis_tui.engine.graph.readers.normalization import reduced
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given
from vaevis_tui.onnx_model.operators.folding import dtype_of

X, Y, Z = Operand(0), Operand(1), Operand(2)

Numbers = NDArray[Any]
_BYTE = np.zeros((), np.uint8)


def _rounded(scale: Expression, zero: Expression, dtype: Any) -> Expression:
    """What X becomes as an integer of a type."""
    limits = np.iinfo(dtype)
    number = call("add", call("round_to_even", call("div", X, scale)), zero)
    return call("minimum", call("maximum", number, float(limits.min)), float(limits.max))


def _along(importer: Importer, node: Node, name: str, numbers: Numbers, axis: int) -> str:
    """A constant with its numbers along an axis of the first input, or of one number."""
    rank = len(importer.shape(node.inputs[0]))
    if numbers.ndim > 1:
        refuse(node, f"{name} of shape {numbers.shape}: blocks are not supported, only numbers along an axis")
    shape = [1] * rank
    if numbers.size > 1:
        shape[axis] = numbers.size
    output = f"{node.outputs[0]}.{name}"
    importer.constants[output] = numbers.astype(np.float32).reshape(shape)
    return output


def _quantize(importer: Importer, node: Node, given: Given) -> None:
    dtype = given.zero_point.dtype if given.zero_point is not None else dtype_of(given.output_dtype or 2)
    if dtype is None or np.dtype(dtype).kind not in "iu":
        refuse(node, f"output_dtype={given.output_dtype} is not supported")
    zero = _BYTE if given.zero_point is None else given.zero_point
    names = [
        _along(importer, node, name, numbers, given.axis)
        for name, numbers in (("scale", given.scale), ("zero", zero))
    ]
    importer.add_pointwise(node, node.outputs[0], _rounded(Y, Z, dtype), node.inputs[0], *names)


def _dequantize(importer: Importer, node: Node, given: Given) -> None:
    if any(name not in importer.constants for name in filter(None, node.inputs[1:])):
        names = [*node.inputs[1:3]]  # made by DynamicQuantizeLinear, of one number each
    else:
        zero = _BYTE if given.zero_point is None else given.zero_point
        names = [
            _along(importer, node, name, numbers, given.axis)
            for name, numbers in (("scale", given.scale), ("zero", zero))
        ]
    number = call("mul", call("sub", X, Z) if len(names) > 1 else X, Y)
    importer.add_pointwise(node, node.outputs[0], number, node.inputs[0], *names)


def _dynamic(importer: Importer, node: Node, given: Given) -> None:
    """Quantise by the range of the tensor itself, of one example."""
    stem, source, shape = node.outputs[0], node.inputs[0], importer.shape(node.inputs[0])
    rank = len(shape)
    importer.add_pointwise(node, f"{stem}.negative", call("negate", X), source)
    axes = range(shape[:1] == (1,), rank)  # without that of the examples
    largest = reduced(importer, node, source, axes, "max", f"{stem}.largest")
    smallest = reduced(importer, node, f"{stem}.negative", axes, "max", f"{stem}.smallest")
    below = call("maximum", Y, 0.0)  # how far below zero it reaches
    width = call("maximum", call("add", call("maximum", X, 0.0), below), 1e-30)
    importer.add_pointwise(node, f"{stem}.scale", call("mul", width, 1 / 255), largest, smallest)
    zero = call("minimum", call("round_to_even", call("div", call("maximum", X, 0.0), Y)), 255.0)
    importer.add_pointwise(node, f"{stem}.zero", zero, smallest, f"{stem}.scale")
    importer.add_pointwise(node, stem, _rounded(Y, Z, np.uint8), source, f"{stem}.scale", f"{stem}.zero")
    for name, output in zip((f"{stem}.scale", f"{stem}.zero"), node.outputs[1:], strict=True):
        if output:
            importer.add_permute(name, output, (1,) * rank, range(rank), ())


def _integers(operator: Reader) -> Read:
    """A sum of products of integers, from which their zero points are taken first."""

    def read(importer: Importer, node: Node, given: Given) -> None:
        stem, source = node.outputs[0], node.inputs[0]
        if node.has(2):
            importer.add_pointwise(node, f"{stem}.shifted", call("sub", X, Y), source, node.inputs[2])
            source = f"{stem}.shifted"
        zero = 0 if given.zero is None else _by_channel(given.zero, given.weight)
        importer.constants[f"{stem}.weight"] = given.weight.astype(np.float32) - np.float32(zero)
        operator(importer, replace(node, inputs=(source, f"{stem}.weight")))

    return read


def _by_channel(numbers: Numbers, weight: Numbers) -> Numbers:
    """One number, or one for each filter of a convolution or column of a matrix."""
    return numbers.reshape(-1, *(1,) * (weight.ndim - 1)) if weight.ndim > 2 else numbers


def _linear(operator: Reader) -> Read:
    """A convolution or a matrix product from integers to integers."""

    def read(importer: Importer, node: Node, given: Given) -> None:
        stem = node.outputs[0]
        names = [_along(importer, node, name, getattr(given, name), 1) for name in ("x_scale", "x_zero")]
        importer.add_pointwise(node, f"{stem}.x", call("mul", call("sub", X, Z), Y), node.inputs[0], *names)
        weight = given.weight.astype(np.float32) - _by_channel(given.w_zero.astype(np.float32), given.weight)
        weight = weight * _by_channel(given.w_scale, given.weight)
        inputs: Sequence[str] = (f"{stem}.x", f"{stem}.weight")
        importer.constants[f"{stem}.weight"] = weight
        bias = vars(given).get("bias")
        if bias is not None:
            importer.constants[f"{stem}.bias"] = np.float32(bias) * given.x_scale * given.w_scale
            inputs = (*inputs, f"{stem}.bias")
        operator(importer, replace(node, inputs=tuple(inputs), outputs=(f"{stem}.sums",)))
        last = replace(node, inputs=(f"{stem}.sums",))
        names = [_along(importer, last, name, getattr(given, name), 1) for name in ("y_scale", "y_zero")]
        importer.add_pointwise(node, stem, _rounded(Y, Z, given.y_zero.dtype), f"{stem}.sums", *names)

    return read


OPERATORS: Mapping[str, Reader] = readers(
    {
        "ConvInteger": _integers(convolution.OPERATORS["Conv"]),
        "DequantizeLinear": _dequantize,
        "DynamicQuantizeLinear": _dynamic,
        "MatMulInteger": _integers(matrix.OPERATORS["MatMul"]),
        "QLinearConv": _linear(convolution.OPERATORS["Conv"]),
        "QLinearMatMul": _linear(matrix.OPERATORS["MatMul"]),
        "QuantizeLinear": _quantize,
    }
)
"""By op_type."""
