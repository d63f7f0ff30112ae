"""Rewrites that make a graph cheaper and leave what it computes unchanged, up to rounding.

Each is a function from graph to graph that can be read and tested alone; `REWRITES` is the order in which
`rewrite` applies them. Cast, Constant, Identity, Dropout and shape arithmetic are gone already: the import
folds them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.expression import (
    RESULT,
    Array,
    Call,
    Expression,
    Literal,
    Operand,
    size,
    substitute,
)
from vaevis_tui.engine.graph.ir import Graph, Operator

Rewrite: TypeAlias = Callable[[Graph], Graph]

Numbers: TypeAlias = NDArray[np.float64]

MAX_EPILOGUE = 48
"""Calls in one fused expression: more would spill registers, and no graph may grow one without end."""

MAX_SCALE = 4
"""Phases along an axis: their kernels take up to its square times the weight's memory."""

MAX_OPERANDS = 4
"""Tensors that an epilogue reads: with input, weight, bias and result they are WebGPU's 8 buffers."""

_Weighted: TypeAlias = ir.Linear | ir.Convolution | ir.TransposedConvolution


def rewrite(graph: Graph) -> Graph:
    """Apply every rewrite of `REWRITES` in turn."""
    for step in REWRITES:
        graph = step(graph)
    return graph


# -- into the weights ----------------------------------------------------------------------------------------


def fold_affine_into_weights(graph: Graph) -> Graph:
    """Take constant Mul and Add, MatMul's bias and BatchNormalization into the weights before them."""
    while (found := next(_affine_steps(graph), None)) is not None:
        producer, consumer, factor, offset = found
        weight = _scale_outputs(producer, factor)
        bias = (producer.bias * factor + offset).astype(np.float32)
        folded = dataclasses.replace(
            producer, weight=weight, bias=bias, output=consumer.output, shape=consumer.shape
        )
        graph = graph.replace({producer.output: None, consumer.output: folded})
    return graph


def _affine_steps(graph: Graph) -> Iterator[tuple[_Weighted, Operator, Numbers, Numbers]]:
    producers, uses = graph.producers, graph.uses
    for consumer in graph.operators:
        if not isinstance(consumer, ir.Pointwise) or not isinstance(consumer.epilogue, Call):
            continue
        function, arguments = consumer.epilogue.function, consumer.epilogue.arguments
        if function not in ("add", "sub", "mul", "div"):
            continue
        for mine, other in ((0, 1), (1, 0)) if function in ("add", "mul") else ((0, 1),):
            own = arguments[mine]
            if not isinstance(own, Operand):
                continue
            name = consumer.operands[own.index]
            producer = producers.get(name)
            if not isinstance(producer, ir.Linear | ir.Convolution | ir.TransposedConvolution):
                continue
            if producer.epilogue != RESULT or uses[name] != 1 or producer.shape != consumer.shape:
                continue
            constant = _per_output(graph, producer, consumer, arguments[other])
            if constant is None or (function == "div" and not constant.all()):
                continue
            factor, offset = np.ones_like(constant), np.zeros_like(constant)
            match function:
                case "add":
                    offset = constant
                case "sub":
                    offset = -constant
                case "mul":
                    factor = constant
                case "div":
                    factor = 1 / constant
            yield producer, consumer, factor, offset


def _per_output(
    graph: Graph, producer: _Weighted, consumer: Operator, expression: Expression
) -> Numbers | None:
    """The constant as one float64 number a row of the producer's weight, or None where it is not so."""
    if isinstance(expression, Literal):
        return np.full(len(producer.bias), expression.value)
    if not isinstance(expression, Operand):
        return None
    constant = graph.constants.get(consumer.operands[expression.index])
    if constant is None:
        return None
    if isinstance(producer, ir.Linear):
        return np.broadcast_to(constant, consumer.shape).reshape(-1).astype(np.float64)
    aligned = constant.reshape((1,) * (4 - constant.ndim) + constant.shape)
    if aligned.shape[2:] != (1, 1):
        return None
    return np.broadcast_to(aligned, (1, len(producer.bias), 1, 1)).reshape(-1).astype(np.float64)


