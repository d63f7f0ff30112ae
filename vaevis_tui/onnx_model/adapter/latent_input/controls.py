"""Inputs beside the latent vector that stay inputs: a class, a number, noise, each a part of one vector.

A class is one-hot there. What was looked up by its number, a row of a table or of the unit matrix, is a
matrix product then, which every backend computes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaevis_tui.onnx_model.adapter.latent_input.inputs import Input
from vaevis_tui.onnx_model.edit import FLOAT, Steps, add_constant
from vaevis_tui.onnx_model.extra_inputs import ExtraInput
from vaevis_tui.onnx_model.node import Shape, reads
from vaevis_tui.onnx_model.shape_inference import Trace
from vaevis_tui.onnx_model.structure import opset

if TYPE_CHECKING:
    import onnx

MOST_NOISE = 1 << 16
"""Numbers of noise that go along with each z; more is written into the graph."""

MOST_SEEDS = 4
"""Inputs of noise that have a seed each; more are written into the graph."""

_OLDEST = 10
"""Opset from which on Slice takes its bounds as inputs."""

_PASSING = ("Cast", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten")
"""Operators that leave a single number what it is."""

_ELEMENTWISE = ("Add", "Sub", "Mul", "Div", "Pow", "Min", "Max")


@dataclass(frozen=True, slots=True)
class Control:
    """An input that stays one.

    Attributes:
        item: It.
        kind: As `ExtraInput.kind`.
        shape: For one latent vector.
        size: Numbers of it in the vector.
    """

    item: Input
    kind: str
    shape: Shape
    size: int


def choose_controls(
    model: onnx.ModelProto, walk: Trace, settings: Sequence[tuple[Input, ExtraInput, Shape]]
) -> list[Control]:
    """Those of the other inputs that may be chosen anew for every latent vector.

    Args:
        model: The graph.
        walk: It walked for one latent vector.
        settings: The other inputs, what they are set to, and their shapes for one latent vector.
    """
    if opset(model).version < _OLDEST:
        return []
    noise = [math.prod(shape) for _, setting, shape in settings if setting.kind == "noise"]
    with_noise = len(noise) <= MOST_SEEDS and sum(noise) <= MOST_NOISE
    found = []
    for item, setting, shape in settings:
        size = math.prod(shape)
        if setting.kind == "number":
            good = size == 1 and (_has_rows(item) or _scaled(model.graph, walk, item.name) is not None)
        elif setting.kind == "noise":
            good = with_noise
        elif setting.kind == "one-hot":
            good = size == setting.choices
        elif setting.kind == "label":
            good = (
                size == 1
                and setting.choices is not None
                and _lookups(model.graph, walk, item.name) is not None
            )
            size = setting.choices or 0
        else:
            good = False
        if good:
            found.append(Control(item, setting.kind, shape, size))
    return found


def _has_rows(item: Input) -> bool:
    """Whether it has an axis for several latent vectors."""
    return bool(item.dims) and item.dims is not None and item.dims[0] is None


def read_control(model: onnx.ModelProto, walk: Trace, control: Control, source: str, steps: Steps) -> None:
    """Let a graph read a control from a tensor (n, size); `steps` go before all others."""
    graph, item = model.graph, control.item
    if control.kind == "label":
        _read_label(graph, walk, control, source)
        return
    if item.data_type != FLOAT:
        source = steps.add("Cast", source, hint=f"{item.name}.cast", to=item.data_type)
    if control.kind == "number" and not _has_rows(item):
        for node, place, rank in _scaled(graph, walk, item.name) or ():
            node.input[place] = steps.reshape(source, (-1, *[1] * (rank - 1)), f"{item.name}.for")
        return
    target = control.shape if len(control.shape) == 1 and control.size > 1 else (-1, *control.shape[1:])
    steps.reshape(source, target, f"{item.name}.viewed")
    steps.name_last(item.name)


def _scaled(graph: onnx.GraphProto, walk: Trace, name: str) -> list[tuple[onnx.NodeProto, int, int]] | None:
    """What reads a number that has no axis for several latent vectors: node, which input, rank of the other.

    None where something is not elementwise with a tensor that has such an axis.
    """
    found = []
    for node in graph.node:
        if name not in reads(node):
            continue
        others = [other for other in node.input if other != name]
        if node.op_type not in _ELEMENTWISE or len(node.input) != 2 or len(others) != 1:
            return None
        shape = walk.shape(others[0])
        if len(shape) < 2 or shape[0] != 1 or not walk.depends(others[0]):
            return None
        found.append((node, list(node.input).index(name), len(shape)))
    if any(value.name == name for value in graph.output):
        return None
    return found


def _lookups(graph: onnx.GraphProto, walk: Trace, name: str) -> tuple[list[int], list[int]] | None:
    """Places of nodes that look something up by a class, and of those that pass its number on to them.

    None where anything else reads it.
    """
    weights = {tensor.name: tensor for tensor in graph.initializer}
    names, lookups, passing = {name}, [], []
    for place, node in enumerate(graph.node):
        given = [i for i, each in enumerate(node.input) if each in names]
        if not given:
            if names.intersection(reads(node)):
                return None
            continue
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), None)
        row = node.op_type == "Gather" and given == [1] and node.input[0] in weights and not axis
        if row or (node.op_type == "OneHot" and given == [0] and axis in (None, -1) and _is_unit(walk, node)):
            lookups.append(place)
        elif node.op_type in _PASSING and given == [0]:
            names.add(node.output[0])
            passing.append(place)
        else:
            return None
    if names.intersection(value.name for value in graph.output):
        return None
    return lookups, passing


def _is_unit(walk: Trace, node: onnx.NodeProto) -> bool:
    """Whether OneHot makes rows of the unit matrix."""
    values = walk.values.get(node.input[2])
    return node.input[1] in walk.values and values is not None and values.tolist() == [0, 1]


def _read_label(graph: onnx.GraphProto, walk: Trace, control: Control, source: str) -> None:
    """Put matrix products with one-hot rows in the place of lookups."""
    lookups, passing = _lookups(graph, walk, control.item.name) or ([], [])
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for place, node in enumerate(graph.node):
        if place in passing:
            continue
        if place not in lookups:
            nodes.append(node)
            continue
        output, table = node.output[0], weights.get(node.input[0])
        shape, last, steps = walk.shape(output), source, Steps(graph)
        if node.op_type == "Gather" and table is not None:
            if table.data_type != FLOAT:
                last = steps.add("Cast", last, hint=f"{output}.cast", to=table.data_type)
            last = steps.add("MatMul", last, _table(graph, table), hint=f"{output}.row")
        elif not _only_cast(graph, output):
            last = steps.add("Cast", last, hint=f"{output}.cast", to=walk.data_type(output))
        batched = len(walk.shape(node.input[1 if node.op_type == "Gather" else 0])) > 0
        steps.reshape(last, (-1, *shape[1:]) if batched else shape, f"{output}.viewed")
        steps.name_last(output)
        nodes += steps.nodes
    del graph.node[:]
    graph.node.extend(nodes)


def _table(graph: onnx.GraphProto, table: onnx.TensorProto) -> str:
    """A table as a matrix, a row a class."""
    if len(table.dims) == 2:
        return table.name
    from onnx import numpy_helper

    rows = numpy_helper.to_array(table)
    return add_constant(graph, f"{table.name}.rows", rows.reshape(len(rows), -1), rows.dtype)


def _only_cast(graph: onnx.GraphProto, name: str) -> bool:
    """Whether all that reads a tensor is Cast, to which its type does not matter."""
    return all(node.op_type == "Cast" for node in graph.node if name in reads(node))
