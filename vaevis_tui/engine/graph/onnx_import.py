"""From an ONNX model to the operator graph.

The model is read for one example: every shape is then a known number, and ``Shape``, ``Gather``, ``Concat``
and what else an exporter writes to compute shapes folds away as the nodes are read in order.

To add an operator, write a reader (see `importer`) in the file of its family and name it in ``OPERATORS``
there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaevis_tui.engine.graph import (
    onnx_convolution,
    onnx_matrix,
    onnx_movement,
    onnx_normalization,
    onnx_pointwise,
    onnx_selection,
)
from vaevis_tui.engine.graph.folding import Constant, evaluate
from vaevis_tui.engine.graph.importer import Importer, Node, Reader
from vaevis_tui.engine.graph.ir import Graph, UnsupportedGraph
from vaevis_tui.onnx_model.folding import FOLD_ERRORS, constant_value, dtype_of

_OPERATORS: Mapping[str, Reader] = {
    **onnx_convolution.OPERATORS,
    **onnx_matrix.OPERATORS,
    **onnx_movement.OPERATORS,
    **onnx_normalization.OPERATORS,
    **onnx_pointwise.OPERATORS,
    **onnx_selection.OPERATORS,
}

SUPPORTED_OPERATORS = tuple(sorted(_OPERATORS))
"""ONNX operators that may depend on the latent vector; `onnx_model.folding.RULES` has those that may not."""


def import_onnx(model: Any) -> Graph:
    """Read a decoder into the operator graph.

    Args:
        model: A validated ``onnx.ModelProto`` with weights inside, or the path of one.

    Returns:
        The graph as the file has it, before any rewrite.

    Raises:
        UnsupportedGraph: An operator, an attribute or a shape is outside what the engine computes.
    """
    import onnx

    if isinstance(model, (str, os.PathLike)):
        model = onnx.load(os.fspath(model))
    opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    importer = Importer(opsets.get("ai.onnx", 0), constants)
    latent = _read_latent(importer, model.graph)
    for proto in model.graph.node:
        _read(importer, _node(importer, proto))
    output = importer.name(model.graph.output[0].name)
    if output not in importer.shapes:
        raise UnsupportedGraph(f"output {model.graph.output[0].name!r} does not depend on the latent vector")
    read = {name for operator in importer.operators for name in operator.reads}
    floats = {
        name: np.ascontiguousarray(array, np.float32)
        for name, array in importer.constants.items()
        if name in read and array.dtype.kind in "fiub"
    }
    return Graph(latent, importer.shapes[latent], output, tuple(importer.operators), floats)


def _read_latent(importer: Importer, graph: Any) -> str:
    """The name of the latent vector, whose shape the importer then knows."""
    inputs = [value for value in graph.input if value.name not in importer.constants]
    if len(inputs) != 1:
        raise UnsupportedGraph(f"the graph has {len(inputs)} inputs; a decoder has one, the latent vector")
    dims = [d.dim_value if d.HasField("dim_value") else 0 for d in inputs[0].type.tensor_type.shape.dim]
    if len(dims) != 2 or dims[1] < 1 or dims[0] > 1:
        raise UnsupportedGraph(f"input {inputs[0].name!r} has shape {dims}; a latent vector is (n, d)")
    importer.shapes[inputs[0].name] = (1, dims[1])
    return str(inputs[0].name)


def _node(importer: Importer, proto: Any) -> Node:
    import onnx

    attributes: dict[str, Any] = {}
    for attribute in proto.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, onnx.TensorProto):
            value = onnx.numpy_helper.to_array(value)
        attributes[attribute.name] = value.decode() if isinstance(value, bytes) else value
    kind = proto.op_type if proto.domain in ("", "ai.onnx") else f"{proto.domain}.{proto.op_type}"
    inputs = tuple(importer.name(name) for name in proto.input)
    return Node(kind, proto.name or proto.output[0], inputs, tuple(proto.output), attributes)


def _read(importer: Importer, node: Node) -> None:
    """Add a node's operators to the graph, or its value to the constants where that is known."""
    given = [name for name in node.inputs if name]
    for name in given:
        if name not in importer.constants and name not in importer.shapes:
            node.fail(f"reads {name!r}, which nothing before it makes")
    if node.kind == "Constant":
        importer.constants[node.outputs[0]] = _constant_value(node)
    elif node.kind == "Shape":
        shape = np.array(importer.shape(node.inputs[0]), np.int64)
        start, end = node.attributes.get("start", 0), node.attributes.get("end")
        importer.constants[node.outputs[0]] = shape[start:end]
    elif all(name in importer.constants for name in given):
        inputs = [importer.constants[name] if name else None for name in node.inputs]
        values = _fold(node, inputs, importer.opset)
        importer.constants.update(zip(node.outputs, values, strict=True))
    elif node.kind in _OPERATORS:
        _OPERATORS[node.kind](importer, node)
    else:
        shapes = ", ".join(str(importer.shape(name)) for name in given)
        node.fail(f"this operator is not in the engine's set (inputs {shapes})")


def _constant_value(node: Node) -> Constant:
    value = constant_value(node.attributes)
    if value is None:
        node.fail(f"its value is of a kind that is not supported ({', '.join(node.attributes)})")
    return value


def _fold(node: Node, inputs: list[Constant | None], opset: int) -> list[Constant]:
    """What a node makes whose inputs are all known: shape arithmetic, or layers on a learned constant."""
    if node.kind == "Cast" and dtype_of(node.attributes["to"]) is None:
        node.fail(f"to={node.attributes['to']} is not a type that the engine holds")
    try:
        return evaluate(node.kind, inputs, node.outputs, node.attributes, opset)
    except FOLD_ERRORS as error:
        node.fail(f"cannot be folded at load: {error}")