def _scale_outputs(producer: _Weighted, factor: Numbers) -> Array:
    weight = producer.weight
    if isinstance(producer, ir.TransposedConvolution):
        by_input = factor.reshape(producer.groups, 1, weight.shape[1])
        grouped = weight.reshape(producer.groups, -1, *weight.shape[1:]) * by_input[..., None, None]
        return grouped.reshape(weight.shape).astype(np.float32)
    return (weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))).astype(np.float32)


def fold_permutation_into_linear(graph: Graph) -> Graph:
    """Let a matrix write its rows in the order and shape that a Reshape or Transpose after it asks for."""
    producers, uses = graph.producers, graph.uses
    for operator in graph.operators:
        if not isinstance(operator, ir.Permute) or operator.epilogue != RESULT:
            continue
        producer = producers.get(operator.inputs[0])
        if not isinstance(producer, ir.Linear) or producer.epilogue != RESULT or uses[producer.output] != 1:
            continue
        rows = np.arange(len(producer.bias)).reshape(operator.view).transpose(operator.order).reshape(-1)
        in_order = bool((np.diff(rows) == 1).all())
        folded = dataclasses.replace(
            producer,
            output=operator.output,
            shape=operator.shape,
            weight=producer.weight if in_order else np.ascontiguousarray(producer.weight[rows]),
            bias=producer.bias if in_order else producer.bias[rows],
        )
        return fold_permutation_into_linear(graph.replace({producer.output: None, operator.output: folded}))
    return graph


def fold_permutation_into_linear_input(graph: Graph) -> Graph:
    """Let a matrix read its columns in the order that its input had before a Reshape or Transpose."""
    producers = graph.producers
    changes: dict[str, Operator | None] = {}
    for operator in graph.operators:
        producer = producers.get(operator.inputs[0]) if isinstance(operator, ir.Linear) else None
        if not isinstance(operator, ir.Linear) or not isinstance(producer, ir.Permute):
            continue
        if producer.epilogue != RESULT:
            continue
        columns = (
            np.arange(operator.weight.shape[1]).reshape(producer.view).transpose(producer.order).reshape(-1)
        )
        weight = np.empty_like(operator.weight)
        weight[:, columns] = operator.weight
        changes[operator.output] = dataclasses.replace(operator, inputs=producer.inputs, weight=weight)
    return remove_unread(graph.replace(changes))


def transposed_convolution_of_a_point_into_linear(graph: Graph) -> Graph:
    """A transposed convolution of a 1x1 image, as DCGAN begins, is a matrix: its rows are kernel pixels."""
    changes: dict[str, Operator | None] = {}
    for operator in graph.operators:
        if not isinstance(operator, ir.TransposedConvolution) or operator.source != (1, 1):
            continue
        if operator.groups != 1 or operator.dilations != (1, 1):
            continue
        top, left = operator.pads[:2]
        height, width = operator.shape[2:]
        inputs, _, *kernel = operator.weight.shape
        if top + height > kernel[0] or left + width > kernel[1]:
            continue
        seen = operator.weight[:, :, top : top + height, left : left + width]
        changes[operator.output] = ir.Linear(
            inputs=operator.inputs,
            output=operator.output,
            shape=operator.shape,
            epilogue=operator.epilogue,
            operands=operator.operands,
            weight=np.ascontiguousarray(seen.reshape(inputs, -1).T),
            bias=np.repeat(operator.bias, height * width),
        )
    return graph.replace(changes)


# -- order
# -----------------------------------------------------------------------------------------------------


