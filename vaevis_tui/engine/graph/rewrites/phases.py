"""Rewrites of convolutions that enlarge: each phase of the enlarged image by a small kernel of its own."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import RESULT, Array, substitute
from vaevis_tui.engine.graph.ir import Graph, Operator
from vaevis_tui.engine.graph.resize import nearest_indices

MAX_SCALE = 4
"""Phases along an axis: their kernels take up to its square times the weight's memory."""


_Phases: TypeAlias = tuple[Array, NDArray[np.bool_], tuple[int, int]]
"""Weight, used and origin of an `ir.PhaseConvolution`."""


def upsample_into_convolution(graph: Graph) -> Graph:
    """Nearest s-fold upsampling before a convolution, as one small convolution a phase on the small image.

    For s = 2 and a 3x3 kernel each phase has 2x2 taps whose weights are sums of the nine: 2.25x fewer
    multiply-adds, exactly the same result, and the large image is never written.
    """
    producers, uses = graph.producers, graph.uses
    for operator in graph.operators:
        if not isinstance(operator, ir.Convolution):
            continue
        resize = producers.get(operator.inputs[0])
        if not isinstance(resize, ir.Resize) or resize.epilogue != RESULT or uses[resize.output] != 1:
            continue
        scale = _repeats(resize, graph)
        if scale is None or not _fits_phases(operator, resize):
            continue
        source = (resize.shape[2] // scale, resize.shape[3] // scale)
        phases = _upsampled_phases(operator, scale)
        fused = _by_phases(operator, resize.inputs, source, scale, phases)
        return upsample_into_convolution(graph.replace({resize.output: None, operator.output: fused}))
    return graph


def _repeats(resize: ir.Resize, graph: Graph) -> int | None:
    """s, if the resize repeats each pixel s times down and across and does nothing else."""
    height, width = graph.shape_of(resize.inputs[0])[2:]
    scale = resize.shape[2] // height
    if (
        not 2 <= scale <= MAX_SCALE
        or resize.mode != "nearest"
        or resize.shape[2:] != (height * scale, width * scale)
    ):
        return None
    for axis, length in enumerate((height, width)):
        if (nearest_indices(resize, length, scale, axis) != np.arange(length * scale) // scale).any():
            return None
    return scale


def _fits_phases(operator: ir.Convolution, resize: ir.Resize) -> bool:
    same_size = operator.shape[2:] == resize.shape[2:]
    return operator.groups == 1 and operator.strides == (1, 1) and operator.shuffle == 1 and same_size


def _upsampled_phases(operator: ir.Convolution, scale: int) -> _Phases:
    taps: list[list[list[int | None]]] = [
        # for each phase and kernel index along the axis, the source offset that it falls on
        [[(phase + k * d - pad) // scale for k in range(count)] for phase in range(scale)]
        for count, d, pad in zip(
            operator.weight.shape[2:], operator.dilations, operator.pads[:2], strict=True
        )
    ]
    return _phases(operator.weight, scale, taps)


def _by_phases(
    operator: ir.Convolution | ir.TransposedConvolution,
    inputs: tuple[str, ...],
    source: tuple[int, int],
    scale: int,
    phases: _Phases,
) -> ir.PhaseConvolution:
    """What makes the same as ``operator`` of the small image, ``source`` pixels down and across."""
    weight, used, origin = phases
    return ir.PhaseConvolution(
        inputs=inputs,
        output=operator.output,
        shape=operator.shape,
        epilogue=operator.epilogue,
        operands=operator.operands,
        weight=weight,
        bias=operator.bias,
        scale=scale,
        origin=origin,
        used=used,
        source=source,
    )


def _phases(weight: Array, scale: int, taps: list[list[list[int | None]]]) -> _Phases:
    """Gather a kernel into phases.

    Args:
        weight: float32 (outputs, inputs, kernel height, kernel width).
        scale: Phases along each axis.
        taps: For each axis, phase and kernel index: the source offset that it multiplies, None for none.
    """
    offsets = [[o for phase in axis for o in phase if o is not None] for axis in taps]
    first = [min(axis) for axis in offsets]
    count = [max(axis) - low + 1 for axis, low in zip(offsets, first, strict=True)]
    # Taps lie outermost while they are gathered: each is then a matrix in one piece.
    out = np.zeros((scale, scale, *count, *weight.shape[:2]), np.float32)
    matrices = np.ascontiguousarray(weight.transpose(2, 3, 0, 1))
    used = np.zeros((scale, scale, *count), np.bool_)
    for py, px in product(range(scale), repeat=2):
        for (ky, dy), (kx, dx) in product(enumerate(taps[0][py]), enumerate(taps[1][px])):
            if dy is None or dx is None:
                continue
            out[py, px, dy - first[0], dx - first[1]] += matrices[ky, kx]
            used[py, px, dy - first[0], dx - first[1]] = True
    return out.transpose(0, 1, 4, 5, 2, 3), used, (first[0], first[1])


def transposed_convolution_into_phases(graph: Graph) -> Graph:
    """A transposed convolution of stride s as s² small ones: kernel 4, stride 2 is four of 2x2 taps."""
    changes: dict[str, Operator | None] = {}
    for operator in graph.operators:
        if not isinstance(operator, ir.TransposedConvolution):
            continue
        scale = operator.strides[0]
        enlarged = tuple(n * scale for n in operator.source)
        if operator.groups != 1 or operator.strides[1] != scale or operator.shape[2:] != enlarged:
            continue
        if scale > MAX_SCALE:
            continue
        taps: list[list[list[int | None]]] = [
            # Output o reads source i where o = i·s - pad + k·dilation.
            [
                [(p + pad - k * d) // scale if (p + pad - k * d) % scale == 0 else None for k in range(count)]
                for p in range(scale)
            ]
            for count, d, pad in zip(
                operator.weight.shape[2:], operator.dilations, operator.pads[:2], strict=True
            )
        ]
        phases = _phases(operator.weight.transpose(1, 0, 2, 3), scale, taps)
        changes[operator.output] = _by_phases(operator, operator.inputs, operator.source, scale, phases)
    return graph.replace(changes)


def shuffle_into_convolution(graph: Graph) -> Graph:
    """Let the convolution before a DepthToSpace write each of its channels to the pixel where it belongs."""
    producers, uses = graph.producers, graph.uses
    for operator in graph.operators:
        if not isinstance(operator, ir.DepthToSpace):
            continue
        producer = producers.get(operator.inputs[0])
        if not isinstance(producer, ir.Convolution) or uses[producer.output] != 1 or producer.shuffle != 1:
            continue
        if producer.operands or producer.groups != 1:  # the operands would have to be shuffled too
            continue
        phases, channels = operator.block**2, operator.shape[1]
        rows = np.arange(phases * channels)
        if operator.mode == "CRD":
            rows = rows.reshape(channels, phases).T.reshape(-1)
        fused = dataclasses.replace(
            producer,
            output=operator.output,
            shape=operator.shape,
            weight=np.ascontiguousarray(producer.weight[rows]),
            bias=producer.bias[rows],
            shuffle=operator.block,
            operands=operator.operands,
            epilogue=substitute(operator.epilogue, producer.epilogue),
        )
        return shuffle_into_convolution(graph.replace({producer.output: None, operator.output: fused}))
    return graph
