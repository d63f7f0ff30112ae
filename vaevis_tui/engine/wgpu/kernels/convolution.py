"""Kernels for convolutions of every kind: by register blocking, and plainly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from vaevis_tui.engine.wgpu.layout import Layout, layout_of, pad_to_blocks, to_blocked
from vaevis_tui.engine.wgpu.template import render


@dataclass(frozen=True)
class _Taps:
    """A convolution of either kind as the register-blocking kernel sees it.

    Attributes:
        weight: float32 (phases, outputs, inputs, taps down, taps across); outputs padded to blocks of four.
        bias: float32 (outputs,), padded likewise.
        used: bool (phases, taps down, taps across).
        rows: Source row of each tap, relative to the output row times the stride.
        columns: Source column of each tap, likewise.
        stride: Vertical, horizontal.
        grid: Height and width of the positions it is evaluated at.
        scale: Output pixels a position, along each axis, that one thread makes.
        shuffle: Output pixels a position, along each axis, that different channel blocks make.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    used: NDArray[np.bool_]
    rows: list[int]
    columns: list[int]
    stride: tuple[int, int]
    grid: tuple[int, int]
    scale: int
    shuffle: int


def _taps(operator: ir.Convolution | ir.PhaseConvolution) -> _Taps:
    if isinstance(operator, ir.PhaseConvolution):
        down, across = operator.weight.shape[4:]
        return _Taps(
            weight=pad_to_blocks(operator.weight.reshape(-1, *operator.weight.shape[2:]), 1),
            bias=pad_to_blocks(operator.bias, 0),
            used=operator.used.reshape(-1, down, across),
            rows=[operator.origin[0] + i for i in range(down)],
            columns=[operator.origin[1] + j for j in range(across)],
            stride=(1, 1),
            grid=operator.source,
            scale=operator.scale,
            shuffle=1,
        )
    down, across = operator.weight.shape[2:]
    runs = operator.shuffle**2
    weight = pad_to_blocks(operator.weight.reshape(runs, -1, *operator.weight.shape[1:]), 1)
    return _Taps(
        weight=weight.reshape(1, -1, *operator.weight.shape[1:]),
        bias=pad_to_blocks(operator.bias.reshape(runs, -1), 1).reshape(-1),
        used=np.ones((1, down, across), np.bool_),
        rows=[i * operator.dilations[0] - operator.pads[0] for i in range(down)],
        columns=[j * operator.dilations[1] - operator.pads[1] for j in range(across)],
        stride=operator.strides,
        grid=operator.grid,
        scale=1,
        shuffle=operator.shuffle,
    )


