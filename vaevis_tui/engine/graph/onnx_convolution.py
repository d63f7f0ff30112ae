"""ONNX operators with windows: convolutions and pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import Array
from vaevis_tui.engine.graph.importer import Importer, Reader, refuse
from vaevis_tui.onnx_model.node import Node


def _pair(node: Node, key: str, default: tuple[int, ...], length: int = 2) -> tuple[int, ...]:
    values = tuple(int(v) for v in node.attributes.get(key, default))
    if len(values) != length:
        refuse(node, f"{key}={list(values)} is not supported; it has {length} numbers for height and width")
    return values


def _convolution_weight(importer: Importer, node: Node) -> Array:
    weight = importer.weight(node, 1, "the weight")
    if weight.ndim != 4:
        refuse(node, f"a weight of shape {weight.shape}; only two-dimensional convolutions are supported")
    return weight


def _bias(importer: Importer, node: Node, index: int, outputs: int) -> Array:
    return importer.weight(node, index, "the bias") if node.has(index) else np.zeros(outputs, np.float32)


def _padding(
    node: Node, size: Sequence[int], strides: Sequence[int], spans: Sequence[int]
) -> tuple[int, int, int, int]:
    """Rows and columns that a window of so many pixels adds at the top, left, bottom and right."""
    auto = node.attributes.get("auto_pad", "NOTSET")
    if auto == "VALID":
        return 0, 0, 0, 0
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        totals = [max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(size, strides, spans, strict=True)]
        first = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in totals]
        return first[0], first[1], totals[0] - first[0], totals[1] - first[1]
    pads = _pair(node, "pads", (0, 0, 0, 0), 4)
    return pads[0], pads[1], pads[2], pads[3]


def _convolution(importer: Importer, node: Node) -> None:
    channels, *size = importer.spatial(node)
    weight = _convolution_weight(importer, node)
    groups = int(node.attributes.get("group", 1))
    if weight.shape[1] * groups != channels or len(weight) % groups:
        refuse(node, f"{channels} channels in {groups} groups against a weight of shape {weight.shape}")
    strides, dilations = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    spans = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    pads = _padding(node, size, strides, spans)
    grid = [
        (n + pads[i] + pads[i + 2] - spans[i]) // strides[i] + 1
        if n + pads[i] + pads[i + 2] >= spans[i]
        else 0
        for i, n in enumerate(size)
    ]
    if min(grid) < 1 or min(pads) < 0:
        refuse(
            node,
            f"an input of {size[0]}x{size[1]} with pads={list(pads)} leaves nothing for a kernel of {spans}",
        )
    importer.add(
        ir.Convolution(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, len(weight), grid[0], grid[1]),
            weight=weight,
            bias=_bias(importer, node, 2, len(weight)),
            strides=(strides[0], strides[1]),
            pads=pads,
            dilations=(dilations[0], dilations[1]),
            groups=groups,
        )
    )


def _transposed_convolution(importer: Importer, node: Node) -> None:
    channels, *size = importer.spatial(node)
    weight = _convolution_weight(importer, node)
    groups = int(node.attributes.get("group", 1))
    if len(weight) != channels or channels % groups:
        refuse(node, f"{channels} channels in {groups} groups against a weight of shape {weight.shape}")
    strides, dilations = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    extra = _pair(node, "output_padding", (0, 0))
    pads = _pair(node, "pads", (0, 0, 0, 0), 4)
    spans = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True)]
    full = [(n - 1) * s + k + e for n, s, k, e in zip(size, strides, spans, extra, strict=True)]
    auto = node.attributes.get("auto_pad", "NOTSET")
    if "output_shape" in node.attributes or auto in ("SAME_UPPER", "SAME_LOWER"):
        default = [n * s for n, s in zip(size, strides, strict=True)]
        wanted = [int(v) for v in node.attributes.get("output_shape", default)][-2:]
        totals = [max(f - w, 0) for f, w in zip(full, wanted, strict=True)]
        # ONNX: SAME_UPPER puts the odd one at the end, everything else at the start.
        first = [t // 2 if auto == "SAME_UPPER" else t - t // 2 for t in totals]
        pads = (*first, *(t - f for t, f in zip(totals, first, strict=True)))
        full = [max(f, w) for f, w in zip(full, wanted, strict=True)]
    elif auto == "VALID":
        pads = (0, 0, 0, 0)
    height, width = full[0] - pads[0] - pads[2], full[1] - pads[1] - pads[3]
    if min(height, width) < 1 or min(pads) < 0:
        refuse(node, f"pads={list(pads)} leave nothing of an output of {full[0]}x{full[1]}")
    outputs = weight.shape[1] * groups
    importer.add(
        ir.TransposedConvolution(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, outputs, height, width),
            weight=weight,
            bias=_bias(importer, node, 2, outputs),
            strides=(strides[0], strides[1]),
            pads=(pads[0], pads[1], pads[2], pads[3]),
            dilations=(dilations[0], dilations[1]),
            groups=groups,
            source=(size[0], size[1]),
        )
    )


def _pool(importer: Importer, node: Node) -> None:
    channels, *size = importer.spatial(node)
    get = node.attributes.get
    kernel, strides = _pair(node, "kernel_shape", ()), _pair(node, "strides", (1, 1))
    dilations = _pair(node, "dilations", (1, 1))
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads = _padding(node, size, strides, spans)
    include_pad = bool(get("count_include_pad", 0)) and node.kind == "AveragePool"
    if any(node.outputs[1:]) or (get("ceil_mode", 0) and include_pad) or get("storage_order", 0):
        refuse(node, "indices, storage_order=1, and ceil_mode=1 with count_include_pad=1 are not supported")
    if min(pads) < 0 or any(max(pads[i], pads[i + 2]) >= span for i, span in enumerate(spans)):
        refuse(node, f"pads={list(pads)} reach beyond a window of {spans}")
    grid = []
    for i, (n, span, stride) in enumerate(zip(size, spans, strides, strict=True)):
        room = n + pads[i] + pads[i + 2] - span
        count = (-(-room // stride) if get("ceil_mode", 0) else room // stride) + 1
        # A last window that begins beyond the image and its first pads is left out.
        grid.append(count - 1 if get("ceil_mode", 0) and (count - 1) * stride >= n + pads[i] else count)
    if min(grid) < 1:
        refuse(node, f"an input of {size[0]}x{size[1]} leaves nothing for a window of {spans}")
    importer.add(
        ir.Pool(
            inputs=node.inputs[:1],
            output=node.outputs[0],
            shape=(1, channels, grid[0], grid[1]),
            function="max" if node.kind == "MaxPool" else "mean",
            kernel=(kernel[0], kernel[1]),
            strides=(strides[0], strides[1]),
            pads=(pads[0], pads[1]),
            dilations=(dilations[0], dilations[1]),
            include_pad=include_pad,
        )
    )


OPERATORS: Mapping[str, Reader] = {
    "AveragePool": _pool,
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "MaxPool": _pool,
}
"""Readers by op_type."""
