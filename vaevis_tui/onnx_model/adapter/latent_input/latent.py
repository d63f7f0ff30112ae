"""From one vector a row, (n, d), to the latent inputs that a graph has: their shapes, types and batch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.latent_input.controls import Control, read_control
from vaevis_tui.onnx_model.adapter.latent_input.inputs import Input
from vaevis_tui.onnx_model.adapter.options import Prior
from vaevis_tui.onnx_model.edit import FLOAT, Steps, add_constant, insert_nodes, new_name
from vaevis_tui.onnx_model.limits import MAX_LATENT_DIM
from vaevis_tui.onnx_model.node import Node, Shape
from vaevis_tui.onnx_model.operators.signatures import attribute
from vaevis_tui.onnx_model.shape_inference import Trace

if TYPE_CHECKING:
    import onnx

_SIDES = (1, 16, 8, 4, 32)
"""Heights and widths that are tried where a spatial latent leaves them open."""

MAX_GUESSES = 200
"""Shapes that are tried where sizes are left open."""


def concrete_shapes(model: onnx.ModelProto, inputs: Sequence[Input]) -> Iterator[dict[str, Shape]]:
    """Shapes that the inputs may have for one latent vector, the likeliest first.

    The first axis is that of several latent vectors; where it is left open it is one. What has no other axis
    and is open is of one vector, unless it is all there is.
    """
    alone = len(inputs) == 1
    open_inputs = [
        item
        for item in inputs
        if item.dims is None or (None in _rest(item) and (alone or len(item.dims) > 1))
    ]
    known = {item.name: tuple(n or 1 for n in item.dims or ()) for item in inputs if item not in open_inputs}
    if not open_inputs:
        yield known
        return
    sizes = _sizes(model, open_inputs[0].name)
    spatial = any(item.dims is not None and len(item.dims) > 3 for item in open_inputs)
    guesses = ((size, side) for size in sizes for side in (_SIDES if spatial else (1,)))
    for size, side in islice(guesses, MAX_GUESSES):
        yield known | {item.name: _filled(item, size, side) for item in open_inputs}


def _rest(item: Input) -> tuple[int | None, ...]:
    dims = item.dims or ()
    return dims[1:] if len(dims) > 1 else dims


def _filled(item: Input, size: int, side: int) -> Shape:
    if item.dims is None:
        return (1, size)
    if len(item.dims) == 1:
        return (item.dims[0] or size,)
    shape, last = [item.dims[0] or 1], len(item.dims) - 1
    for axis, n in enumerate(item.dims[1:], 1):
        spatial = len(item.dims) == 4 and axis > 1
        middle = len(item.dims) == 3 and axis < last
        shape.append(n or (side if spatial else 1 if middle else size))
    return tuple(shape)


def _sizes(model: onnx.ModelProto, name: str) -> list[int]:
    """Latent sizes that the weights suggest: those of what reads the input first, then all."""
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    names, hints = {name}, []
    for node in model.graph.node:
        if not names.intersection(node.input):
            continue
        dims = tuple(weights[node.input[1]].dims) if len(node.input) > 1 and node.input[1] in weights else ()
        if node.op_type == "Gemm" and len(dims) == 2:
            hints.append(dims[1 if attribute(Node.of(node), "transB") else 0])
        elif node.op_type in ("MatMul", "ConvTranspose") and dims:
            hints.append(dims[-2] if node.op_type == "MatMul" and len(dims) > 1 else dims[0])
        elif node.op_type == "Conv" and len(dims) > 1:
            hints.append(dims[1] * attribute(Node.of(node), "group"))
        else:
            names.update(node.output)
    every = {n for tensor in weights.values() for n in tensor.dims if 1 <= n <= MAX_LATENT_DIM}
    return list(dict.fromkeys([*hints, *sorted(every)]))


def baked_batch(model: onnx.ModelProto, walk: Trace, batch: int) -> dict[int, tuple[int, ...]]:
    """Reshapes into which a batch is written, by their place among the nodes: the shape after the batch."""
    found = {}
    for place, node in enumerate(model.graph.node):
        if node.op_type != "Reshape" or node.domain or not walk.depends(node.output[0]):
            continue
        target = walk.values.get(node.input[1])
        if target is not None and target.size and int(target.ravel()[0]) == batch:
            found[place] = walk.shape(node.output[0])[1:]
    return found


def open_batch(model: onnx.ModelProto, places: Mapping[int, tuple[int, ...]]) -> None:
    """Let those Reshapes take any number of latent vectors."""
    for place, rest in places.items():
        node = model.graph.node[place]
        node.input[1] = add_constant(model.graph, f"open.{place}", [-1, *rest], np.int64)


def is_plain(latents: Sequence[Input], shapes: Mapping[str, Shape]) -> bool:
    """Whether a graph takes (n, d) of float32 as it is."""
    return len(latents) == 1 and latents[0].data_type == FLOAT and len(shapes[latents[0].name]) == 2


def unify(
    model: onnx.ModelProto,
    latents: Sequence[Input],
    shapes: Mapping[str, Shape],
    *,
    directions: NDArray[np.float32] | None = None,
    repeat: int = 1,
    prior: Prior | None = None,
    controls: Sequence[Control] = (),
    walk: Trace | None = None,
) -> tuple[str, int]:
    """Put operators before a graph that make its latent inputs of one input (n, d).

    Args:
        model: The graph, which is changed.
        latents: Its latent inputs.
        shapes: Their shapes for one latent vector.
        directions: Rows (k, d) of which the only latent is a sum with weights z; None: z is the latent.
        prior: Where z is put if it lies beside; None: nowhere else.
        repeat: How often the latent vector is repeated along the first axis, for a graph that takes no less.
        controls: What follows z in the vector.
        walk: The graph walked for one latent vector, where there are any.

    Returns:
        Name of the new input, and length d of z in it.
    """
    graph, steps = model.graph, Steps(model.graph)
    sizes = [math.prod(shapes[item.name]) for item in latents]
    total, start = sum(sizes), 0
    source = "z" if "z" not in _names(graph) else new_name(graph, "z")
    given = steps.slice(source, 0, total, 1, "z.part") if controls else source
    given = _on_prior(graph, steps, given, prior)
    for item, size in zip(latents, sizes, strict=True):
        last = given
        if directions is not None:
            total = len(directions)
            last = steps.add("MatMul", last, add_constant(graph, "directions", directions))
        if len(latents) > 1:
            last = steps.slice(last, start, start + size, 1, f"{item.name}.part")
        shape = shapes[item.name]
        if shape != (1, size) or len(shape) == 1:
            target = shape if len(shape) == 1 else (-1, *shape[1:])
            last = steps.reshape(last, target, f"{item.name}.viewed")
        if repeat > 1:
            times = steps.integers(f"{item.name}.times", [repeat, *[1] * (len(shape) - 1)])
            last = steps.add("Tile", last, times, hint=f"{item.name}.repeated")
        if item.data_type != FLOAT:
            last = steps.add("Cast", last, hint=f"{item.name}.cast", to=item.data_type)
        if last == given:
            steps.add("Identity", last, hint=f"{item.name}.same")
        steps.name_last(item.name)
        start += size
    for control in controls:
        assert walk is not None
        last = steps.slice(source, start, start + control.size, 1, f"{control.item.name}.part")
        read_control(model, walk, control, last, steps)
        start += control.size
    insert_nodes(graph, steps.nodes)
    del graph.input[:]
    return source, total


def _on_prior(graph: onnx.GraphProto, steps: Steps, source: str, prior: Prior | None) -> str:
    """Keep z where the model has seen it: within bounds, or on the unit sphere."""
    if prior is None or prior.kind == "normal":
        return source
    if prior.kind == "uniform":
        low, high = (add_constant(graph, f"prior.{v}", v) for v in (prior.low, prior.high))
        return steps.add("Min", steps.add("Max", source, low, hint="z.above"), high, hint="z.within")
    square = steps.add("Mul", source, source, hint="z.square")
    axis = steps.integers("prior.axis", [1])
    total = steps.add("ReduceSum", square, axis, hint="z.sum", keepdims=1)
    positive = steps.add("Max", total, add_constant(graph, "prior.least", 1e-12), hint="z.positive")
    return steps.add("Div", source, steps.add("Sqrt", positive, hint="z.length"), hint="z.unit")


def _names(graph: onnx.GraphProto) -> set[str]:
    found = {name for node in graph.node for name in node.output}
    return found | {value.name for value in (*graph.input, *graph.initializer)}