def _lower_tile(
    operator: ir.Convolution | ir.PhaseConvolution, context: Context, *, pixels: int, block_count: int
) -> Lowered:
    taps, source = _taps(operator), context.layout(operator.inputs[0])
    grid_height, grid_width = taps.grid
    columns = -(-grid_width // pixels)
    blocks = len(taps.bias) // 4
    size, counts = dispatch(operator, context, columns * grid_height, -(-blocks // block_count))
    packed, text = pack_blocks(_tile_weight(taps, block_count), operator.weight, context)
    parameters = {
        **io_text(operator, context, 2),
        "weights": text,
        "workgroup": size,
        "pixels": pixels,
        "block_count": block_count,
        "phases": range(len(taps.used)),
        "scale": taps.scale,
        "shuffle": taps.shuffle,
        "run": blocks // taps.shuffle**2,
        "columns": columns,
        "grid_height": grid_height,
        "grid_width": grid_width,
        "stride_y": taps.stride[0],
        "stride_x": taps.stride[1],
        "input_blocks": source.blocks,
        "output_blocks": blocks,
        "source_height": source.height,
        "source_width": source.width,
        "tap_count": int(taps.used.sum()),
        "lines": _lines(taps, source, pixels, columns),
        "guard_blocks": blocks % block_count != 0,
        "guard_pixels": grid_width % pixels != 0,
    }
    return Lowered(render("conv_tile.wgsl", parameters), counts, (packed, Constant(taps.bias)))


def _lines(taps: _Taps, source: Layout, pixels: int, columns: int) -> list[SimpleNamespace]:
    """For each source row that a thread reads: where its pixels are, and which taps they meet.

    A load or a row that lies inside the image for every thread is read without looking; only edges are checked.
    """
    order = {index: n for n, index in enumerate(map(tuple, np.argwhere(taps.used)))}
    last_left = (columns - 1) * pixels * taps.stride[1]
    last_top = (taps.grid[0] - 1) * taps.stride[0]
    lines = []
    for i, row in enumerate(taps.rows):
        offsets: list[int] = []
        uses = []
        for (phase, down, across), index in order.items():
            if down != i:
                continue
            reads = [taps.columns[across] + p * taps.stride[1] for p in range(pixels)]
            offsets += [offset for offset in reads if offset not in offsets]
            loads = [offsets.index(offset) for offset in reads]
            uses.append(SimpleNamespace(index=index, phase=phase, loads=loads))
        loads_here = [(n, o, o < 0 or last_left + o >= source.width) for n, o in enumerate(offsets)]
        edge = row < 0 or last_top + row >= source.height
        lines.append(SimpleNamespace(offset=row, edge=edge, loads=loads_here, taps=uses))
    return lines


def _tile_weight(taps: _Taps, block_count: int) -> NDArray[np.float32]:
    """Weight blocks in the order of the kernel: [output block][input block][tap], 4 inputs by 4 outputs each."""
    weight = pad_to_blocks(taps.weight, 2)
    used = np.stack([weight[p, :, :, i, j] for p, i, j in np.argwhere(taps.used)])
    count, outputs, inputs = used.shape
    blocks = used.reshape(count, outputs // 4, 4, inputs // 4, 4).transpose(1, 3, 0, 4, 2)
    missing = -(outputs // 4) % block_count
    return np.pad(blocks, [(0, missing), *[(0, 0)] * 4])


def _tile_applies(operator: ir.Convolution | ir.PhaseConvolution, context: Context, *, block_count: int) -> bool:
    # Unrolling beyond this makes a text that takes seconds to compile; the plain kernel has no such bound.
    taps = operator.used.sum() if isinstance(operator, ir.PhaseConvolution) else operator.weight[0, 0].size
    grouped = isinstance(operator, ir.Convolution) and operator.groups != 1
    enough = block_count == 1 or len(operator.bias) > 4
    return not grouped and enough and int(taps) <= 144


def _tile_rank(
    operator: ir.Convolution | ir.PhaseConvolution, context: Context, *, pixels: int, block_count: int
) -> float:
    """Prefer as many sums a thread as registers hold, and threads enough for the device."""
    grid = operator.source if isinstance(operator, ir.PhaseConvolution) else operator.grid
    return -abs(pixels - min(grid[1], 4)) - abs(block_count - 1)


_TILES = [
    Kernel(
        f"tile_{pixels}x{block_count}",
        kind,
        partial(_tile_applies, block_count=block_count),
        partial(_lower_tile, pixels=pixels, block_count=block_count),
        partial(_tile_rank, pixels=pixels, block_count=block_count),
    )
    for kind in (ir.Convolution, ir.PhaseConvolution)
    for pixels in (1, 2, 4, 8)
    for block_count in (1, 2)
]


# -- plain -----------------------------------------------------------------------------------------------------


def _lower_plain(operator: ir.Convolution, context: Context) -> Lowered:
    parameters = _plain_parameters(operator, context) | {
        "outputs": len(operator.bias),
        "shuffle": operator.shuffle,
        "groups": operator.groups,
        "group_inputs": operator.weight.shape[1],
    }
    return _plain("conv_plain.wgsl", operator, context, parameters)


def _lower_transposed(operator: ir.TransposedConvolution, context: Context) -> Lowered:
    parameters = _plain_parameters(operator, context) | {
        "group_inputs": operator.weight.shape[0] // operator.groups,
        "group_outputs": operator.weight.shape[1],
    }
    return _plain("conv_transposed_plain.wgsl", operator, context, parameters)


def _plain_parameters(operator: ir.Convolution | ir.TransposedConvolution, context: Context) -> dict[str, Any]:
    source, target = context.layout(operator.inputs[0]), layout_of(operator.shape)
    return {
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


def _plain(
    file: str,
    operator: ir.Convolution | ir.TransposedConvolution,
    context: Context,
    parameters: dict[str, Any],
) -> Lowered:
    size, counts = dispatch(operator, context, parameters["vec4s"])
    parameters |= {"workgroup": size, **io_text(operator, context, 2)}
    constants = Constant(np.ascontiguousarray(operator.weight).reshape(-1)), Constant(operator.bias)
    return Lowered(render(file, parameters), counts, constants)


def _lower_phases_plainly(operator: ir.PhaseConvolution, context: Context) -> Lowered:
    """Phase by phase on the definition's terms: one position, one channel block and all phases a thread."""
    return _lower_tile(operator, context, pixels=1, block_count=1)


_LAST = partial(lambda rank, operator, context: rank, float("-inf"))

KERNELS = (
    *_TILES,
    Kernel("plain", ir.Convolution, always, _lower_plain, _LAST),
    Kernel("plain", ir.TransposedConvolution, always, _lower_transposed, _LAST),
    Kernel("plain", ir.PhaseConvolution, always, _lower_phases_plainly, _LAST),
)
