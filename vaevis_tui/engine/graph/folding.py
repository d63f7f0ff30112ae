"""Evaluate nodes whose inputs are all known: shape arithmetic, stored float16 weights, learned constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Constant = NDArray[Any]
Attributes = Mapping[str, Any]

MAX_FOLDED = 1 << 28
"""Bytes of one folded constant: Expand and ConstantOfShape make them from a few numbers in the file."""

# numbers of onnx.TensorProto.DataType
_DTYPES: Mapping[int, type] = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float16,
    11: np.float64,
}


def dtype_of(data_type: int) -> type | None:
    """NumPy's type for an onnx.TensorProto.DataType, or None where there is none that we hold."""
    return _DTYPES.get(data_type)


def _axes(arrays: list[Constant], attributes: Attributes) -> tuple[int, ...] | None:
    axes = arrays[1] if len(arrays) > 1 else attributes.get("axes")
    return None if axes is None else tuple(int(a) for a in np.atleast_1d(axes))


def _unsqueeze(arrays: list[Constant], attributes: Attributes) -> Constant:
    axes = _axes(arrays, attributes)
    return arrays[0] if axes is None else np.expand_dims(arrays[0], axes)


def reshape_target(shape: tuple[int, ...], wanted: Constant, allow_zero: bool = False) -> tuple[int, ...]:
    """The shape that ONNX Reshape means: 0 copies the input's length, -1 takes what is left.

    Raises:
        ValueError: The sizes do not fit.
    """
    target = [int(n) for n in wanted]
    if not allow_zero:
        target = [shape[i] if n == 0 else n for i, n in enumerate(target)]
    total = int(np.prod(shape, dtype=np.int64))
    if -1 in target:
        rest = -int(np.prod(target, dtype=np.int64))
        target[target.index(-1)] = total // rest if rest > 0 else 0
    if min(target, default=1) < 0 or int(np.prod(target, dtype=np.int64)) != total:
        raise ValueError(f"{shape} does not reshape to {tuple(int(n) for n in wanted)}")
    return tuple(target)


def _slice(arrays: list[Constant], attributes: Attributes) -> Constant:
    data, starts, ends = arrays[:3]
    axes = arrays[3] if len(arrays) > 3 else np.arange(len(starts))
    steps = arrays[4] if len(arrays) > 4 else np.ones(len(starts), np.int64)
    return slice_array(data, starts, ends, axes, steps)


def slice_array(
    data: Constant, starts: Constant, ends: Constant, axes: Constant, steps: Constant
) -> Constant:
    """What ONNX Slice takes of an array; all but the array are vectors of the same length."""
    index: list[slice] = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # An end below -length means "past the first element" going backwards; Python writes that as None.
        stop = None if step < 0 and end < -data.shape[axis] else int(end)
        index[int(axis)] = slice(int(start), stop, int(step))
    return data[tuple(index)]


def _transpose(arrays: list[Constant], attributes: Attributes) -> Constant:
    return np.transpose(arrays[0], attributes.get("perm"))


def _concat(arrays: list[Constant], attributes: Attributes) -> Constant:
    return np.concatenate(arrays, axis=attributes["axis"])


def _gather(arrays: list[Constant], attributes: Attributes) -> Constant:
    return np.asarray(np.take(arrays[0], arrays[1], axis=attributes.get("axis", 0)))


def _cast(arrays: list[Constant], attributes: Attributes) -> Constant:
    return arrays[0].astype(_DTYPES[attributes["to"]])


def _reshape(arrays: list[Constant], attributes: Attributes) -> Constant:
    return arrays[0].reshape(reshape_target(arrays[0].shape, arrays[1], bool(attributes.get("allowzero", 0))))


def _squeeze(arrays: list[Constant], attributes: Attributes) -> Constant:
    return np.squeeze(arrays[0], _axes(arrays, attributes))


def _divide(arrays: list[Constant], attributes: Attributes) -> Constant:
    a, b = arrays
    if a.dtype.kind != "f":  # ONNX's integer division rounds towards zero
        return np.asarray(np.trunc(a / b), a.dtype)
    return np.asarray(a / b)


def _bounded(shape: Any) -> tuple[int, ...]:
    target = tuple(int(n) for n in shape)
    if int(np.prod([max(n, 1) for n in target], dtype=object)) * 8 > MAX_FOLDED:
        raise ValueError(f"a constant of shape {target} is too large")
    return target


def _expand(arrays: list[Constant], attributes: Attributes) -> Constant:
    shape = np.broadcast_shapes(arrays[0].shape, _bounded(arrays[1]))
    return np.broadcast_to(arrays[0], _bounded(shape))


def _tile(arrays: list[Constant], attributes: Attributes) -> Constant:
    data, repeats = arrays
    _bounded(np.multiply(data.shape, repeats, dtype=object))
    return np.tile(data, [int(n) for n in repeats])


def _constant_of_shape(arrays: list[Constant], attributes: Attributes) -> Constant:
    value = np.atleast_1d(attributes.get("value", np.zeros(1, np.float32)))
    return np.full(_bounded(arrays[0]), value[0])


def _range(arrays: list[Constant], attributes: Attributes) -> Constant:
    start, stop, step = (float(array.item()) for array in arrays)
    _bounded([abs((stop - start) / step)])
    return np.arange(start, stop, step).astype(arrays[0].dtype)


def _reduce(function: Callable[..., Any]) -> Callable[[list[Constant], Attributes], Constant]:
    def evaluate(arrays: list[Constant], attributes: Attributes) -> Constant:
        keep = bool(attributes.get("keepdims", 1))
        return np.asarray(function(arrays[0], axis=_axes(arrays, attributes), keepdims=keep), arrays[0].dtype)

    return evaluate


def _plain(function: Callable[..., Any]) -> Callable[[list[Constant], Attributes], Constant]:
    def evaluate(arrays: list[Constant], attributes: Attributes) -> Constant:
        return np.asarray(function(*arrays))

    return evaluate


EVALUATORS: Mapping[str, Callable[[list[Constant], Attributes], Constant]] = {
    "Add": _plain(np.add),
    "And": _plain(np.logical_and),
    "Cast": _cast,
    "Ceil": _plain(np.ceil),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Div": _divide,
    "Equal": _plain(np.equal),
    "Expand": _expand,
    "Floor": _plain(np.floor),
    "Gather": _gather,
    "Greater": _plain(np.greater),
    "Identity": _plain(np.asarray),
    "Less": _plain(np.less),
    "Mod": _plain(np.mod),
    "Mul": _plain(np.multiply),
    "Neg": _plain(np.negative),
    "Not": _plain(np.logical_not),
    "Or": _plain(np.logical_or),
    "Range": _range,
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "Reshape": _reshape,
    "Slice": _slice,
    "Sqrt": _plain(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _plain(np.subtract),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _plain(np.where),
}
"""What each operator computes on known arrays."""


def evaluate_node(
    kind: str,
    inputs: Sequence[Constant | None],
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
            _bounded(d.dim_value if d.HasField("dim_value") else MAX_FOLDED for d in dims)
        return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, {})]
    except Exception as error:  # whatever its hundreds of implementations raise
        raise ValueError(" ".join(str(error).split())) from None
