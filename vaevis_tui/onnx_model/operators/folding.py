"""The value of ONNX operators whose inputs are all known: shape arithmetic and stored constants.

One table serves the check of untrusted files, which follows sizes, and the import into the engine's graph. It
holds to https://onnx.ai/onnx/operators/; tests compare every rule with `onnx.reference`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.operators.declare import NOTHING, Given
from vaevis_tui.onnx_model.operators.signatures import SIGNATURES

Array: TypeAlias = NDArray[Any]
Attributes: TypeAlias = Mapping[str, Any]
Inputs: TypeAlias = Sequence[Array | None]
"""One entry an input of the node, in its place: None where an optional input is absent."""

FOLD_ERRORS = (ValueError, IndexError, TypeError, KeyError, OverflowError, ZeroDivisionError)
"""What `fold` raises where inputs or attributes do not fit the operator or each other."""

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


class TooLargeError(ValueError):
    """A constant would have more elements than the caller wants to hold."""


def dtype_of(data_type: int) -> type | None:
    """NumPy's type for an onnx.TensorProto.DataType, or None where there is none that we hold."""
    return _DTYPES.get(data_type)


def fold(operator: str, inputs: Inputs, attributes: Attributes, max_elements: int) -> Array | None:
    """The value of an operator whose inputs are all known; None where there is no rule for it.

    Args:
        operator: ONNX op_type.
        inputs: Its inputs, each in its place, None where an optional one is absent.
        attributes: Attribute values by name, tensors as arrays.
        max_elements: Of a value that is made from a few numbers (Expand, Tile, ConstantOfShape, Range).

    Raises:
        TooLargeError: The value would have more elements; nothing was allocated.
        ValueError, IndexError, TypeError, KeyError, OverflowError, ZeroDivisionError: inputs or attributes do
            not fit (`FOLD_ERRORS`).
    """
    rule = RULES.get(operator)
    if rule is None:
        return None
    rank = np.ndim(_required(inputs, 0)) if inputs else 0
    takes = SIGNATURES.get(operator, NOTHING)
    given = takes.read(attributes, rank, lambda place, _: _optional(inputs, place))
    with np.errstate(all="ignore"):
        return rule(inputs, given, max_elements)


def reshape_target(shape: tuple[int, ...], requested: Array, allow_zero: bool = False) -> tuple[int, ...]:
    """The shape that ONNX Reshape means: 0 copies the input's length, -1 takes what is left.

    Raises:
        ValueError: The sizes do not fit.
    """
    target = [int(n) for n in requested]
    if not allow_zero:
        target = [shape[i] if n == 0 else n for i, n in enumerate(target)]
    total = int(np.prod(shape, dtype=np.int64))
    if -1 in target:
        rest = -int(np.prod(target, dtype=np.int64))
        target[target.index(-1)] = total // rest if rest > 0 else 0
    if min(target, default=1) < 0 or int(np.prod(target, dtype=np.int64)) != total:
        raise ValueError(f"{shape} does not reshape to {tuple(int(n) for n in requested)}")
    return tuple(target)


def slice_array(
    data: Array, starts: Iterable[Any], ends: Iterable[Any], axes: Iterable[Any], steps: Iterable[Any]
) -> Array:
    """What ONNX Slice takes of an array; all but the array are integers, of the same number."""
    index: list[slice] = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # An end below -length means "past the first element" going backwards; Python writes that as None.
        stop = None if step < 0 and end < -data.shape[axis] else int(end)
        index[int(axis)] = slice(int(start), stop, int(step))
    return data[tuple(index)]


def _required(inputs: Inputs, place: int) -> Array:
    value = _optional(inputs, place)
    if value is None:
        raise TypeError(f"input {place} is absent")
    return value


def _optional(inputs: Inputs, place: int) -> Array | None:
    return inputs[place] if place < len(inputs) else None


def check_size(shape: Sequence[int], max_elements: int) -> tuple[int, ...]:
    """The shape, if a constant may have it.

    Raises:
        ValueError: A size is negative.
        TooLargeError: It has more elements.
    """
    target = tuple(int(n) for n in shape)
    if min(target, default=0) < 0:
        raise ValueError(f"no constant has shape {target}")
    if math.prod(target) > max_elements:
        raise TooLargeError(f"a constant of shape {target} is too large")
    return target


def _constant(_: Inputs, given: Given, __: int) -> Array | None:
    """The value of a Constant node; None where it is large, or not of numbers (text, sparse)."""
    if given.value is not None:
        return given.value if isinstance(given.value, np.ndarray) else None
    numbers = ((given.value_int, np.int64), (given.value_ints, np.int64), (given.value_float, np.float32))
    known = (*numbers, (given.value_floats, np.float32))
    return next((np.asarray(value, dtype) for value, dtype in known if value is not None), None)


def _slice(inputs: Inputs, given: Given, _: int) -> Array:
    count = len(given.starts)
    axes, steps = given.axes or range(count), given.steps or [1] * count
    return slice_array(_required(inputs, 0), given.starts, given.ends, axes, steps)


def _divide(inputs: Inputs, given: Given, _: int) -> Array:
    a, b = _required(inputs, 0), _required(inputs, 1)
    if a.dtype.kind not in "iu":
        return np.asarray(np.divide(a, b))
    if np.any(b == 0):
        raise ZeroDivisionError("division by zero")
    # ONNX rounds the quotient of integers towards zero.
    return np.asarray(np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)), a.dtype)


