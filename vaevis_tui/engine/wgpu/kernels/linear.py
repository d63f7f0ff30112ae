"""Kernels for `Linear`."""

from __future__ import annotations

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.wgpu.kernels.base import (
    Constant,
    Context,
    Kernel,
    Lowered,
    always,
    dispatch,
    io_text,
    pack_blocks,
)
from vaevis_tui.engine.wgpu.layout import blocked_order, layout_of, take_padded
from vaevis_tui.engine.wgpu.template import render


def _lower(operator: ir.Linear, context: Context) -> Lowered:
    source, target = context.layout(operator.inputs[0]), layout_of(operator.shape)
    rows, columns = blocked_order(target), blocked_order(source)
    weight = take_padded(take_padded(operator.weight, rows, 0), columns, 1)
    blocks = weight.reshape(target.vec4s, 4, source.vec4s, 4).transpose(2, 0, 3, 1)
    packed, text = pack_blocks(blocks, operator.weight, context)
    size, counts = dispatch(operator, context, target.vec4s)
    parameters = {
        **io_text(operator, context, 2),
        "weights": text,
        "workgroup": size,
        "outputs": target.vec4s,
        "inputs": source.vec4s,
        "unroll": next(n for n in (4, 2, 1) if source.vec4s % n == 0),
        "pixels": target.pixels,
        "width": target.width,
    }
    constants = packed, Constant(take_padded(operator.bias, rows))
    return Lowered(render("linear.wgsl", parameters), counts, constants)


KERNELS = (Kernel("linear", ir.Linear, always, _lower),)
