"""Evaluate nodes whose inputs are all known, by ONNX's own reference where there is no rule for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vaevis_tui.onnx_model.folding import Array, Attributes, Inputs, check_size, fold

Constant = Array

MAX_FOLDED = 1 << 25
"""Elements of one folded constant: Expand and ConstantOfShape make them from a few numbers in the file."""


def evaluate(
    kind: str, inputs: Inputs, outputs: Sequence[str], attributes: Attributes, opset: int
) -> list[Constant]:
    """What a node makes of known arrays; arguments and errors as of `evaluate_by_reference`."""
    value = fold(kind, inputs, attributes, MAX_FOLDED)
    return evaluate_by_reference(kind, inputs, outputs, attributes, opset) if value is None else [value]


def evaluate_by_reference(
    kind: str,
    inputs: Inputs,
    outputs: Sequence[str],
    attributes: Attributes,
    opset: int,
) -> list[Constant]:
    """What any operator makes of known arrays, by ONNX's own reference in NumPy.

    Decoders that begin at a learned constant, as StyleGAN does, have whole layers of this kind.

    Args:
        kind: ONNX op_type.
        inputs: Its inputs, None where an optional one is left out.
        outputs: Names of its outputs.
        attributes: Its attributes, tensors as arrays.
        opset: Version of the operators.

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
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(kind, names, list(outputs), **tensors)],
        "constant",
        [],
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for array, name in given],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    try:
        for value in onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph.output:
            dims = value.type.tensor_type.shape.dim
            check_size([d.dim_value if d.HasField("dim_value") else MAX_FOLDED + 1 for d in dims], MAX_FOLDED)
        return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, {})]
    except Exception as error:  # whatever its hundreds of implementations raise
        raise ValueError(" ".join(str(error).split())) from None
