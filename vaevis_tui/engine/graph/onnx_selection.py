"""ONNX operators that only say which elements stand where: one NumPy call on the elements' numbers each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph import ir
from vaevis_tui.engine.graph.importer import Importer, Reader, refuse
from vaevis_tui.onnx_model.folding import slice_array
from vaevis_tui.onnx_model.node import Node

Numbers = NDArray[np.int64]


def _numbers(importer: Importer, node: Node) -> Numbers:
    """Each element's flat index, in the shape of the first input."""
    shape = importer.shape(node.inputs[0])
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape)


def _pick(
    importer: Importer, node: Node, picked: Numbers, output: str | None = None, fill: float = 0.0
) -> None:
    begins = importer.shape(node.inputs[0])[:1] != (1,) or picked.shape[:1] == (1,)
    if not begins or picked.ndim == 0 or picked.size == 0:
        refuse(node, f"its output for one example has shape {picked.shape}; it has to begin with it")
    importer.add(
        ir.Pick(
            inputs=node.inputs[:1],
            output=output or node.outputs[0],
            shape=picked.shape,
            indices=np.ascontiguousarray(picked).reshape(-1),
            fill=fill,
        )
    )


def _check_axis(importer: Importer, node: Node, axis: int) -> None:
    """Refuse the axis of the examples; where the first is longer than one, another was put before it."""
    if axis == 0 and importer.shape(node.inputs[0])[:1] == (1,):
        refuse(node, "it chooses among examples (axis 0), which are decoded one by one")


def _slice(importer: Importer, node: Node) -> None:
    """Slice; starts, ends, axes and steps are attributes before opset 10."""
    numbers = _numbers(importer, node)
    given = [
        importer.optional(node, index, key)
        for index, key in enumerate(("starts", "ends", "axes", "steps"), 1)
    ]
    starts, ends, axes, steps = given
    if starts is None or ends is None:
        refuse(node, "it has no starts or no ends")
    axes = np.arange(len(starts)) if axes is None else axes % numbers.ndim
    steps = np.ones(len(starts), np.int64) if steps is None else steps
    picked = slice_array(numbers, starts, ends, axes, steps)
    whole = slice_array(
        np.arange(1 << 20), starts[axes == 0], ends[axes == 0], axes[axes == 0], steps[axes == 0]
    )
    if len(whole) != 1 << 20 or (len(whole) and whole[0] != 0):
        _check_axis(importer, node, 0)
    _pick(importer, node, picked)


def _split(importer: Importer, node: Node) -> None:
    """Split into the parts that its outputs are."""
    numbers = _numbers(importer, node)
    axis = int(node.attributes.get("axis", 0)) % numbers.ndim
    _check_axis(importer, node, axis)
    given = importer.optional(node, 1, "split")
    count = len(node.outputs)
    if given is None:  # equal parts, the last one smaller where they cannot be
        length = -(-numbers.shape[axis] // count)
        ends = np.minimum(np.arange(1, count + 1) * length, numbers.shape[axis])
    else:
        ends = np.cumsum(given)
    if len(ends) != count or ends[-1] != numbers.shape[axis]:
        refuse(node, f"split={given} does not divide {numbers.shape[axis]} elements among {count} outputs")
    for output, part in zip(node.outputs, np.split(numbers, ends[:-1], axis), strict=True):
        _pick(importer, node, part, output)


def _gather(importer: Importer, node: Node) -> None:
    """Gather by indices that are known."""
    numbers = _numbers(importer, node)
    axis = int(node.attributes.get("axis", 0)) % numbers.ndim
    _check_axis(importer, node, axis)
    _pick(importer, node, np.take(numbers, importer.constant(node, 1, "the indices"), axis))


def _tile(importer: Importer, node: Node) -> None:
    """Tile."""
    _pick(importer, node, np.tile(_numbers(importer, node), importer.constant(node, 1, "repeats")))


def _expand(importer: Importer, node: Node) -> None:
    """Expand to a shape that its own broadcasts to."""
    wanted = [int(n) for n in importer.constant(node, 1, "the shape")]
    try:
        shape = np.broadcast_shapes(importer.shape(node.inputs[0]), wanted)
    except ValueError as error:
        refuse(node, f"shape {importer.shape(node.inputs[0])} does not expand to {wanted}: {error}")
    _pick(importer, node, np.broadcast_to(_numbers(importer, node), shape))


_PAD_MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def _pad(importer: Importer, node: Node) -> None:
    """Pad; a negative pad cuts off."""
    numbers = _numbers(importer, node)
    mode = node.attributes.get("mode", "constant")
    given = importer.optional(node, 1, "pads")
    value = importer.optional(node, 2, "value")
    chosen = importer.optional(node, 3, "axes")
    if mode not in _PAD_MODES or given is None:
        refuse(node, f"mode={mode!r} with pads={given} is not supported, only {', '.join(_PAD_MODES)}")
    axes = range(numbers.ndim) if chosen is None else [int(a) % numbers.ndim for a in chosen]
    pads = np.zeros((numbers.ndim, 2), np.int64)
    for place, axis in enumerate(axes):
        pads[axis] = given[place], given[place + len(given) // 2]
    if pads[0].any():
        _check_axis(importer, node, 0)
    cut = tuple(
        slice(max(-int(a), 0), n - max(-int(b), 0)) for n, (a, b) in zip(numbers.shape, pads, strict=True)
    )
    added = np.maximum(pads, 0)
    numbers = numbers[cut]
    if numbers.size == 0:
        refuse(node, f"pads={given.tolist()} leave nothing of shape {importer.shape(node.inputs[0])}")
    if mode == "constant":
        picked = np.pad(numbers, added, constant_values=-1)
    else:
        picked = np.pad(numbers, added, mode=_PAD_MODES[mode])  # type: ignore[call-overload]
    fill = 0.0 if value is None else float(np.float32(value.item()))
    if not np.isfinite(fill):
        refuse(node, f"it pads with {fill}, which no shader's text can hold")
    _pick(importer, node, picked, fill=fill)


OPERATORS: Mapping[str, Reader] = {
    "Expand": _expand,
    "Gather": _gather,
    "Pad": _pad,
    "Slice": _slice,
    "Split": _split,
    "Tile": _tile,
}
"""Readers by op_type."""
