"""Small changes to a graph: operators and constants added, what nobody reads taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.onnx_model.node import Shape, reads
from vaevis_tui.onnx_model.structure import opset

if TYPE_CHECKING:
    import onnx

FLOAT = 1
"""onnx.TensorProto.FLOAT, without the import of onnx."""


def strip(model: onnx.ModelProto) -> None:
    """Take away what no backend reads: declared shapes, documentation, metadata, unused operator sets."""
    version = opset(model).version
    used = {node.domain for node in model.graph.node if node.domain}
    others = [(entry.domain, entry.version) for entry in model.opset_import if entry.domain in used]
    _keep(model, "ir_version", "graph")
    for domain, number in (("", version), *others):
        model.opset_import.add(domain=domain, version=number)
    model.ir_version = max(model.ir_version, 4)  # the first in which initializers need not be inputs too
    _keep(model.graph, "node", "initializer", "input", "output")
    model.graph.name = "decoder"
    for node in model.graph.node:
        _keep(node, "input", "output", "name", "op_type", "domain", "attribute")


def _keep(message: Any, *fields: str) -> None:
    """Clear all other fields of a protobuf message."""
    for field in message.DESCRIPTOR.fields_by_name:
        if field not in fields:
            message.ClearField(field)


def insert_nodes(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    """Put nodes before all others."""
    if nodes:
        others = list(graph.node)
        del graph.node[:]
        graph.node.extend([*nodes, *others])


def prune(graph: onnx.GraphProto, outputs: Iterable[str]) -> None:
    """Take away nodes, weights and inputs that no output needs, and all outputs but those."""
    asked = set(outputs)
    needed, kept = set(asked), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(reads(node))
            kept.append(node)
    if len(kept) < len(graph.node):
        del graph.node[:]
        graph.node.extend(reversed(kept))
    for field, names in ((graph.initializer, needed), (graph.input, needed), (graph.output, asked)):
        kept = [item for item in field if item.name in names]
        if len(kept) < len(field):
            del field[:]
            field.extend(kept)


def make_node(
    graph: onnx.GraphProto, operator: str, inputs: list[str], hint: str = "", **attributes: Any
) -> onnx.NodeProto:
    """A node that is not in the graph yet; its output is named after its operator, or as `hint` says."""
    from onnx import helper

    name = new_name(graph, hint or operator.lower())
    return helper.make_node(operator, inputs, [name], name=name, **attributes)


def add_constant(graph: onnx.GraphProto, hint: str, value: ArrayLike, dtype: Any = np.float32) -> str:
    """Add an initializer and return its name."""
    from onnx import numpy_helper

    name = new_name(graph, hint)
    graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype), name))
    return name


class Steps:
    """Operators that are put together one after the other, for a graph that they are not in yet.

    Args:
        graph: Gets the constants that they need.

    Attributes:
        nodes: They, in order.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._hints: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []

    def add(self, operator: str, *inputs: str, hint: str = "", **attributes: Any) -> str:
        """One more; returns the name of what it makes, which `hint` is for."""
        hint = f"{hint}.{len(self.nodes)}" if hint in self._hints else hint
        self._hints.add(hint)
        self.nodes.append(make_node(self._graph, operator, list(inputs), hint, **attributes))
        return str(self.nodes[-1].output[0])

    def reshape(self, source: str, shape: Sequence[int], hint: str) -> str:
        """View a tensor as another shape, in which one length may be -1."""
        return self.add("Reshape", source, self.integers(f"{hint}.shape", shape), hint=hint)

    def slice(self, source: str, start: int, end: int, axis: int, hint: str) -> str:
        """Some of a tensor along an axis."""
        bounds = (("start", start), ("end", end), ("axis", axis))
        return self.add("Slice", source, *(self.integers(f"{hint}.{k}", [v]) for k, v in bounds), hint=hint)

    def integers(self, hint: str, values: Sequence[int]) -> str:
        """A constant of whole numbers."""
        return add_constant(self._graph, hint, values, np.int64)

    def name_last(self, name: str) -> None:
        """Let what was made last have the name that a graph reads it by."""
        self.nodes[-1].output[0] = name


def new_name(graph: onnx.GraphProto, hint: str) -> str:
    """A name that nothing in the graph has yet, made from a hint."""
    taken = {name for node in graph.node for name in node.output}
    taken |= {value.name for value in (*graph.initializer, *graph.input, *graph.node)}
    name = f"normalised.{hint}"
    while name in taken:
        name += "_"
    return name


def declare(
    graph: onnx.GraphProto, latent: str, latent_shape: Shape, image: str, image_shape: Shape, *, batched: bool
) -> None:
    """Write down the one input and the one output, float32, with their sizes."""
    from onnx import TensorProto, helper

    batch = "n" if batched else 1
    graph.ClearField("input")
    graph.ClearField("output")
    graph.input.append(helper.make_tensor_value_info(latent, TensorProto.FLOAT, [batch, *latent_shape]))
    graph.output.append(helper.make_tensor_value_info(image, TensorProto.FLOAT, [batch, *image_shape]))
