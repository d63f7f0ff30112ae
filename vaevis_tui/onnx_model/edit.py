"""Small changes to a graph: operators and constants added, what nobody reads taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.onnx_model.node import Shape
from vaevis_tui.onnx_model.structure import opset

if TYPE_CHECKING:
    import onnx


def strip(model: onnx.ModelProto) -> None:
    """Take away what no backend reads: declared shapes, documentation, metadata, unused operator sets."""
    version = opset(model).version
    _keep(model, "ir_version", "graph")
    model.opset_import.add(domain="", version=version)
    model.ir_version = max(model.ir_version, 4)  # the first in which initializers need not be inputs too
    _keep(model.graph, "node", "initializer", "input", "output")
    model.graph.name = "decoder"
    for node in model.graph.node:
        _keep(node, "input", "output", "name", "op_type", "attribute")


def _keep(message: Any, *fields: str) -> None:
    """Clear all other fields of a protobuf message."""
    for field in message.DESCRIPTOR.fields_by_name:
        if field not in fields:
            message.ClearField(field)


def make_node(graph: onnx.GraphProto, operator: str, inputs: list[str], **attributes: Any) -> onnx.NodeProto:
    """A node whose output has a name of its own; it is not in the graph yet."""
    from onnx import helper

    name = _new_name(graph, operator.lower())
    return helper.make_node(operator, inputs, [name], name=name, **attributes)


def add_constant(graph: onnx.GraphProto, wish: str, value: ArrayLike, dtype: type = np.float32) -> str:
    """Add an initializer and return its name."""
    from onnx import numpy_helper

    name = _new_name(graph, wish)
    graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype), name))
    return name


def _new_name(graph: onnx.GraphProto, wish: str) -> str:
    taken = {name for node in graph.node for name in node.output}
    taken |= {value.name for value in (*graph.initializer, *graph.input)}
    name = f"normalised.{wish}"
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
