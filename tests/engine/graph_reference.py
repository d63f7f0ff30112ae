"""The operator graph in NumPy, an operator a function."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.engine.reference import Array
from vaevis_tui.engine.graph import Graph, ir
from vaevis_tui.engine.graph.expression import evaluate
from vaevis_tui.engine.graph.resize import cubic_taps, nearest_indices, source_positions


def graph_output(graph: Graph, z: Array) -> Array:
    """What the operator graph computes, operator by operator in NumPy, for latent vectors (n, d)."""
    return np.concatenate([_one(graph, row[None]) for row in z])


def _one(graph: Graph, z: Array) -> Array:
    tensors: dict[str, Array] = {**graph.constants, graph.input: z}
    for operator in graph.operators:
        inputs = [tensors[name] for name in operator.inputs]
        result = _COMPUTE[type(operator)](operator, *inputs) if inputs else None
        if result is not None:
            assert result.shape == operator.shape, operator
        value = evaluate(operator.epilogue, result, [tensors[name] for name in operator.operands])
        tensors[operator.output] = np.broadcast_to(value, operator.shape).astype(np.float32)
    return tensors[graph.output]


def _linear(operator: ir.Linear, x: Array) -> Array:
    return (operator.weight @ x.reshape(-1) + operator.bias).reshape(operator.shape)


def _matrix_product(operator: ir.MatrixProduct, left: Array, right: Array) -> Array:
    sides = [side[0] if side.ndim == 4 else side[0, :, None] for side in (left, right)]
    product: Array = np.matmul(sides[0].swapaxes(0, 1), sides[1].swapaxes(0, 1)).swapaxes(0, 1)
    return product.reshape(operator.shape)


def _convolution(operator: ir.Convolution, x: Array) -> Array:
    top, left, bottom, right = operator.pads
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    height, width = operator.grid
    (sy, sx), (dy, dx) = operator.strides, operator.dilations
    outputs, per_group, kernel_h, kernel_w = operator.weight.shape
    out = np.zeros((outputs, height, width))
    for output in range(outputs):
        group = output // (outputs // operator.groups)
        source = padded[0, group * per_group : (group + 1) * per_group]
        for i in range(kernel_h):
            for j in range(kernel_w):
                rows = slice(i * dy, i * dy + (height - 1) * sy + 1, sy)
                columns = slice(j * dx, j * dx + (width - 1) * sx + 1, sx)
                out[output] += np.tensordot(operator.weight[output, :, i, j], source[:, rows, columns], 1)
    out += operator.bias[:, None, None]
    r = operator.shuffle
    shuffled = out.reshape(r, r, outputs // r**2, height, width).transpose(2, 3, 0, 4, 1)
    return shuffled.reshape(operator.shape).astype(np.float32)


def _transposed_convolution(operator: ir.TransposedConvolution, x: Array) -> Array:
    inputs, per_group, kernel_h, kernel_w = operator.weight.shape
    (sy, sx), (dy, dx) = operator.strides, operator.dilations
    top, left = operator.pads[:2]
    _, outputs, height, width = operator.shape
    full = np.zeros((outputs, height + 2 * (kernel_h * dy + top), width + 2 * (kernel_w * dx + left)))
    full = np.pad(full, ((0, 0), (0, x.shape[2] * sy), (0, x.shape[3] * sx)))
    for channel in range(inputs):
        group = channel // (inputs // operator.groups)
        for i in range(kernel_h):
            for j in range(kernel_w):
                rows = slice(i * dy, i * dy + (x.shape[2] - 1) * sy + 1, sy)
                columns = slice(j * dx, j * dx + (x.shape[3] - 1) * sx + 1, sx)
                for k in range(per_group):
                    target = full[group * per_group + k, rows, columns]
                    target += x[0, channel] * operator.weight[channel, k, i, j]
    cut = full[:, top : top + height, left : left + width] + operator.bias[:, None, None]
    return cut[None].astype(np.float32)


def _phase_convolution(operator: ir.PhaseConvolution, x: Array) -> Array:
    scale, (height, width) = operator.scale, operator.source
    down, across = operator.weight.shape[4:]
    margin = max(map(abs, operator.origin)) + max(down, across)
    padded = np.pad(x[0], ((0, 0), (margin, margin), (margin, margin)))
    out = np.zeros(operator.shape[1:])
    for py in range(scale):
        for px in range(scale):
            for i in range(down):
                for j in range(across):
                    y, left = margin + operator.origin[0] + i, margin + operator.origin[1] + j
                    source = padded[:, y : y + height, left : left + width]
                    out[:, py::scale, px::scale] += np.tensordot(
                        operator.weight[py, px, :, :, i, j], source, 1
                    )
    return (out + operator.bias[:, None, None])[None].astype(np.float32)


def _resize(operator: ir.Resize, x: Array) -> Array:
    for axis in (0, 1):
        length, scale = x.shape[2 + axis], operator.scales[axis]
        if operator.mode == "nearest":
            x = np.take(x, nearest_indices(operator, length, scale, axis), axis=2 + axis)
            continue
        if operator.mode == "cubic":
            indices, weights = cubic_taps(operator, length, scale, axis)
            share = (-1, 1) if axis == 0 else (-1,)
            parts = [np.take(x, indices[:, i], 2 + axis) * weights[:, i].reshape(share) for i in range(4)]
            x = np.sum(parts, axis=0)
            continue
        position = np.clip(source_positions(operator, length, scale, axis), 0, length - 1)
        first = np.floor(position).astype(int)
        share = (position - first).reshape((-1, 1) if axis == 0 else (-1,))
        second = np.minimum(first + 1, length - 1)
        x = np.take(x, first, 2 + axis) * (1 - share) + np.take(x, second, 2 + axis) * share
    return x.astype(np.float32)


def _grid_sample(operator: ir.GridSample, x: Array, grid: Array) -> Array:
    size = np.array(x.shape[:1:-1], np.float32).reshape(2, 1, 1)
    place = (grid[0] + 1) / 2 * (size - 1) if operator.align_corners else ((grid[0] + 1) * size - 1) / 2
    if operator.padding == "border":
        place = np.clip(place, 0, size - 1)

    def tap(at: Array) -> Array:
        column, row = np.clip(at, 0, size - 1).astype(int)
        outside = (operator.padding == "zeros") & ((at < 0) | (at > size - 1)).any(0)
        return np.where(outside, 0, x[0][:, row, column])

    if operator.mode == "nearest":
        return np.asarray(tap(np.round(place))[None], np.float32)
    low = np.floor(place)
    total = np.zeros(operator.shape[1:])
    for right in (0, 1):
        for down in (0, 1):
            corner = np.array([right, down]).reshape(2, 1, 1)
            total += tap(low + corner) * np.prod(1 - np.abs(place - low - corner), axis=0)
    return total[None].astype(np.float32)


def _permute(operator: ir.Permute, x: Array) -> Array:
    return x.reshape(operator.view).transpose(operator.order).reshape(operator.shape)


def _depth_to_space(operator: ir.DepthToSpace, x: Array) -> Array:
    _, channels, height, width = x.shape
    b, c = operator.block, channels // operator.block**2
    if operator.mode == "DCR":
        return x.reshape(b, b, c, height, width).transpose(2, 3, 0, 4, 1).reshape(operator.shape)
    return x.reshape(c, b, b, height, width).transpose(0, 3, 1, 4, 2).reshape(operator.shape)


def _pool(operator: ir.Pool, x: Array) -> Array:
    out = np.empty(operator.shape, np.float32)
    for y in range(operator.shape[2]):
        for column in range(operator.shape[3]):
            places = [
                (
                    y * operator.strides[0] - operator.pads[0] + i * operator.dilations[0],
                    column * operator.strides[1] - operator.pads[1] + j * operator.dilations[1],
                )
                for i in range(operator.kernel[0])
                for j in range(operator.kernel[1])
            ]
            inside = [x[0, :, r, c] for r, c in places if 0 <= r < x.shape[2] and 0 <= c < x.shape[3]]
            if operator.function == "max":
                out[0, :, y, column] = np.max(inside, axis=0)
            else:
                out[0, :, y, column] = np.sum(inside, axis=0) / (
                    len(places) if operator.include_pad else len(inside)
                )
    return out


_COMPUTE: dict[type[ir.Operator], Any] = {
    ir.Linear: _linear,
    ir.MatrixProduct: _matrix_product,
    ir.Convolution: _convolution,
    ir.TransposedConvolution: _transposed_convolution,
    ir.PhaseConvolution: _phase_convolution,
    ir.Resize: _resize,
    ir.GridSample: _grid_sample,
    ir.Permute: _permute,
    ir.DepthToSpace: _depth_to_space,
    ir.Concat: lambda operator, *tensors: np.concatenate(tensors, axis=1),
    ir.StaticGather: lambda operator, x: np.where(
        operator.indices < 0, np.float32(operator.fill), x.reshape(-1)[operator.indices]
    ).reshape(operator.shape),
    ir.Pool: _pool,
    ir.SpatialReduction: lambda operator, x: getattr(x, operator.function)(axis=(2, 3), keepdims=True),
}
