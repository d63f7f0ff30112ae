"""Weights of eight bits and fewer that few runtimes compute with, as the next wider type that all have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaevis_tui.onnx_model.node import UnsupportedError, attributes, label
from vaevis_tui.onnx_model.structure import check_tensor
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

_INTEGERS = {"INT4": np.int8, "UINT4": np.uint8, "INT2": np.int8, "UINT2": np.uint8}
"""Small whole numbers, and the type that holds them: what dequantises them takes that as well."""

_FLOATS = ("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "FLOAT4E2M1")


def widen_weights(graph: onnx.GraphProto) -> None:
    """Store small whole numbers in eight bits, and small floats in 32, those that are dequantised as scaled.

    Raises:
        UnsupportedError: A weight is malformed.
    """
    import onnx

    kinds = onnx.TensorProto.DataType
    floats: dict[str, NDArray[np.float32]] = {}
    for tensor in graph.initializer:
        kind = kinds.Name(tensor.data_type) if tensor.data_type in kinds.values() else ""
        if kind in _INTEGERS:
            _store(tensor, _array(tensor).astype(_INTEGERS[kind]))
        elif kind in _FLOATS:
            floats[tensor.name] = _array(tensor).astype(np.float32)
            _store(tensor, floats[tensor.name])
    if floats:
        _dequantise(graph, floats)


def _array(tensor: onnx.TensorProto) -> NDArray[np.generic]:
    from onnx import numpy_helper

    check_tensor(tensor, f"initializer {quoted(tensor.name)}")
    return numpy_helper.to_array(tensor)


def _store(tensor: onnx.TensorProto, array: NDArray[np.generic]) -> None:
    from onnx import numpy_helper

    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _dequantise(graph: onnx.GraphProto, floats: dict[str, NDArray[np.float32]]) -> None:
    """Multiply floats by their scales, for no runtime dequantises what is no small type any more."""
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        if node.op_type != "DequantizeLinear" or node.input[0] not in floats:
            continue
        if len(node.input) < 2 or node.input[1] not in weights:
            raise UnsupportedError(f"{label(node)}: its scale is computed, which is not supported for floats")
        scale = numpy_helper.to_array(weights[node.input[1]]).astype(np.float32)
        found = attributes(node)
        try:
            value = _scaled(floats[node.input[0]], scale, found.get("axis", 1), found.get("block_size", 0))
        except (ValueError, IndexError) as error:
            raise UnsupportedError(f"{label(node)}: {one_line(error)}") from None
        graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
        graph.node.remove(node)


def _scaled(
    values: NDArray[np.float32], scale: NDArray[np.float32], axis: int, block: int
) -> NDArray[np.float32]:
    """Values times one scale, one a row along an axis, or one a block of that many along it."""
    if scale.ndim == 1 and scale.size > 1:
        shape = [1] * values.ndim
        shape[axis] = scale.size
        scale = scale.reshape(shape)
    elif block and scale.ndim == values.ndim:
        scale = scale.repeat(block, axis).take(range(values.shape[axis]), axis)
    return values * scale.astype(np.float32)
