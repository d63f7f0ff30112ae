"""Nodes whose inputs are all known: by a rule of the table, by ONNX's own reference where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vaevis_tui.onnx_model.node import Node, UnsupportedError, label
from vaevis_tui.onnx_model.operators.folding import FOLD_ERRORS, Array, Inputs, check_size, dtype_of, fold
from vaevis_tui.onnx_model.operators.signatures import attribute
from vaevis_tui.text import one_line

MAX_FOLDED = 1 << 25
"""Elements of one folded constant: Expand and ConstantOfShape make them from a few numbers in the file."""


def evaluate(node: Node, inputs: Inputs, opset: int) -> list[Array]:
    """What a node makes of known arrays, one entry an output.

    Args:
        node: The node.
        inputs: Its inputs, each in its place, None where an optional one is absent.
        opset: Version of ONNX's own operators.

    Raises:
        UnsupportedError: It cannot be evaluated; names the operator.
    """
    if node.kind == "Cast" and dtype_of(to := attribute(node, "to")) is None:
        raise UnsupportedError(f"{label(node)}: to={to} is not a type that constants may have")
    try:
        known = _arrays(node.attributes)
        value = fold(node.kind, inputs, known, MAX_FOLDED)
        return _by_reference(node, inputs, known, opset) if value is None else [value]
    except FOLD_ERRORS as error:
        raise UnsupportedError(f"{label(node)} cannot be folded at load: {one_line(error)}") from None


def _arrays(attributes: Mapping[str, Any]) -> dict[str, Any]:
    import onnx

    return {
        key: onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
        for key, value in attributes.items()
    }


def _by_reference(node: Node, inputs: Inputs, attributes: Mapping[str, Any], opset: int) -> list[Array]:
    """What any operator makes of known arrays, by ONNX's own reference in NumPy.

    Decoders that begin at a learned constant, as StyleGAN does, have whole layers of this kind.

    Raises:
        ValueError: It cannot be evaluated.
    """
    import onnx
    from onnx.reference import ReferenceEvaluator

    names = [f"input{index}" if array is not None else "" for index, array in enumerate(inputs)]
    given = [(array, name) for array, name in zip(inputs, names, strict=True) if array is not None]
    tensors = {
        key: onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for key, value in attributes.items()
    }
    made = [name for name in node.outputs if name]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(node.kind, names, list(node.outputs), **tensors)],
        "constant",
        [],
        [onnx.helper.make_empty_tensor_value_info(name) for name in made],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for array, name in given],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    try:
        for value in onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph.output:
            dims = value.type.tensor_type.shape.dim
            check_size([d.dim_value if d.HasField("dim_value") else MAX_FOLDED + 1 for d in dims], MAX_FOLDED)
        found = dict(zip(made, ReferenceEvaluator(model).run(None, {}), strict=True))
        return [np.asarray(found[name]) if name else np.zeros(0) for name in node.outputs]
    except Exception as error:  # whatever its hundreds of implementations raise
        raise ValueError(" ".join(str(error).split())) from None