def reshape_before_pointwise(graph: Graph) -> Graph:
    """Move a Reshape or Transpose before a pointwise operator of one tensor, towards the matrix there."""
    producers, uses = graph.producers, graph.uses
    for operator in graph.operators:
        if not isinstance(operator, ir.Permute) or operator.epilogue != RESULT:
            continue
        producer = producers.get(operator.inputs[0])
        if (
            not isinstance(producer, ir.Pointwise)
            or len(producer.operands) != 1
            or uses[producer.output] != 1
        ):
            continue
        source = producer.operands[0]
        if source in graph.constants or graph.shape_of(source) != producer.shape:
            continue
        moved = dataclasses.replace(operator, inputs=(source,), output=producer.output)
        after = dataclasses.replace(
            producer, operands=(moved.output,), output=operator.output, shape=operator.shape
        )
        return reshape_before_pointwise(graph.replace({producer.output: moved, operator.output: after}))
    return graph


# -- pointwise
# -------------------------------------------------------------------------------------------------


def merge_pointwise(graph: Graph) -> Graph:
    """Put pointwise operators that nothing else reads into the pointwise operators that read them."""
    while (change := _mergeable(graph)) is not None:
        graph = graph.replace(change)
    return graph


def _mergeable(graph: Graph) -> dict[str, Operator | None] | None:
    producers = graph.producers
    readers: dict[str, set[str]] = {}
    for operator in graph.operators:
        for name in operator.reads:
            readers.setdefault(name, set()).add(operator.output)
    for consumer in graph.operators:
        if not isinstance(consumer, ir.Pointwise):
            continue
        for name in consumer.operands:
            inner = producers.get(name)
            if not isinstance(inner, ir.Pointwise) or name == graph.output or len(readers[name]) != 1:
                continue
            merged = _inline(consumer, inner)
            if size(merged.epilogue) <= MAX_EPILOGUE and len(merged.operands) <= MAX_OPERANDS:
                return {inner.output: None, consumer.output: merged}
    return None


def _inline(consumer: Operator, inner: Operator) -> Operator:
    """The consumer with ``inner``'s expression in the place of the operand that it makes."""
    operands = list(dict.fromkeys(o for o in (*consumer.operands, *inner.operands) if o != inner.output))
    body = substitute(inner.epilogue, RESULT, [Operand(operands.index(o)) for o in inner.operands])
    places = [body if o == inner.output else Operand(operands.index(o)) for o in consumer.operands]
    epilogue = substitute(consumer.epilogue, RESULT, places)
    return dataclasses.replace(consumer, operands=tuple(operands), epilogue=epilogue)


def fuse_epilogues(graph: Graph) -> Graph:
    """Apply a pointwise operator (activation, residual add) where the last of its operands is made."""
    while (change := _fusable(graph)) is not None:
        removed, fused = change
        graph = graph.replace({removed: None, fused.output: fused})
    return graph


def _fusable(graph: Graph) -> tuple[str, Operator] | None:
    producers = graph.producers
    readers: dict[str, set[str]] = {}
    for operator in graph.operators:
        for name in operator.reads:
            readers.setdefault(name, set()).add(operator.output)
    order = {operator.output: index for index, operator in enumerate(graph.operators)}
    for consumer in graph.operators:
        if not isinstance(consumer, ir.Pointwise):
            continue
        # The operand made last: the others exist by then, so the producer may wait for them.
        made = [name for name in consumer.operands if name in producers]
        for name in sorted(made, key=order.__getitem__, reverse=True):
            producer = producers[name]
            alone = len(readers[name]) == 1 and name != graph.output
            if isinstance(producer, ir.Pointwise) or not alone or producer.shape != consumer.shape:
                continue
            fused = _append(producer, consumer)
            if size(fused.epilogue) <= MAX_EPILOGUE and len(fused.reads) <= MAX_OPERANDS + 1:
                return producer.output, fused
    return None


def _append(producer: Operator, consumer: Operator) -> Operator:
    """The producer with the consumer's expression after its own epilogue, in the consumer's place."""
    operands = list(
        dict.fromkeys(o for o in (*producer.operands, *consumer.operands) if o != producer.output)
    )
    own = substitute(producer.epilogue, RESULT, [Operand(operands.index(o)) for o in producer.operands])
    places = [own if o == producer.output else Operand(operands.index(o)) for o in consumer.operands]
    epilogue = substitute(consumer.epilogue, RESULT, places)
    return dataclasses.replace(producer, output=consumer.output, operands=tuple(operands), epilogue=epilogue)


