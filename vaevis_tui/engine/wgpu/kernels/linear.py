"""Kernels for `Linear` and `MatrixProduct`."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace

import numpy as np

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

TOGETHER = (8, 4)
"""Neighbouring threads whose weights for one input lie together, if their number divides that of all.

What they read goes on where it ended; with all threads together, each input would lie in another page.
"""


def lower(operator: ir.Linear, context: Context, split: int = 1, sample: int = 1) -> Lowered:
    """Matrix times vector.

    Args:
        operator: What to compute.
        context: Where.
        split: Threads of a workgroup that share a sum.
        sample: Without a split, only every so many vec4s of the result are made, enough to compare with.
    """
    source, target = context.layout(operator.inputs[0]), layout_of(operator.shape)
    rows, columns = blocked_order(target), blocked_order(source)
    stored = operator.weight.astype(np.float16) if context.half else operator.weight
    weight = take_padded(take_padded(stored, rows, 0), columns, 1)
    together = next((n for n in TOGETHER if target.vec4s % n == 0), target.vec4s)
    blocks = weight.reshape(-1, together, 4, source.vec4s, 4).transpose(0, 3, 1, 4, 2)
    packed, text = pack_blocks(blocks, context)
    size, counts = dispatch(operator, context, -(-target.vec4s // sample), split=split)
    parameters = {
        **io_text(operator, context, 2),
        "weights": text,
        "workgroup": size,
        "split": split,
        "sample": sample,
        "outputs": target.vec4s,
        "inputs": source.vec4s,
        "together": together,
        "unroll": next(n for n in (4, 2, 1) if source.vec4s % n == 0),
        "pixels": target.pixels,
        "width": target.width,
    }
    constants = packed, Constant(take_padded(operator.bias, rows))
    return Lowered(render("linear.wgsl", parameters), counts, constants)


FILLED = 32768
"""Threads that fill a mid-range GPU: a thousand groups of 32 lanes in flight."""


def _applies(operator: ir.Linear, context: Context, split: int) -> bool:
    return split == 1 or context.layout(operator.inputs[0]).vec4s >= 4 * split


def _rank(operator: ir.Linear, context: Context, split: int) -> float:
    """Less estimated time is better: loads and multiply-adds of a thread, and adding up behind a barrier."""
    inputs, outputs = context.layout(operator.inputs[0]).vec4s, layout_of(operator.shape).vec4s
    if context.software:
        return 0.0 if split == 1 else -math.inf  # there are no threads to fill
    work = inputs / split + (8 if split > 1 else 0)
    return -work * max(1.0, outputs * split / FILLED)


def _lower_product(operator: ir.MatrixProduct, context: Context) -> Lowered:
    """Matrices by matrices; a thread makes four rows of one column, or of four where there are as many."""
    target, width = layout_of(operator.shape), 4 if operator.shape[-1] % 4 == 0 else 1
    size, counts = dispatch(operator, context, target.vec4s // width)
    sides = []
    for index, name in enumerate(operator.inputs):
        own = context.layout(name)
        once = name in context.graph.constants  # and not for every example
        item = "" if once else f"id.z * {own.vec4s}u + "
        group = "0u" if own.height == 1 else "group"
        sides.append(SimpleNamespace(index=index, item=item, group=group, columns=own.width, step=own.pixels))
    text = render(
        "product.wgsl",
        {
            **io_text(operator, context, 0),
            "workgroup": size,
            "threads": target.vec4s // width,
            "own": width,
            "across": target.width // width,
            "batch": target.height,
            "inner": operator.inner,
            "left": sides[0],
            "right": sides[1],
        },
    )
    return Lowered(text, counts)


KERNELS = (
    Kernel("product", ir.MatrixProduct, always, _lower_product),
    *(
        Kernel(
            "linear" if split == 1 else f"linear_split{split}",
            ir.Linear,
            partial(_applies, split=split),
            partial(lower, split=split),
            partial(_rank, split=split),
        )
        for split in (1, 4, 8, 16)
    ),
)