def _mod(inputs: Inputs, given: Given, _: int) -> Array:
    function = np.fmod if given.fmod else np.mod
    return np.asarray(function(_required(inputs, 0), _required(inputs, 1)))


def _concat(inputs: Inputs, given: Given, _: int) -> Array:
    return np.concatenate([_required(inputs, i) for i in range(len(inputs))], axis=given.axis)


def _gather(inputs: Inputs, given: Given, _: int) -> Array:
    return np.asarray(np.take(_required(inputs, 0), given.indices, axis=given.axis))


def _cast(inputs: Inputs, given: Given, _: int) -> Array | None:
    dtype = dtype_of(given.to)
    return None if dtype is None else _required(inputs, 0).astype(dtype)


def _reshape(inputs: Inputs, given: Given, _: int) -> Array:
    data = _required(inputs, 0)
    return data.reshape(reshape_target(data.shape, given.shape, given.allowzero))


def _squeeze(inputs: Inputs, given: Given, _: int) -> Array:
    return np.squeeze(_required(inputs, 0), given.axes)


def _unsqueeze(inputs: Inputs, given: Given, _: int) -> Array:
    return np.expand_dims(_required(inputs, 0), given.axes)


def _transpose(inputs: Inputs, given: Given, _: int) -> Array:
    return np.transpose(_required(inputs, 0), given.perm)


def _dequantize(inputs: Inputs, given: Given, _: int) -> Array | None:
    data, scale, zero = _required(inputs, 0), _required(inputs, 1), given.zero_point
    if data.dtype.kind not in "iu" or scale.ndim > 1 or scale.dtype != np.float32:
        return None
    shape = [1] * data.ndim
    if scale.size > 1:
        shape[given.axis] = scale.size
    shifted = data if zero is None else np.subtract(data, zero.reshape(shape), dtype=np.int64)
    return np.asarray(shifted.astype(np.float32) * scale.reshape(shape))


def _expand(inputs: Inputs, given: Given, max_elements: int) -> Array:
    data, sizes = _required(inputs, 0), check_size(given.shape, max_elements)
    shape = np.broadcast_shapes(data.shape, sizes)
    return np.broadcast_to(data, check_size(shape, max_elements))


def _tile(inputs: Inputs, given: Given, max_elements: int) -> Array:
    data = _required(inputs, 0)
    check_size([n * times for n, times in zip(data.shape, given.repeats, strict=True)], max_elements)
    return np.tile(data, given.repeats)


def _constant_of_shape(inputs: Inputs, given: Given, max_elements: int) -> Array:
    shape = check_size([int(n) for n in _required(inputs, 0).ravel()], max_elements)
    return np.full(shape, np.float32(0) if given.value is None else given.value.ravel()[0])


def _one_hot(inputs: Inputs, given: Given, max_elements: int) -> Array:
    indices, values = _required(inputs, 0), _required(inputs, 2)
    depth = int(_required(inputs, 1).ravel()[0])
    check_size((*indices.shape, depth), max_elements)
    places = np.arange(depth).reshape(-1, *(1,) * indices.ndim)
    whole = np.where(indices < 0, indices + depth, indices)
    return np.moveaxis(np.where(places == whole, values[1], values[0]), 0, given.axis)


def _range(inputs: Inputs, given: Given, max_elements: int) -> Array:
    start, limit, step = (_required(inputs, place).item() for place in range(3))
    (count,) = check_size([max(0, math.ceil((limit - start) / step))], max_elements)
    return np.asarray(start + step * np.arange(count), _required(inputs, 0).dtype)


Rule: TypeAlias = Callable[[Inputs, Given, int], Array | None]


def _reduce(function: Callable[..., Any]) -> Rule:
    def rule(inputs: Inputs, given: Given, _: int) -> Array:
        data = _required(inputs, 0)
        if not given.axes and given.noop_with_empty_axes:
            return data
        return np.asarray(function(data, axis=given.axes or None, keepdims=given.keepdims), data.dtype)

    return rule


def _elementwise(function: Callable[..., Any]) -> Rule:
    """A rule from a NumPy function of the inputs alone."""
    return lambda inputs, *_: np.asarray(function(*(_required(inputs, i) for i in range(len(inputs)))))


def _accumulated(function: Callable[..., Any]) -> Rule:
    """A rule from a NumPy function of two arrays, for any number of inputs."""
    return lambda inputs, *_: np.asarray(
        functools.reduce(function, (_required(inputs, i) for i in range(len(inputs))))
    )


RULES: Mapping[str, Rule] = {
    "Add": _elementwise(np.add),
    "And": _elementwise(np.logical_and),
    "Cast": _cast,
    "Ceil": _elementwise(np.ceil),
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "DequantizeLinear": _dequantize,
    "Div": _divide,
    "Equal": _elementwise(np.equal),
    "Expand": _expand,
    "Floor": _elementwise(np.floor),
    "Gather": _gather,
    "Greater": _elementwise(np.greater),
    "Identity": _elementwise(np.asarray),
    "Less": _elementwise(np.less),
    "Max": _accumulated(np.maximum),
    "Min": _accumulated(np.minimum),
    "Mod": _mod,
    "Mul": _elementwise(np.multiply),
    "Neg": _elementwise(np.negative),
    "Not": _elementwise(np.logical_not),
    "OneHot": _one_hot,
    "Or": _elementwise(np.logical_or),
    "Range": _range,
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "Reshape": _reshape,
    "Round": _elementwise(np.rint),
    "Slice": _slice,
    "Sqrt": _elementwise(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _elementwise(np.subtract),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _elementwise(np.where),
}
"""What each operator makes of known arrays."""