# -- upsampling
# --------------------------------------------------------------------------------------------------


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
        weight, used, origin = _upsampled_phases(operator, scale)
        fused = ir.PhaseConvolution(
            inputs=resize.inputs,
            output=operator.output,
            shape=operator.shape,
            epilogue=operator.epilogue,
            operands=operator.operands,
            weight=weight,
            bias=operator.bias,
            scale=scale,
            origin=origin,
            used=used,
            source=(resize.shape[2] // scale, resize.shape[3] // scale),
        )
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


def nearest_indices(resize: ir.Resize, length: int, scale: float, axis: int) -> NDArray[np.int64]:
    """Source index of each output index along one axis, by ONNX Resize's formulas.

    Args:
        resize: The operator.
        length: Input length along the axis.
        scale: Output length over input length.
        axis: 0 for height, 1 for width.
    """
    positions = source_positions(resize, length, scale, axis)
    rounding: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "round_prefer_floor": lambda x: np.ceil(x - np.float32(0.5)),
        "round_prefer_ceil": lambda x: np.floor(x + np.float32(0.5)),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    return np.asarray(np.clip(rounding[resize.rounding](positions), 0, length - 1), np.int64)


def source_positions(resize: ir.Resize, length: int, scale: float, axis: int) -> NDArray[np.float32]:
    """Real-valued source coordinate of each output index along one axis, by ONNX Resize's formulas.

    In float32 throughout, as onnxruntime has it: which of two neighbours is the nearest hangs on the last
    bit.
    """
    total = resize.shape[2 + axis]
    index, factor, half = np.arange(total, dtype=np.float32), np.float32(scale), np.float32(0.5)
    if resize.coordinates == "align_corners":
        return index * np.float32(length - 1) / np.float32(max(total - 1, 1))
    if resize.coordinates == "asymmetric":
        return index / factor
    if resize.coordinates == "pytorch_half_pixel" and total == 1:
        return index
    if resize.coordinates == "tf_half_pixel_for_nn":
        return (index + half) / factor
    if resize.coordinates == "half_pixel_symmetric":  # both ends alike where the scale does not fit
        adjustment = np.float32(total) / (factor * np.float32(length))
        offset = np.float32(length) / np.float32(2) * (np.float32(1) - adjustment)
        return offset + (index + half) / factor - half
    return (index + half) / factor - half


def cubic_taps(
    resize: ir.Resize, length: int, scale: float, axis: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each output index along an axis, the four source indices of cubic resizing and their weights.

    By Keys, "Cubic convolution interpolation for digital image processing", 1981, as ONNX Resize has it.
    Arguments are those of `nearest_indices`; both results have shape (output length, 4).
    """
    positions = source_positions(resize, length, scale, axis)
    indices = np.floor(positions).astype(np.int64)[:, None] + np.arange(-1, 3)
    t = np.abs(positions[:, None].astype(np.float64) - indices)
    a = resize.cubic_coefficient
    near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * (t**3 - 5 * t**2 + 8 * t - 4)
    weights = np.where(t <= 1, near, np.where(t < 2, far, 0))
    if resize.exclude_outside:
        weights = np.where((indices >= 0) & (indices < length), weights, 0)
        weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(indices, 0, length - 1), weights.astype(np.float32)


def _fits_phases(operator: ir.Convolution, resize: ir.Resize) -> bool:
    same_size = operator.shape[2:] == resize.shape[2:]
    return operator.groups == 1 and operator.strides == (1, 1) and operator.shuffle == 1 and same_size


def _upsampled_phases(operator: ir.Convolution, scale: int) -> tuple[Array, np.ndarray, tuple[int, int]]:
    taps: list[list[list[int | None]]] = [
        # for each phase and kernel index along the axis, the source offset that it falls on
        [[(phase + k * d - pad) // scale for k in range(count)] for phase in range(scale)]
        for count, d, pad in zip(
            operator.weight.shape[2:], operator.dilations, operator.pads[:2], strict=True
        )
    ]
    return _phases(operator.weight, scale, taps)


def _phases(
    weight: Array, scale: int, taps: list[list[list[int | None]]]
) -> tuple[Array, np.ndarray, tuple[int, int]]:
    """Gather a kernel into phases.

    Args:
        weight: float32 (outputs, inputs, kernel height, kernel width).
        scale: Phases along each axis.
        taps: For each axis, phase and kernel index: the source offset that it multiplies, None for none.

    Returns:
        Weight, used and origin of a `PhaseConvolution`.
    """
    offsets = [[o for phase in axis for o in phase if o is not None] for axis in taps]
    first = [min(axis) for axis in offsets]
    count = [max(axis) - low + 1 for axis, low in zip(offsets, first, strict=True)]
    out = np.zeros((scale, scale, *weight.shape[:2], *count), np.float64)
    used = np.zeros((scale, scale, *count), np.bool_)
    for py, px in product(range(scale), repeat=2):
        for (ky, dy), (kx, dx) in product(enumerate(taps[0][py]), enumerate(taps[1][px])):
            if dy is None or dx is None:
                continue
            out[py, px, :, :, dy - first[0], dx - first[1]] += weight[:, :, ky, kx]
            used[py, px, dy - first[0], dx - first[1]] = True
    return out.astype(np.float32), used, (first[0], first[1])


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
        weight, used, origin = _phases(operator.weight.transpose(1, 0, 2, 3), scale, taps)
        changes[operator.output] = ir.PhaseConvolution(
            inputs=operator.inputs,
            output=operator.output,
            shape=operator.shape,
            epilogue=operator.epilogue,
            operands=operator.operands,
            weight=weight,
            bias=operator.bias,
            scale=scale,
            origin=origin,
            used=used,
            source=operator.source,
        )
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


def nest_concat(graph: Graph) -> Graph:
    """Join more than `MAX_OPERANDS` tensors in several steps: each step binds a buffer a tensor."""
    operators: list[Operator] = []
    for operator in graph.operators:
        while isinstance(operator, ir.Concat) and len(operator.inputs) > MAX_OPERANDS:
            head, tail = operator.inputs[:MAX_OPERANDS], operator.inputs[MAX_OPERANDS:]
            shapes = [graph.shape_of(name) for name in head]
            channels = sum(shape[1] for shape in shapes)
            part = f"{operator.output}.first{len(tail)}"
            operators.append(ir.Concat(inputs=head, output=part, shape=(1, channels, *shapes[0][2:])))
            graph = dataclasses.replace(graph, operators=(*graph.operators, operators[-1]))
            operator = dataclasses.replace(operator, inputs=(part, *tail))
        operators.append(operator)
    return dataclasses.replace(graph, operators=tuple(operators))


# -- clearing up
# -------------------------------------------------------------------------------------------------


def remove_unread(graph: Graph) -> Graph:
    """Drop operators and constants that the output does not depend on."""
    needed = {graph.output}
    kept: list[Operator] = []
    for operator in reversed(graph.operators):
        if operator.output in needed:
            needed.update(operator.reads)
            kept.append(operator)
    constants = {name: array for name, array in graph.constants.items() if name in needed}
    return dataclasses.replace(graph, operators=tuple(reversed(kept)), constants=constants)


REWRITES: tuple[Rewrite, ...] = (
    remove_unread,
    transposed_convolution_of_a_point_into_linear,
    fold_permutation_into_linear_input,
    fold_affine_into_weights,
    reshape_before_pointwise,
    fold_permutation_into_linear,
    fold_affine_into_weights,  # what a Reshape kept from the matrix before
    upsample_into_convolution,
    transposed_convolution_into_phases,
    merge_pointwise,
    fuse_epilogues,
    shuffle_into_convolution,
    nest_concat,
    remove_unread,
)
"""Every rewrite, in the order of application."""
