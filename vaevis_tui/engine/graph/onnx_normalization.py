"""ONNX operators that sum over a tensor: means, normalizations and softmax, put together from a few of ours.

Every one is a handful of small dispatches: a reduction over height and width after the axes have been moved
there, and pointwise operators that the rewrites fuse.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Operand, call
from vaevis_tui.engine.graph.importer import Importer, Reader, refuse
from vaevis_tui.onnx_model.node import Node

X, Y = Operand(0), Operand(1)

LARGEST_FACTOR = 1e30
"""That a normalization is folded into: beyond it, float32 overflows in other places than ONNX's formula."""


def _reduce(
    importer: Importer, node: Node, source: str, axes: Sequence[int], function: str, output: str
) -> str:
    """Mean or maximum over axes, which stay with length one."""
    shape = importer.shape(source)
    if 0 in axes and shape[0] == 1:
        refuse(node, "it reduces over the examples (axis 0), which are decoded one by one")
    reduced = tuple(1 if axis in axes else length for axis, length in enumerate(shape))
    if len(shape) == 4 and tuple(axes) == (2, 3):
        importer.add(ir.SpatialReduction(inputs=(source,), output=output, shape=reduced, function=function))
        return output
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    rows, columns = prod(shape[axis] for axis in kept), prod(shape[axis] for axis in axes)
    importer.move(source, f"{output}.moved", shape, [*kept, *axes], (1, rows, columns, 1))
    importer.add(
        ir.SpatialReduction(
            inputs=(f"{output}.moved",), output=f"{output}.flat", shape=(1, rows, 1, 1), function=function
        )
    )
    importer.move(f"{output}.flat", output, (1, rows, 1, 1), range(4), reduced)
    return output


def _reduction(function: str) -> Reader:
    """ReduceMean, ReduceSum, ReduceMax and their global pools over axes that are known."""

    def read(importer: Importer, node: Node) -> None:
        shape = importer.shape(node.inputs[0])
        if node.kind.startswith("Global"):
            axes: Sequence[int] = range(2, len(shape))
        else:
            given = importer.optional(node, 1, "axes")
            if given is None and node.attributes.get("noop_with_empty_axes", 0):
                importer.alias(node)
                return
            axes = sorted(int(a) % len(shape) for a in (range(len(shape)) if given is None else given))
            if len(set(axes)) < len(axes):
                refuse(node, f"axes={np.asarray(given).tolist()} name one twice")
        output = node.outputs[0]
        name = output if node.attributes.get("keepdims", 1) and function != "sum" else f"{output}.kept"
        _reduce(importer, node, node.inputs[0], axes, "mean" if function == "sum" else function, name)
        if function == "sum":
            summed = output if node.attributes.get("keepdims", 1) else f"{output}.sum"
            importer.step(node, summed, call("mul", X, float(prod(shape[axis] for axis in axes))), name)
            name = summed
        if name != output:
            kept = importer.shape(name)
            final = tuple(length for axis, length in enumerate(shape) if axis not in axes)
            importer.move(name, output, kept, range(len(kept)), final)

    return read


def _composed(kind: str, before: str, after: str = "") -> Reader:
    """A reduction of another kind, between pointwise functions."""

    def read(importer: Importer, node: Node) -> None:
        stem = node.outputs[0]
        inner = f"{stem}.{before}"
        expression = call("mul", X, X) if before == "square" else call(before, X)
        importer.step(node, inner, expression, node.inputs[0])
        reduced = f"{stem}.reduced" if after else stem
        inputs = (inner, *node.inputs[1:])
        _reduction(kind)(importer, dataclasses.replace(node, inputs=inputs, outputs=(reduced,)))
        if after:
            importer.step(node, stem, call(after, X), reduced)

    return read


def _normalize(
    importer: Importer, node: Node, source: str, axes: Sequence[int], output: str, default: float = 1e-5
) -> None:
    """(x - mean) / sqrt(variance + epsilon), both over axes."""
    stem = node.outputs[0]
    epsilon = float(node.attributes.get("epsilon", default))
    mean = _reduce(importer, node, source, axes, "mean", f"{stem}.mean")
    importer.step(node, f"{stem}.centred", call("sub", X, Y), source, mean)
    importer.step(node, f"{stem}.squares", call("mul", X, X), f"{stem}.centred")
    variance = _reduce(importer, node, f"{stem}.squares", axes, "mean", f"{stem}.variance")
    deviation = call("square_root", call("add", Y, epsilon))
    importer.step(node, output, call("div", X, deviation), f"{stem}.centred", variance)


def _affine(importer: Importer, node: Node, source: str, shape: tuple[int, ...], repeat: int = 1) -> None:
    """Times the second input, plus the third where there is one, each viewed as a shape.

    One number stands for all.
    """
    stem, last = node.outputs[0], source
    for index, function in ((1, "mul"), (2, "add")):
        if not node.has(index):
            continue
        array = importer.weight(node, index, "scale or bias")
        if array.size != 1:
            if array.ndim != 1 and array.shape != shape:
                refuse(node, f"scale or bias of shape {array.shape} against {shape}")
            array = np.repeat(array.reshape(-1), repeat)
        importer.constants[f"{stem}.constant{index}"] = array.reshape(
            shape if array.size != 1 else (1,) * len(shape)
        )
        final = index == 2 or not node.has(2)
        output = stem if final else f"{stem}.scaled"
        importer.step(node, output, call(function, X, Y), last, f"{stem}.constant{index}")
        last = output


