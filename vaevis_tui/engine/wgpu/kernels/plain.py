"""Convolutions of every kind as they are defined: slow, and what faster kernels are held against."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.wgpu.kernels.base import Constant, Context, Lowered, dispatch, io_text
from vaevis_tui.engine.wgpu.layout import layout_of
from vaevis_tui.engine.wgpu.template import render

AnyConvolution: TypeAlias = ir.Convolution | ir.PhaseConvolution | ir.TransposedConvolution


def lower_plain(operator: AnyConvolution, context: Context, sample: int = 1) -> Lowered:
    """The kernel that computes a convolution as it is defined.

    Args:
        operator: What to compute.
        context: Where.
        sample: Only every so many vec4s of the result are made, enough to compare others with.
    """
    if isinstance(operator, ir.PhaseConvolution):
        operator = _as_shuffled(operator)
    source, target = context.layout(operator.inputs[0]), layout_of(operator.shape)
    if isinstance(operator, ir.TransposedConvolution):
        transposed, shuffle, group_inputs = True, 1, operator.weight.shape[0] // operator.groups
    else:
        transposed, shuffle, group_inputs = False, operator.shuffle, operator.weight.shape[1]
    size, counts = dispatch(operator, context, -(-target.vec4s // sample))
    parameters = {
        **io_text(operator, context, 2),
        "workgroup": size,
        "sample": sample,
        "transposed": transposed,
        "shuffle": shuffle,
        "group_inputs": group_inputs,
        "group_outputs": len(operator.bias) // operator.groups,
        "stride_y": operator.strides[0],
        "stride_x": operator.strides[1],
        "dilation_y": operator.dilations[0],
        "dilation_x": operator.dilations[1],
        "pad_top": operator.pads[0],
        "pad_left": operator.pads[1],
        "kernel_height": operator.weight.shape[2],
        "kernel_width": operator.weight.shape[3],
        "source_blocks": source.blocks,
        "source_height": source.height,
        "source_width": source.width,
        "channels": target.channels,
        "width": target.width,
        "pixels": target.pixels,
        "vec4s": target.vec4s,
    }
    constants = Constant(np.ascontiguousarray(operator.weight).reshape(-1)), Constant(operator.bias)
    return Lowered(render("conv_plain.wgsl", parameters), counts, constants)


def _as_shuffled(operator: ir.PhaseConvolution) -> ir.Convolution:
    """The same as a convolution of the small image, whose runs of channels are the phases."""
    phases = operator.scale**2
    return ir.Convolution(
        inputs=operator.inputs,
        output=operator.output,
        shape=operator.shape,
        epilogue=operator.epilogue,
        operands=operator.operands,
        weight=operator.weight.reshape(-1, *operator.weight.shape[3:]),
        bias=np.tile(operator.bias, phases),
        pads=(-operator.origin[0], -operator.origin[1], 0, 0),
        shuffle=operator.scale,
    )
