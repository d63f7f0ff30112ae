"""The decoder half of a whole autoencoder: what follows its narrowest place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vaevis_tui.onnx_model.edit import prune
from vaevis_tui.onnx_model.node import Shape, reads
from vaevis_tui.onnx_model.trace import Trace

if TYPE_CHECKING:
    import onnx


def bottleneck(walk: Trace, output: str) -> str | None:
    """The smallest tensor that everything from input to output passes; None where nothing is narrow."""
    last_use = {name: place for place, node in enumerate(walk.nodes) for name in node.inputs}
    needed = {output}
    for node in reversed(walk.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
    source = math.prod(walk.shape(walk.input))
    crossing = {walk.input}
    best: tuple[int, str] | None = None
    for place, node in enumerate(walk.nodes):
        crossing = {name for name in crossing if last_use.get(name, -1) > place}
        crossing.update(name for name in node.outputs if name in needed and (last_use.get(name, -1) > place))
        if len(crossing) == 1:
            (name,) = crossing
            shape = walk.shape(name)
            size = math.prod(shape)
            if len(shape) >= 2 and shape[0] == 1 and 2 * size < source and (best is None or size < best[0]):
                best = size, name
    return None if best is None else best[1]


def cut_at(model: onnx.ModelProto, walk: Trace, name: str, output: str) -> Shape:
    """Make a tensor the graph's input, and take away what came before it.

    Sizes that were computed on the way become constants.

    Returns:
        Shape of the tensor for one image.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    shape = walk.shape(name)
    known = {tensor.name for tensor in graph.initializer}
    needed, kept = {output}, []
    for node in reversed(graph.node):
        made = needed.intersection(node.output) - {name}
        for out in sorted(made):
            if out in walk.values:
                graph.initializer.append(numpy_helper.from_array(walk.values[out], out))
                known.add(out)
        if made - known:
            needed.update(reads(node))
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape[1:]]))
    prune(graph, [output])
    return shape