def _instance_normalization(importer: Importer, node: Node) -> None:
    """InstanceNormalization: each channel by itself."""
    shape = importer.shape(node.inputs[0])
    if len(shape) < 3:
        refuse(node, f"an input of shape {shape} has nothing to normalize over")
    _normalize(importer, node, node.inputs[0], range(2, len(shape)), f"{node.outputs[0]}.unit")
    _affine(importer, node, f"{node.outputs[0]}.unit", (1, -1, *(1,) * (len(shape) - 2)))


def _layer_normalization(importer: Importer, node: Node) -> None:
    """LayerNormalization over the last axes; its mean and deviation are no outputs here."""
    shape = importer.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", -1)) % len(shape)
    if any(node.outputs[1:]):
        refuse(node, "its mean and deviation as outputs are not supported")
    _normalize(importer, node, node.inputs[0], range(axis, len(shape)), f"{node.outputs[0]}.unit")
    _affine(importer, node, f"{node.outputs[0]}.unit", shape[axis:])


def _group_normalization(importer: Importer, node: Node) -> None:
    """GroupNormalization; until opset 20 scale and bias are those of groups, then of channels."""
    stem, shape = node.outputs[0], importer.shape(node.inputs[0])
    groups = int(node.attributes["num_groups"])
    if len(shape) < 3 or groups < 1 or shape[1] % groups:
        refuse(node, f"num_groups={groups} on an input of shape {shape}")
    view = (1, groups, prod(shape[1:]) // groups)
    importer.move(node.inputs[0], f"{stem}.groups", shape, range(len(shape)), view)
    _normalize(importer, node, f"{stem}.groups", (2,), f"{stem}.even")
    importer.move(f"{stem}.even", f"{stem}.unit", view, range(3), shape)
    repeat = shape[1] // groups if importer.opset < 21 else 1
    _affine(importer, node, f"{stem}.unit", (1, -1, *(1,) * (len(shape) - 2)), repeat)


def _softmax(importer: Importer, node: Node) -> None:
    """Softmax along an axis; before opset 13, over it and all after it."""
    stem, source = node.outputs[0], node.inputs[0]
    shape = importer.shape(source)
    axis = int(node.attributes.get("axis", -1 if importer.opset >= 13 else 1)) % len(shape)
    axes = (axis,) if importer.opset >= 13 else tuple(range(axis, len(shape)))
    largest = _reduce(importer, node, source, axes, "max", f"{stem}.largest")
    importer.step(node, f"{stem}.powers", call("exponential", call("sub", X, Y)), source, largest)
    mean = _reduce(importer, node, f"{stem}.powers", axes, "mean", f"{stem}.mean")
    count = float(prod(shape[axis] for axis in axes))
    importer.step(node, stem, call("div", X, call("mul", Y, count)), f"{stem}.powers", mean)


def _batch_normalization(importer: Importer, node: Node) -> None:
    if node.attributes.get("training_mode", 0):
        refuse(node, "training_mode=1 is not supported; export the model in evaluation mode")
    channels = (1, -1) + (1,) * (len(importer.shape(node.inputs[0])) - 2)
    scale, shift, mean, variance = (
        importer.constant(node, index, "a statistic").astype(np.float64) for index in range(1, 5)
    )
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    stem, offset = node.outputs[0], shift - mean * factor
    if not max(np.abs(factor).max(initial=0), np.abs(offset).max(initial=0)) < LARGEST_FACTOR:  # or NaN
        refuse(node, f"its statistics make factors beyond {LARGEST_FACTOR:g} or NaN, which overflow")
    for suffix, array in (("factor", factor), ("offset", offset)):
        importer.constants[f"{stem}.{suffix}"] = array.astype(np.float32).reshape(channels)
    importer.step(node, f"{stem}.scaled", call("mul", X, Y), node.inputs[0], f"{stem}.factor")
    importer.step(node, stem, call("add", X, Y), f"{stem}.scaled", f"{stem}.offset")


OPERATORS: Mapping[str, Reader] = {
    "BatchNormalization": _batch_normalization,
    "GlobalAveragePool": _reduction("mean"),
    "GlobalMaxPool": _reduction("max"),
    "GroupNormalization": _group_normalization,
    "InstanceNormalization": _instance_normalization,
    "LayerNormalization": _layer_normalization,
    "ReduceL1": _composed("sum", "absolute"),
    "ReduceL2": _composed("sum", "square", "square_root"),
    "ReduceMax": _reduction("max"),
    "ReduceMean": _reduction("mean"),
    "ReduceMin": _composed("max", "negate", "negate"),
    "ReduceSum": _reduction("sum"),
    "ReduceSumSquare": _composed("sum", "square"),
    "Softmax": _softmax,
}
"""Readers by op_type."""
