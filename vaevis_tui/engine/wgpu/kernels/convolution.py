"""Kernels for convolutions of every kind: by register blocking, and for what that does not do plainly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.wgpu.kernels.base import (
    BROADCAST_LANES,
    Constant,
    Context,
    Kernel,
    Lowered,
    always,
    dispatch,
    io_text,
    pack_blocks,
)
from vaevis_tui.engine.wgpu.kernels.plain import lower_plain
from vaevis_tui.engine.wgpu.layout import Layout, pad_to_blocks
from vaevis_tui.engine.wgpu.template import render


@dataclass(frozen=True)
class _Tile:
    """What a thread makes.

    Attributes:
        pixels: Neighbouring positions.
        blocks: Blocks of four channels at each of them.
        split: Threads of a workgroup that share the sum over the input channels.
    """

    pixels: int
    blocks: int
    split: int = 1

    @property
    def name(self) -> str:
        """E.g. ``tile_4x2`` or ``tile_1x1_split8``."""
        return f"tile_{self.pixels}x{self.blocks}" + (f"_split{self.split}" if self.split > 1 else "")


@dataclass(frozen=True)
class _Taps:
    """A convolution of either kind as the register-blocking kernel sees it.

    Attributes:
        weight: float32 (phases down, outputs, inputs, rows, taps across); outputs padded to blocks of four,
        taps of
            all phases across one after another.
        bias: float32 (outputs,), padded likewise.
        first_rows: For each phase down, source row of its first tap, relative to the position times the
        stride.
        row_counts: For each phase down, how many rows of taps it has.
        row_step: Source rows from one row of taps to the next.
        columns: For each tap across, the phase it belongs to and its source column, relative likewise.
        stride: Vertical, horizontal.
        grid: Height and width of the positions it is evaluated at.
        scale: Phases along each axis, written to neighbouring pixels.
        shuffle: Output pixels a position, along each axis, that runs of channel blocks are written to.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    first_rows: list[int]
    row_counts: list[int]
    row_step: int
    columns: list[tuple[int, int]]
    stride: tuple[int, int]
    grid: tuple[int, int]
    scale: int
    shuffle: int


def _taps(operator: ir.Convolution | ir.PhaseConvolution) -> _Taps:
    return _phase_taps(operator) if isinstance(operator, ir.PhaseConvolution) else _plain_taps(operator)


def _plain_taps(operator: ir.Convolution) -> _Taps:
    runs = operator.shuffle**2
    weight = pad_to_blocks(operator.weight.reshape(runs, -1, *operator.weight.shape[1:]), 1)
    return _Taps(
        weight=weight.reshape(1, -1, *operator.weight.shape[1:]),
        bias=pad_to_blocks(operator.bias.reshape(runs, -1), 1).reshape(-1),
        first_rows=[-operator.pads[0]],
        row_counts=[operator.weight.shape[2]],
        row_step=operator.dilations[0],
        columns=_columns(operator)[0],
        stride=operator.strides,
        grid=operator.grid,
        scale=1,
        shuffle=operator.shuffle,
    )


def _phase_taps(operator: ir.PhaseConvolution) -> _Taps:
    rows = [np.flatnonzero(used.any(axis=(0, 2))) for used in operator.used]
    across = np.argwhere(operator.used.any(axis=(0, 2)))
    counts = [int(r[-1] - r[0]) + 1 if len(r) else 0 for r in rows]
    scale, _, outputs, inputs = operator.weight.shape[:4]
    weight = np.zeros((scale, outputs, inputs, max(counts), len(across)), np.float32)
    for phase, (row, count) in enumerate(zip(rows, counts, strict=True)):
        for index, (phase_x, tap) in enumerate(across):
            taken = operator.weight[phase, phase_x, :, :, row[0] : row[0] + count, tap] if count else 0
            weight[phase, :, :, :count, index] = taken
    return _Taps(
        weight=pad_to_blocks(weight, 1),
        bias=pad_to_blocks(operator.bias, 0),
        first_rows=[operator.origin[0] + int(r[0]) if len(r) else 0 for r in rows],
        row_counts=counts,
        row_step=1,
        columns=_columns(operator)[0],
        stride=(1, 1),
        grid=operator.source,
        scale=operator.scale,
        shuffle=1,
    )


