"""ONNX operators that only say which elements stand where: one NumPy call on the elements' numbers each."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.graph.expression import Operand, call
from vaevis_tui.engine.graph.readers.importer import Importer, Reader, readers, refuse
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators.declare import Given
from vaevis_tui.onnx_model.operators.folding import slice_array

Numbers = NDArray[np.int64]


def _numbers(importer: Importer, node: Node) -> Numbers:
    """Each element's flat index, in the shape of the first input."""
    shape = importer.shape(node.inputs[0])
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape)


def _static_gather(
    importer: Importer, node: Node, picked: Numbers, output: str | None = None, fill: float = 0.0
) -> None:
    begins = importer.shape(node.inputs[0])[:1] != (1,) or picked.shape[:1] == (1,)
    if not begins or picked.ndim == 0 or picked.size == 0:
        refuse(node, f"its output for one example has shape {picked.shape}; it has to begin with it")
    importer.add_static_gather(node.inputs[0], output or node.outputs[0], picked, picked.shape, fill)


def _check_axis(importer: Importer, node: Node, axis: int) -> None:
    """Refuse the axis of the examples; where the first is longer than one, another was put before it."""
    if axis == 0 and importer.shape(node.inputs[0])[:1] == (1,):
        refuse(node, "it chooses among examples (axis 0), which are decoded one by one")


def _slice(importer: Importer, node: Node, given: Given) -> None:
    numbers, count = _numbers(importer, node), len(given.starts)
    axes, steps = given.axes or range(count), given.steps or (1,) * count
    picked = slice_array(numbers, given.starts, given.ends, axes, steps)
    first = [cut for cut in zip(given.starts, given.ends, axes, steps, strict=True) if cut[2] == 0]
    whole = slice_array(np.arange(1 << 20), *(zip(*first, strict=True) if first else ((),) * 4))
    if len(whole) != 1 << 20 or (len(whole) and whole[0] != 0):
        _check_axis(importer, node, 0)
    _static_gather(importer, node, picked)


def _split(importer: Importer, node: Node, given: Given) -> None:
    """Split into the parts that its outputs are."""
    numbers, axis, count = _numbers(importer, node), given.axis, len(node.outputs)
    _check_axis(importer, node, axis)
    if given.split is None:  # equal parts, the last one smaller where they cannot be
        length = -(-numbers.shape[axis] // count)
        ends = np.minimum(np.arange(1, count + 1) * length, numbers.shape[axis])
    else:
        ends = np.cumsum(given.split)
    if len(ends) != count or ends[-1] != numbers.shape[axis]:
        refuse(
            node, f"split={given.split} does not part {numbers.shape[axis]} elements among {count} outputs"
        )
    for output, part in zip(node.outputs, np.split(numbers, ends[:-1], axis), strict=True):
        _static_gather(importer, node, part, output)


def _gather(importer: Importer, node: Node, given: Given) -> None:
    _check_axis(importer, node, given.axis)
    _static_gather(importer, node, np.take(_numbers(importer, node), given.indices, given.axis))


def _gather_elements(importer: Importer, node: Node, given: Given) -> None:
    _check_axis(importer, node, given.axis)
    indices = given.indices % importer.shape(node.inputs[0])[given.axis]
    if any(a > b for a, b in zip(indices.shape, importer.shape(node.inputs[0]), strict=True)):
        refuse(node, f"indices of shape {indices.shape} reach beyond its input")
    numbers = _numbers(importer, node)[tuple(slice(n) for n in _all_but(indices.shape, given.axis))]
    _static_gather(importer, node, np.take_along_axis(numbers, indices, given.axis))


def _all_but(shape: tuple[int, ...], axis: int) -> tuple[int | None, ...]:
    return tuple(None if place == axis else length for place, length in enumerate(shape))


def _gather_nd(importer: Importer, node: Node, given: Given) -> None:
    numbers = _numbers(importer, node)
    _static_gather(importer, node, numbers[tuple(np.moveaxis(given.indices, -1, 0))])


def _scatter_nd(importer: Importer, node: Node, given: Given) -> None:
    """Elements of the third input in the place of some of the first."""
    places = np.full(importer.shape(node.inputs[0]), -1)
    updates = importer.shape(node.inputs[2])
    places[tuple(np.moveaxis(given.indices, -1, 0))] = np.arange(prod(updates)).reshape(updates)
    _overlay(importer, node, places)


def _scatter_elements(importer: Importer, node: Node, given: Given) -> None:
    places = np.full(importer.shape(node.inputs[0]), -1)
    updates = importer.shape(node.inputs[2])
    corner = places[tuple(slice(n) for n in _all_but(updates, given.axis))]
    np.put_along_axis(corner, given.indices, np.arange(prod(updates)).reshape(updates), given.axis)
    _overlay(importer, node, places)


def _overlay(importer: Importer, node: Node, places: Numbers) -> None:
    """The first input with elements of the third, by their places there; -1 leaves what it has."""
    stem = node.outputs[0]
    importer.add_static_gather(node.inputs[2], f"{stem}.updates", places, places.shape)
    importer.constants[f"{stem}.changed"] = (places >= 0).astype(np.float32)
    chosen = call("choose", Operand(0), Operand(1), Operand(2))
    importer.add_pointwise(node, stem, chosen, f"{stem}.changed", f"{stem}.updates", node.inputs[0])


def _tile(importer: Importer, node: Node, given: Given) -> None:
    tiled = np.tile(_numbers(importer, node), given.repeats)
    if tiled.ndim == 2 and len(tiled) > 1:  # a latent vector for each of a written batch
        importer.add_static_gather(node.inputs[0], node.outputs[0], tiled, tiled.shape)
    else:
        _static_gather(importer, node, tiled)


def _expand(importer: Importer, node: Node, given: Given) -> None:
    numbers = _numbers(importer, node)
    _static_gather(importer, node, np.broadcast_to(numbers, np.broadcast_shapes(numbers.shape, given.shape)))


def _pad(importer: Importer, node: Node, given: Given) -> None:
    """Pad; a negative pad cuts off."""
    numbers = _numbers(importer, node)
    pads = np.zeros((numbers.ndim, 2), np.int64)
    pads[list(given.axes or range(numbers.ndim))] = np.reshape(given.pads, (2, -1)).T
    if pads[0].any():
        _check_axis(importer, node, 0)
    cut = tuple(
        slice(max(-int(a), 0), n - max(-int(b), 0)) for n, (a, b) in zip(numbers.shape, pads, strict=True)
    )
    added = np.maximum(pads, 0)
    numbers = numbers[cut]
    if numbers.size == 0:
        refuse(node, f"pads={list(given.pads)} leave nothing of shape {importer.shape(node.inputs[0])}")
    filled = {"constant_values": -1} if given.mode == "constant" else {}
    _static_gather(importer, node, np.pad(numbers, added, given.mode, **filled), fill=given.value)


OPERATORS: Mapping[str, Reader] = readers(
    {
        "Expand": _expand,
        "Gather": _gather,
        "GatherElements": _gather_elements,
        "GatherND": _gather_nd,
        "Pad": _pad,
        "ScatterElements": _scatter_elements,
        "ScatterND": _scatter_nd,
        "Slice": _slice,
        "Split": _split,
        "Tile": _tile,
    }
)
"""By op_type."""
