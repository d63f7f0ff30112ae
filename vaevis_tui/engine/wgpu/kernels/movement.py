"""Kernels that compute little and move much: pointwise, resize, permute, gather, concat, pools, means."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.resize import cubic_taps, nearest_indices, source_positions
from vaevis_tui.engine.wgpu.kernels.base import Constant, Context, Kernel, Lowered, always, dispatch, io_text
from vaevis_tui.engine.wgpu.layout import blocked_order, layout_of, take_padded
from vaevis_tui.engine.wgpu.template import render


def _lower(
    file: str,
    operator: ir.Operator,
    context: Context,
    constants: tuple[Constant, ...] = (),
    **parameters: object,
) -> Lowered:
    """A kernel with one thread for each vec4 of the result."""
    target = layout_of(operator.shape)
    size, counts = dispatch(operator, context, target.vec4s)
    text = render(
        file,
        {
            "workgroup": size,
            **io_text(operator, context, len(constants)),
            "channels": target.channels,
            "width": target.width,
            "pixels": target.pixels,
            "vec4s": target.vec4s,
            **parameters,
        },
    )
    return Lowered(text, counts, constants)


def _lower_pointwise(operator: ir.Pointwise, context: Context) -> Lowered:
    return _lower("pointwise.wgsl", operator, context)


def _lower_resize(operator: ir.Resize, context: Context) -> Lowered:
    source = context.layout(operator.inputs[0])
    tables = tuple(
        Constant(_resize_table(operator, length, scale, axis))
        for axis, (length, scale) in enumerate(
            zip((source.height, source.width), operator.scales, strict=True)
        )
    )
    return _lower(
        "resize.wgsl",
        operator,
        context,
        tables,
        mode=operator.mode,
        source_blocks=source.blocks,
        source_height=source.height,
        source_width=source.width,
    )


def _resize_table(operator: ir.Resize, length: int, scale: float, axis: int) -> NDArray[np.float32]:
    """Where the pixels along an axis come from, for each output index.

    First source index, second, share of the second, and a zero; for cubic resizing four indices and four
    weights.
    """
    if operator.mode == "cubic":
        return (
            np.concatenate(cubic_taps(operator, length, scale, axis), axis=1).astype(np.float32).reshape(-1)
        )
    if operator.mode == "nearest":
        first = nearest_indices(operator, length, scale, axis)
        second, share = first, np.zeros(len(first), np.float32)
    else:
        position = np.clip(source_positions(operator, length, scale, axis), 0, length - 1)
        first = np.floor(position).astype(np.int64)
        second, share = np.minimum(first + 1, length - 1), (position - first).astype(np.float32)
    return np.stack([first, second, share, np.zeros(len(first))], axis=1).astype(np.float32).reshape(-1)


def _lower_permute(operator: ir.Permute, context: Context) -> Lowered:
    source = context.layout(operator.inputs[0])
    steps = [int(np.prod(operator.view[axis + 1 :])) for axis in range(len(operator.view))]
    axes = [(operator.view[axis], steps[axis]) for axis in reversed(operator.order)]
    return _lower(
        "permute.wgsl",
        operator,
        context,
        axes=axes,
        source_pixels=source.pixels,
        source_vec4s=source.vec4s,
    )


def _lower_depth_to_space(operator: ir.DepthToSpace, context: Context) -> Lowered:
    """As the Reshape, Transpose, Reshape that ONNX defines it by."""
    _, channels, height, width = context.graph.shape_of(operator.inputs[0])
    block, runs = operator.block, channels // operator.block**2
    if operator.mode == "DCR":
        view, order = (1, block, block, runs, height, width), (0, 3, 4, 1, 5, 2)
    else:
        view, order = (1, runs, block, block, height, width), (0, 1, 4, 2, 5, 3)
    permute = ir.Permute(
        inputs=operator.inputs,
        output=operator.output,
        shape=operator.shape,
        epilogue=operator.epilogue,
        operands=operator.operands,
        view=view,
        order=order,
    )
    return _lower_permute(permute, context)


def _lower_concat(operator: ir.Concat, context: Context) -> Lowered:
    sources, begin = [], 0
    for index, name in enumerate(operator.inputs):
        layout = context.layout(name)
        end = begin + layout.channels
        item = "0u" if name in context.graph.constants else "item"  # constants are there once
        sources.append(SimpleNamespace(index=index, begin=begin, end=end, blocks=layout.blocks, item=item))
        begin = end
    return _lower("concat.wgsl", operator, context, sources=sources)


NO_LANE = 0xFFFFFFFF
"""In the table of `ir.StaticGather`: no lane of the source; more lanes than a tensor has."""


def _lower_static_gather(operator: ir.StaticGather, context: Context) -> Lowered:
    source = context.layout(operator.inputs[0])
    order = blocked_order(source)
    lanes = np.empty(source.elements, np.int64)
    lanes[order[order >= 0]] = np.flatnonzero(order >= 0)
    indices = operator.indices.reshape(-1)
    picked = np.where(indices < 0, NO_LANE, lanes[np.maximum(indices, 0)])
    table = take_padded(picked, blocked_order(layout_of(operator.shape))).astype(np.uint32)
    return _lower(
        "static_gather.wgsl",
        operator,
        context,
        (Constant(table),),
        none=NO_LANE,
        fill=repr(operator.fill),
        source_vec4s=source.vec4s,
    )


def _lower_grid_sample(operator: ir.GridSample, context: Context) -> Lowered:
    source, grid = (context.layout(name) for name in operator.inputs)
    once = [name in context.graph.constants for name in operator.inputs]
    return _lower(
        "grid_sample.wgsl",
        operator,
        context,
        mode=operator.mode,
        padding=operator.padding,
        align_corners=operator.align_corners,
        source_item="" if once[0] else f"id.z * {source.vec4s}u + ",
        grid_item="" if once[1] else f"id.z * {grid.vec4s}u + ",
        source_pixels=source.pixels,
        source_height=source.height,
        source_width=source.width,
    )


def _lower_reduction(operator: ir.SpatialReduction, context: Context) -> Lowered:
    source = context.layout(operator.inputs[0])
    return _lower(
        "reduce.wgsl",
        operator,
        context,
        maximum=operator.function == "max",
        source_blocks=source.blocks,
        source_pixels=source.pixels,
    )


def _lower_pool(operator: ir.Pool, context: Context) -> Lowered:
    source = context.layout(operator.inputs[0])
    return _lower(
        "pool.wgsl",
        operator,
        context,
        maximum=operator.function == "max",
        include_pad=operator.include_pad,
        kernel_height=operator.kernel[0],
        kernel_width=operator.kernel[1],
        stride_y=operator.strides[0],
        stride_x=operator.strides[1],
        pad_top=operator.pads[0],
        pad_left=operator.pads[1],
        dilation_y=operator.dilations[0],
        dilation_x=operator.dilations[1],
        source_blocks=source.blocks,
        source_height=source.height,
        source_width=source.width,
    )


KERNELS = (
    Kernel("pointwise", ir.Pointwise, always, _lower_pointwise),
    Kernel("resize", ir.Resize, always, _lower_resize),
    Kernel("permute", ir.Permute, always, _lower_permute),
    Kernel("permute", ir.DepthToSpace, always, _lower_depth_to_space),
    Kernel("concat", ir.Concat, always, _lower_concat),
    Kernel("grid_sample", ir.GridSample, always, _lower_grid_sample),
    Kernel("static_gather", ir.StaticGather, always, _lower_static_gather),
    Kernel("pool", ir.Pool, always, _lower_pool),
    Kernel("reduce", ir.SpatialReduction, always, _lower_reduction),
)