def _columns(operator: ir.Convolution | ir.PhaseConvolution) -> tuple[list[tuple[int, int]], int]:
    """`_Taps.columns`, and the horizontal stride."""
    if isinstance(operator, ir.PhaseConvolution):
        across = np.argwhere(operator.used.any(axis=(0, 2)))
        return [(int(phase), operator.origin[1] + int(tap)) for phase, tap in across], 1
    kernel, step = operator.weight.shape[3], operator.dilations[1]
    return [(0, j * step - operator.pads[1]) for j in range(kernel)], operator.strides[1]


def _lower_tile(operator: ir.Convolution | ir.PhaseConvolution, context: Context, tile: _Tile) -> Lowered:
    pixels, block_count = tile.pixels, tile.blocks
    taps, source = _taps(operator), context.layout(operator.inputs[0])
    grid_height, grid_width = taps.grid
    columns = -(-grid_width // pixels)
    blocks = len(taps.bias) // 4
    block_groups = -(-blocks // block_count)
    places = columns * grid_height
    size, counts = dispatch(operator, context, places, block_groups * taps.scale, tile.split)
    weight = _tile_weight(taps, block_count)
    packed, text = pack_blocks(weight, context)
    loads, uses = _reads(taps, source, pixels, columns)
    texels = _block_texels(context)
    for use in uses:
        use.columns = _texel_columns(use.index, texels)
    parameters = {
        **io_text(operator, context, 2),
        "weights": text,
        "broadcast": context.broadcast,
        "texels": texels,
        "fetches": -(-len(uses) * texels // BROADCAST_LANES),
        "workgroup": size,
        "pixels": pixels,
        "split": tile.split,
        "places": places,
        "everyone": context.broadcast or tile.split > 1,
        "block_count": block_count,
        "block_groups": block_groups,
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
        "padded_blocks": weight.shape[1],
        "source_height": source.height,
        "source_width": source.width,
        "first_rows": taps.first_rows,
        "row_counts": taps.row_counts,
        "row_step": taps.row_step,
        "loads": loads,
        "taps": uses,
        "guard_blocks": blocks % block_count != 0,
        "guard_pixels": grid_width % pixels != 0,
    }
    bias = np.pad(taps.bias, (0, block_groups * block_count * 4 - len(taps.bias)))
    return Lowered(render("conv_tile.wgsl", parameters), counts, (packed, Constant(bias)))


def _reads(
    taps: _Taps, source: Layout, pixels: int, columns: int
) -> tuple[list[tuple[int, int, bool]], list[SimpleNamespace]]:
    """What a thread loads of one source row, and which loads each tap meets.

    Returns:
        Loads as (index, source column relative to the thread's first, whether it may lie outside the image),
        and taps with their index, their phase across and the load for each position. A load that lies inside
        the image for every thread is not checked.
    """
    offsets: list[int] = []
    uses = []
    for index, (phase, column) in enumerate(taps.columns):
        reads = [column + p * taps.stride[1] for p in range(pixels)]
        offsets += [offset for offset in reads if offset not in offsets]
        loads = [offsets.index(offset) for offset in reads]
        uses.append(SimpleNamespace(index=index, phase=phase, loads=loads))
    last = (columns - 1) * pixels * taps.stride[1]
    return [(n, o, o < 0 or last + o >= source.width) for n, o in enumerate(offsets)], uses


def _block_texels(context: Context) -> int:
    """Texels, or vec4s of u32, that a 4x4 block of weights takes."""
    return 2 if context.half else 4


def _texel_columns(tap: int, texels: int) -> list[tuple[str, int]]:
    """Where the four columns of a tap's block are: which fetch and column of it, and in whose lane."""
    found = []
    for column in range(4):
        texel = tap * texels + column * texels // 4
        part = "" if texels == 4 else f"[{column % 2}]"
        found.append((f"{texel // BROADCAST_LANES}{part}", texel % BROADCAST_LANES))
    return found


def _tile_weight(taps: _Taps, block_count: int) -> NDArray[np.float32]:
    """Weights as [phase down][output block][input block][row][tap], each 4 inputs by 4 outputs."""
    weight = pad_to_blocks(taps.weight, 2)
    phases, outputs, inputs, rows, across = weight.shape
    blocks = weight.reshape(phases, outputs // 4, 4, inputs // 4, 4, rows, across).transpose(
        0, 1, 3, 5, 6, 4, 2
    )
    missing = -(outputs // 4) % block_count
    if missing == 0:
        return blocks
    return np.pad(blocks, [(0, 0), (0, missing), *[(0, 0)] * 5])


MAX_UNROLLED = 128
"""Multiply-add statements in one text."""

MAX_UNROLLED_SOFTWARE = 42
"""The same where LLVM compiles for the processor: twice as many take twice as long, seconds at first."""

SEVENS = 7
"""Pixels of a tile for 28 pixels and their halves, where tiles of 8 compute an eighth for nothing."""


MAX_SHARED = 16
"""Sums of a thread that others add up: 64 threads of 16 vec4s fill the 16 KiB of every workgroup."""


def _tile_applies(operator: ir.Convolution | ir.PhaseConvolution, context: Context, tile: _Tile) -> bool:
    pixels, block_count = tile.pixels, tile.blocks
    if isinstance(operator, ir.Convolution) and operator.groups != 1:
        return False
    across = len(_columns(operator)[0])
    # A thread of two channel blocks needs two to fill; the last tile must not be mostly beyond the edge.
    fits = (block_count == 1 or len(operator.bias) > 4) and pixels < 2 * _grid(operator)[1]
    if pixels == SEVENS:
        fits = fits and context.software and _grid(operator)[1] % SEVENS == 0
    if tile.split > 1:
        scale = operator.scale if isinstance(operator, ir.PhaseConvolution) else 1
        inputs = context.layout(operator.inputs[0]).blocks
        fits = fits and inputs >= 2 * tile.split and pixels * block_count * scale <= MAX_SHARED
        fits = fits and not context.broadcast  # lanes that read each other's weights do the same inputs
    most = MAX_UNROLLED_SOFTWARE if context.software else MAX_UNROLLED
    return fits and across * pixels * block_count <= most


def _grid(operator: ir.Convolution | ir.PhaseConvolution) -> tuple[int, int]:
    return operator.source if isinstance(operator, ir.PhaseConvolution) else operator.grid


def _tile_rank(operator: ir.Convolution | ir.PhaseConvolution, context: Context, tile: _Tile) -> float:
    """Less estimated time is better.

    A thread's time is its loads and multiply-adds; the device's is that of the groups of lanes it cannot run
    at once. On llvmpipe (8 lanes, Mesa 22.3) loading four numbers from a texture takes about as long as
    multiplying two 4x4 blocks by a vector, and reading a block from other lanes half as long as one. For GPUs
    the numbers are those of a mid-range one: 32 lanes, a thousand groups in flight.
    """
    pixels, block_count = tile.pixels, tile.blocks
    columns, stride = _columns(operator)
    height, width = _grid(operator)
    scale = operator.scale if isinstance(operator, ir.PhaseConvolution) else 1
    loads = len({column + p * stride for _, column in columns for p in range(pixels)})
    blocks_read = len(columns) * block_count
    texels = _block_texels(context)
    if context.broadcast:
        weights = -(-len(columns) * texels // BROADCAST_LANES) * block_count
        work = 2 * (weights + loads) + 0.5 * blocks_read + blocks_read * pixels
    else:
        load = 2 if context.software else 4
        work = load * (texels * blocks_read + loads) + blocks_read * pixels
    work *= context.layout(operator.inputs[0]).blocks / tile.split
    if tile.split > 1 and context.software:
        return -math.inf  # there are no threads to fill
    if tile.split > 1:
        work += 16 * pixels * block_count * scale  # adding up behind a barrier
    lanes, at_once = (8, 1) if context.software else (32, 1000)
    groups = -(-width // pixels) * height * tile.split / lanes
    blocks = -(-len(operator.bias) // (4 * block_count)) * scale
    return -work * max(1.0, math.ceil(groups) * blocks / at_once)


_TILES = [
    Kernel(
        tile.name,
        kind,
        partial(_tile_applies, tile=tile),
        partial(_lower_tile, tile=tile),
        partial(_tile_rank, tile=tile),
    )
    for kind in (ir.Convolution, ir.PhaseConvolution)
    for tile in (
        *(_Tile(pixels, blocks) for pixels in (1, 2, 4, SEVENS, 8) for blocks in (1, 2)),
        *(_Tile(1, 1, 8), _Tile(1, 2, 8), _Tile(2, 1, 8), _Tile(2, 2, 8), _Tile(4, 1, 4)),
    )
]

_LAST = partial(lambda rank, operator, context: rank, float("-inf"))

KERNELS = (
    *_TILES,
    Kernel("plain", ir.Convolution, always, lower_plain, _LAST),
    Kernel("plain", ir.PhaseConvolution, always, lower_plain, _LAST),
    Kernel("plain", ir.TransposedConvolution, always, lower_plain, _LAST),
)
