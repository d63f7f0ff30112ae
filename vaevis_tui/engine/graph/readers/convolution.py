"""ONNX operators with windows: convolutions and pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, cast

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Array
from vaevis_tui.engine.graph.readers import computed_weights
from vaevis_tui.engine.graph.readers.importer import Importer, Read, Reader, readers, refuse
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given

Pads: TypeAlias = tuple[int, int, int, int]
"""Rows and columns at the top, left, bottom and right."""


def _bias(given: Given, outputs: int) -> Array:
    return np.zeros(outputs, np.float32) if given.bias is None else given.bias


def _add(importer: Importer, node: Node, operator: computed_weights.AnyConvolution) -> None:
    if node.inputs[1] in importer.constants:
        importer.add(operator)
    else:
        computed_weights.add(importer, node, operator)


def _padding(given: Given, size: Sequence[int], spans: Sequence[int]) -> Pads:
    """Rows and columns that a window of so many pixels adds."""
    if given.auto_pad == "VALID":
        return 0, 0, 0, 0
    if given.auto_pad == "NOTSET":
        return cast(Pads, given.pads)
    totals = [
        max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(size, given.strides, spans, strict=True)
    ]
    first = [t // 2 if given.auto_pad == "SAME_UPPER" else t - t // 2 for t in totals]
    return first[0], first[1], totals[0] - first[0], totals[1] - first[1]


def _of_one_example(read: Read) -> Read:
    """Take examples that a Reshape makes of channels, as StyleGAN2's blur has them, for groups."""

    def read_joined(importer: Importer, node: Node, given: Given) -> None:
        count, channels, *size = importer.shape(node.inputs[0])
        if count == 1:
            read(importer, node, given)
            return
        stem = node.outputs[0]
        importer.add_permute(
            node.inputs[0],
            f"{stem}.joined",
            (count, channels, *size),
            range(4),
            (1, count * channels, *size),
        )
        if given.weight is None:
            refuse(node, f"{count} examples, and a weight that depends on the latent vector")
        given.group *= count
        given.weight = importer.constants[f"{stem}.weight"] = np.tile(given.weight, (count, 1, 1, 1))
        given.bias = None if given.bias is None else np.tile(given.bias, count)
        inputs = (f"{stem}.joined", f"{stem}.weight")
        read(importer, replace(node, inputs=inputs, outputs=(f"{stem}.apart",)), given)
        shape = importer.shape(f"{stem}.apart")
        importer.add_permute(f"{stem}.apart", stem, shape, range(4), (count, shape[1] // count, *shape[2:]))

    return read_joined


def _convolution(importer: Importer, node: Node, given: Given) -> None:
    channels, *size = importer.spatial_shape(node)
    weight, groups, strides = importer.shape(node.inputs[1]), given.group, given.strides
    if weight[1] * groups != channels or weight[0] % groups:
        refuse(node, f"{channels} channels in {groups} groups against a weight of shape {weight}")
    spans = [(k - 1) * d + 1 for k, d in zip(weight[2:], given.dilations, strict=True)]
    pads = _padding(given, size, spans)
    grid = [
        (n + pads[i] + pads[i + 2] - spans[i]) // strides[i] + 1
        if n + pads[i] + pads[i + 2] >= spans[i]
        else 0
        for i, n in enumerate(size)
    ]
    if min(grid) < 1:
        refuse(
            node,
            f"an input of {size[0]}x{size[1]} with pads={list(pads)} leaves nothing for a kernel of {spans}",
        )
    _add(
        importer,
        node,
        ir.Convolution(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, weight[0], grid[0], grid[1]),
            weight=given.weight,
            bias=_bias(given, weight[0]),
            strides=strides,
            pads=pads,
            dilations=given.dilations,
            groups=groups,
        ),
    )


def _transposed_convolution(importer: Importer, node: Node, given: Given) -> None:
    channels, *size = importer.spatial_shape(node)
    weight, groups, strides, pads = importer.shape(node.inputs[1]), given.group, given.strides, given.pads
    if weight[0] != channels or channels % groups:
        refuse(node, f"{channels} channels in {groups} groups against a weight of shape {weight}")
    spans = [(k - 1) * d + 1 for k, d in zip(weight[2:], given.dilations, strict=True)]
    full = [
        (n - 1) * s + k + e for n, s, k, e in zip(size, strides, spans, given.output_padding, strict=True)
    ]
    auto = given.auto_pad
    if given.output_shape or auto in ("SAME_UPPER", "SAME_LOWER"):
        requested = (given.output_shape or [n * s for n, s in zip(size, strides, strict=True)])[-2:]
        totals = [max(f - w, 0) for f, w in zip(full, requested, strict=True)]
        # ONNX: SAME_UPPER puts the odd one at the end, everything else at the start.
        first = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in totals]
        pads = (*first, *(t - f for t, f in zip(totals, first, strict=True)))
        full = [max(f, w) for f, w in zip(full, requested, strict=True)]
    elif auto == "VALID":
        pads = (0, 0, 0, 0)
    height, width = full[0] - pads[0] - pads[2], full[1] - pads[1] - pads[3]
    if min(height, width) < 1:
        refuse(node, f"pads={list(pads)} leave nothing of an output of {full[0]}x{full[1]}")
    outputs = weight[1] * groups
    _add(
        importer,
        node,
        ir.TransposedConvolution(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, outputs, height, width),
            weight=given.weight,
            bias=_bias(given, outputs),
            strides=strides,
            pads=pads,
            dilations=given.dilations,
            groups=groups,
            source=(size[0], size[1]),
        ),
    )


def _pool(importer: Importer, node: Node, given: Given) -> None:
    channels, *size = importer.spatial_shape(node)
    ceil, include_pad = given.ceil_mode, vars(given).get("count_include_pad", False)
    spans = [(k - 1) * d + 1 for k, d in zip(given.kernel_shape, given.dilations, strict=True)]
    pads = _padding(given, size, spans)
    if any(node.outputs[1:]) or (ceil and include_pad):
        refuse(node, "indices, and ceil_mode=1 with count_include_pad=1 are not supported")
    if any(max(pads[i], pads[i + 2]) >= span for i, span in enumerate(spans)):
        refuse(node, f"pads={list(pads)} reach beyond a window of {spans}")
    grid = []
    for i, (n, span, stride) in enumerate(zip(size, spans, given.strides, strict=True)):
        room = n + pads[i] + pads[i + 2] - span
        count = (-(-room // stride) if ceil else room // stride) + 1
        # A last window that begins beyond the image and its first pads is left out.
        grid.append(count - 1 if ceil and (count - 1) * stride >= n + pads[i] else count)
    if min(grid) < 1:
        refuse(node, f"an input of {size[0]}x{size[1]} leaves nothing for a window of {spans}")
    importer.add(
        ir.Pool(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, channels, grid[0], grid[1]),
            function="max" if node.kind == "MaxPool" else "mean",
            kernel=given.kernel_shape,
            strides=given.strides,
            pads=pads[:2],
            dilations=given.dilations,
            include_pad=include_pad,
        )
    )


OPERATORS: Mapping[str, Reader] = readers(
    {
        "AveragePool": _pool,
        "Conv": _of_one_example(_convolution),
        "ConvTranspose": _of_one_example(_transposed_convolution),
        "MaxPool": _pool,
    },
    rank=4,
)
"""By op_type."""
