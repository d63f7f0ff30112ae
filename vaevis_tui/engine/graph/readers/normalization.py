"""ONNX operators that sum over a tensor: means, normalizations and softmax, put together from a few of ours.

Every one is a handful of small dispatches: a reduction over height and width after the axes have been moved
there, and pointwise operators that the rewrites fuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Operand, call
from vaevis_tui.engine.graph.readers.importer import Importer, Read, Reader, readers, refuse
from vaevis_tui.engine.graph.readers.products import sum_of_product
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given

X, Y = Operand(0), Operand(1)

LARGEST_FACTOR = 1e30
"""That a normalization is folded into: beyond it, float32 overflows in other places than ONNX's formula."""


def reduced(
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
    importer.add_permute(source, f"{output}.moved", shape, [*kept, *axes], (1, rows, columns, 1))
    importer.add(
        ir.SpatialReduction(
            inputs=(f"{output}.moved",), output=f"{output}.flat", shape=(1, rows, 1, 1), function=function
        )
    )
    importer.add_permute(f"{output}.flat", output, (1, rows, 1, 1), range(4), reduced)
    return output


def _reduction(function: str, before: str = "", after: str = "", *, pool: bool = False) -> Read:
    """Mean, sum or maximum over axes, perhaps between pointwise functions; a pool leaves channels."""

    def read(importer: Importer, node: Node, given: Given) -> None:
        source, output = node.inputs[0], node.outputs[0]
        shape = importer.shape(source)
        if pool:
            given = Given(axes=range(2, len(shape)), keepdims=True)
        elif given.axes is None and given.noop_with_empty_axes and not before:
            importer.alias(node)
            return
        axes = sorted(range(len(shape)) if given.axes is None else given.axes)
        if before:
            squared = call("mul", X, X) if before == "square" else call(before, X)
            importer.add_pointwise(node, f"{output}.{before}", squared, source)
            source = f"{output}.{before}"
        product, steps = f"{output}.product", [call(after, X)] if after else []
        summed = function == "sum" and 0 not in axes and sum_of_product(importer, node, source, axes, product)
        if function == "sum" and not summed:
            steps.insert(0, call("mul", X, float(prod(shape[axis] for axis in axes))))
        names = [f"{output}.reduced{index}" for index in range(len(steps) + 1)]
        if given.keepdims:
            names[-1] = output
        if summed:
            shrunk = tuple(1 if axis in axes else length for axis, length in enumerate(shape))
            importer.add_permute(product, names[0], importer.shape(product), (0, 1), shrunk)
        else:
            reduced(importer, node, source, axes, "mean" if function == "sum" else function, names[0])
        for step, (before_it, after_it) in zip(steps, pairwise(names), strict=True):
            importer.add_pointwise(node, after_it, step, before_it)
        if not given.keepdims:
            kept = importer.shape(names[-1])
            final = tuple(length for axis, length in enumerate(shape) if axis not in axes)
            importer.add_permute(names[-1], output, kept, range(len(kept)), final)

    return read


def _normalize(
    importer: Importer, node: Node, source: str, axes: Sequence[int], output: str, epsilon: float
) -> None:
    """(x - mean) / sqrt(variance + epsilon), both over axes."""
    stem = node.outputs[0]
    mean = reduced(importer, node, source, axes, "mean", f"{stem}.mean")
    importer.add_pointwise(node, f"{stem}.centred", call("sub", X, Y), source, mean)
    importer.add_pointwise(node, f"{stem}.squares", call("mul", X, X), f"{stem}.centred")
    variance = reduced(importer, node, f"{stem}.squares", axes, "mean", f"{stem}.variance")
    deviation = call("square_root", call("add", Y, epsilon))
    importer.add_pointwise(node, output, call("div", X, deviation), f"{stem}.centred", variance)


def _affine(
    importer: Importer, node: Node, given: Given, source: str, shape: tuple[int, ...], repeat: int = 1
) -> None:
    """Times the scale, plus the bias where there is one, each viewed as a shape.

    One number stands for all.
    """
    stem, last = node.outputs[0], source
    for array, function in ((given.scale, "mul"), (given.bias, "add")):
        if array is None:
            continue
        final = function == "add" or given.bias is None
        if array.size != 1:
            if array.ndim != 1 and array.shape != shape:
                refuse(node, f"scale or bias of shape {array.shape} against {shape}")
            array = np.repeat(array.reshape(-1), repeat)
        importer.constants[f"{stem}.{function}"] = array.reshape(
            shape if array.size != 1 else (1,) * len(shape)
        )
        output = stem if final else f"{stem}.scaled"
        importer.add_pointwise(node, output, call(function, X, Y), last, f"{stem}.{function}")
        last = output


def _instance_normalization(importer: Importer, node: Node, given: Given) -> None:
    """InstanceNormalization: each channel by itself."""
    shape = importer.shape(node.inputs[0])
    if len(shape) < 3:
        refuse(node, f"an input of shape {shape} has nothing to normalize over")
    unit = f"{node.outputs[0]}.unit"
    _normalize(importer, node, node.inputs[0], range(2, len(shape)), unit, given.epsilon)
    _affine(importer, node, given, unit, (1, -1, *(1,) * (len(shape) - 2)))


def _layer_normalization(importer: Importer, node: Node, given: Given) -> None:
    """LayerNormalization over the last axes; its mean and deviation are no outputs here."""
    shape, unit = importer.shape(node.inputs[0]), f"{node.outputs[0]}.unit"
    if any(node.outputs[1:]):
        refuse(node, "its mean and deviation as outputs are not supported")
    _normalize(importer, node, node.inputs[0], range(given.axis, len(shape)), unit, given.epsilon)
    _affine(importer, node, given, unit, shape[given.axis :])


def _group_normalization(importer: Importer, node: Node, given: Given) -> None:
    """GroupNormalization; until opset 20 scale and bias are those of groups, then of channels."""
    stem, shape, groups = node.outputs[0], importer.shape(node.inputs[0]), given.num_groups
    if len(shape) < 3 or shape[1] % groups:
        refuse(node, f"num_groups={groups} on an input of shape {shape}")
    view = (shape[0], groups, prod(shape[1:]) // groups)
    importer.add_permute(node.inputs[0], f"{stem}.groups", shape, range(len(shape)), view)
    _normalize(importer, node, f"{stem}.groups", (2,), f"{stem}.even", given.epsilon)
    importer.add_permute(f"{stem}.even", f"{stem}.unit", view, range(3), shape)
    repeat = shape[1] // groups if importer.opset < 21 else 1
    _affine(importer, node, given, f"{stem}.unit", (1, -1, *(1,) * (len(shape) - 2)), repeat)


def _softmax(importer: Importer, node: Node, given: Given) -> None:
    """Softmax along an axis; before opset 13, over it and all after it."""
    stem, source = node.outputs[0], node.inputs[0]
    shape = importer.shape(source)
    axis = given.axis if given.axis is not None else len(shape) - 1 if importer.opset >= 13 else 1
    axes = (axis,) if importer.opset >= 13 else tuple(range(axis, len(shape)))
    largest = reduced(importer, node, source, axes, "max", f"{stem}.largest")
    importer.add_pointwise(node, f"{stem}.powers", call("exponential", call("sub", X, Y)), source, largest)
    mean = reduced(importer, node, f"{stem}.powers", axes, "mean", f"{stem}.mean")
    count = float(prod(shape[axis] for axis in axes))
    importer.add_pointwise(node, stem, call("div", X, call("mul", Y, count)), f"{stem}.powers", mean)


def _batch_normalization(importer: Importer, node: Node, given: Given) -> None:
    channels = (1, -1) + (1,) * (len(importer.shape(node.inputs[0])) - 2)
    factor = given.scale / np.sqrt(given.variance.astype(np.float64) + given.epsilon)
    stem, offset = node.outputs[0], given.bias - given.mean * factor
    if not max(np.abs(factor).max(initial=0), np.abs(offset).max(initial=0)) < LARGEST_FACTOR:  # or NaN
        refuse(node, f"its statistics make factors beyond {LARGEST_FACTOR:g} or NaN, which overflow")
    for suffix, array in (("factor", factor), ("offset", offset)):
        importer.constants[f"{stem}.{suffix}"] = array.astype(np.float32).reshape(channels)
    importer.add_pointwise(node, f"{stem}.scaled", call("mul", X, Y), node.inputs[0], f"{stem}.factor")
    importer.add_pointwise(node, stem, call("add", X, Y), f"{stem}.scaled", f"{stem}.offset")


OPERATORS: Mapping[str, Reader] = readers(
    {
        "BatchNormalization": _batch_normalization,
        "GlobalAveragePool": _reduction("mean", pool=True),
        "GlobalMaxPool": _reduction("max", pool=True),
        "GroupNormalization": _group_normalization,
        "InstanceNormalization": _instance_normalization,
        "LayerNormalization": _layer_normalization,
        "ReduceL1": _reduction("sum", "absolute"),
        "ReduceL2": _reduction("sum", "square", "square_root"),
        "ReduceMax": _reduction("max"),
        "ReduceMean": _reduction("mean"),
        "ReduceMin": _reduction("max", "negate", "negate"),
        "ReduceSum": _reduction("sum"),
        "ReduceSumSquare": _reduction("sum", "square"),
        "Softmax": _softmax,
    }
)
"""By op_type."""
