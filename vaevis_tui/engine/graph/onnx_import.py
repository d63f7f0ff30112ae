"""From a checked ONNX model to the operator graph.

The model was walked for one example (`vaevis_tui.onnx_model.shape_inference`): every shape is a known number
there, and ``Shape``, ``Gather``, ``Concat`` and what else an exporter writes to compute shapes is folded
away. What depends on the latent vector is read here, node by node.

To add an operator, write a reader in the file of its family, enter it in ``OPERATORS`` there, and declare
what it takes in `onnx_model.operators.signatures`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vaevis_tui.engine.graph.ir import Graph, UnsupportedGraph
from vaevis_tui.engine.graph.readers import (
    convolution,
    einsum,
    matrix,
    movement,
    normalization,
    pointwise,
    quantization,
    selection,
)
from vaevis_tui.engine.graph.readers.functions import write_out
from vaevis_tui.engine.graph.readers.importer import Importer, Reader, refuse
from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.node import Node, UnsupportedError
from vaevis_tui.onnx_model.operators.folding import FOLD_ERRORS, dtype_of
from vaevis_tui.onnx_model.operators.signatures import attribute
from vaevis_tui.onnx_model.shape_inference import Trace, trace

if TYPE_CHECKING:
    import onnx

OPERATORS: Mapping[str, Reader] = {
    **convolution.OPERATORS,
    **einsum.OPERATORS,
    **matrix.OPERATORS,
    **movement.OPERATORS,
    **normalization.OPERATORS,
    **pointwise.OPERATORS,
    **quantization.OPERATORS,
    **selection.OPERATORS,
}
"""ONNX operators that may depend on z; `onnx_model.operators.folding.RULES` has what becomes of constants."""


@np.errstate(all="ignore")  # as `rewrite`
def import_onnx(model: CheckedModel | onnx.ModelProto | str | os.PathLike[str]) -> Graph:
    """Read a decoder into the operator graph.

    Args:
        model: A checked model; or a well-formed ``onnx.ModelProto`` with weights inside, or the path of one.

    Returns:
        The graph as the file has it, before any rewrite.

    Raises:
        UnsupportedGraph: An operator, an attribute or a shape is outside what the engine computes.
    """
    try:
        walk, output = (model.trace, model.output) if isinstance(model, CheckedModel) else _walk(model)
        importer = Importer(walk.opset, walk.constants())
    except UnsupportedError as error:
        raise UnsupportedGraph(str(error)) from None
    importer.shapes[walk.input] = walk.shape(walk.input)
    _read_all(importer, walk)
    image = importer.name(output)
    if image not in importer.shapes:
        raise UnsupportedGraph(f"output {output!r} does not depend on the latent vector")
    read = {name for operator in importer.operators for name in operator.reads}
    floats = {
        name: np.ascontiguousarray(array, np.float32)
        for name, array in importer.constants.items()
        if name in read and array.dtype.kind in "fiub"
    }
    return Graph(walk.input, importer.shapes[walk.input], image, tuple(importer.operators), floats)


def _walk(model: Any) -> tuple[Trace, str]:
    """A model that was not checked, walked for one latent vector, and the name of its image."""
    import onnx

    if isinstance(model, (str, os.PathLike)):
        model = onnx.load(os.fspath(model))
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        raise UnsupportedGraph(f"the graph has {len(inputs)} inputs; a decoder has one, the latent vector")
    dims = [d.dim_value if d.HasField("dim_value") else 0 for d in inputs[0].type.tensor_type.shape.dim]
    if len(dims) != 2 or dims[1] < 1 or dims[0] > 1:
        raise UnsupportedGraph(f"input {inputs[0].name!r} has shape {dims}; a latent vector is (n, d)")
    return trace(model, inputs[0].name, (1, dims[1])), model.graph.output[0].name


FLOATS = (np.float16, np.float32, np.float64)
_MOVES = ("Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")


def _whole(nodes: Sequence[Node]) -> set[str]:
    """Whole numbers, as of images of eight bits, that are only moved before they are floats again.

    Floats hold them; what reckons with them, as with indices, they do not.
    """
    found: set[str] = set()
    harmless: dict[str, bool] = {}
    for node in reversed(nodes):
        is_float = node.kind == "Cast" and dtype_of(attribute(node, "to")) in FLOATS
        fine = is_float or (node.kind in _MOVES and harmless.get(node.outputs[0], False))
        if node.kind == "Cast" and not is_float and harmless.get(node.outputs[0], False):
            found.add(node.outputs[0])
        for place, name in enumerate(node.inputs):
            harmless[name] = harmless.get(name, True) and fine and place == 0
    return found


def _read_all(importer: Importer, walk: Trace) -> None:
    importer.whole |= _whole(walk.nodes)
    for node in walk.nodes:
        _read(importer, dataclasses.replace(node, inputs=tuple(importer.name(name) for name in node.inputs)))
        for name in filter(None, node.outputs):
            found = importer.shapes.get(importer.name(name))
            if found is not None and found != walk.shape(name):
                refuse(node, f"{name!r} would have shape {found}; it is {walk.shape(name)}")


def _read(importer: Importer, node: Node) -> None:
    """Add a node's operators to the graph, or those of the function that it is."""
    if node.kind not in OPERATORS:
        try:
            function = write_out(importer, node)
        except UnsupportedError as error:
            refuse(node, f"written out, {error}")
        if function is None:
            shapes = ", ".join(str(importer.shape(name)) for name in node.inputs if name)
            refuse(node, f"this operator is not in the engine's set (inputs {shapes})")
        importer.constants |= function.constants()
        opset, importer.opset = importer.opset, function.opset
        _read_all(importer, function)
        importer.opset = opset
        return
    kind = "Upsample" if node.kind == "Resize" and importer.opset < 11 else node.kind
    try:
        OPERATORS[kind](importer, node)
    except FOLD_ERRORS as error:  # attributes or constants that ONNX's own inference lets pass
        refuse(node, f"its attributes or constants do not fit: {' '.join(str(error).split())}")
