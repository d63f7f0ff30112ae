"""Shape arithmetic: what exporters write to compute sizes (Shape, Gather, Concat, ...), on small arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Attributes: TypeAlias = Mapping[str, Any]

MAX_ELEMENTS = 1024
"""Of an array that is held: sizes, axes and scales are far shorter, weights are longer and left alone."""


def fold(operator: str, inputs: Sequence[Array | None], attributes: Attributes) -> Array | None:
    """The value of an operator whose inputs are all known; None where it is no shape arithmetic.

    Args:
        operator: ONNX op_type.
        inputs: Its inputs, None where an optional one is left out.
        attributes: Attribute values by name.

    Raises:
        ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError: the inputs do not fit each other.
    """
    rule = _RULES.get(operator)
    if rule is None:
        return None
    with np.errstate(all="ignore"):
        value = rule(inputs, attributes)
    return None if value is None or value.size > MAX_ELEMENTS else value


def _constant(_: Sequence[Array | None], attributes: Attributes) -> Array | None:
    for key, kind in (("value_int", np.int64), ("value_ints", np.int64)):
        if key in attributes:
            return np.array(attributes[key], kind)
    for key in ("value_float", "value_floats"):
        if key in attributes:
            return np.array(attributes[key], np.float32)
    value = attributes.get("value")
    return value if isinstance(value, np.ndarray) else None


def _constant_of_shape(inputs: Sequence[Array | None], attributes: Attributes) -> Array | None:
    shape = _ints(inputs[0])
    if any(n < 0 for n in shape):
        raise ValueError(f"shape {shape}")
    if float(np.prod([float(n) for n in shape])) > MAX_ELEMENTS:
        return None
    value = attributes.get("value")
    fill = np.zeros(1, np.float32) if value is None else value
    return np.full(shape, fill.ravel()[0], fill.dtype)


def _divide(a: Array, b: Array) -> Array:
    """As ONNX does: whole numbers towards zero."""
    if a.dtype.kind != "i":
        return np.asarray(np.divide(a, b))
    if np.any(b == 0):
        raise ZeroDivisionError("division by zero")
    return np.asarray(np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)))


def _slice(inputs: Sequence[Array | None], attributes: Attributes) -> Array:
    data = _array(inputs[0])
    if len(inputs) == 1:  # before opset 10
        starts, ends = attributes["starts"], attributes["ends"]
        axes, steps = attributes.get("axes"), None
    else:
        starts, ends = _ints(inputs[1]), _ints(inputs[2])
        axes, steps = (
            _ints(inputs[i]) if len(inputs) > i and inputs[i] is not None else None for i in (3, 4)
        )
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    index = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        # From the last element backwards "past the first" is written as a very negative end.
        index[axis] = slice(start, None if step < 0 and end < -data.shape[axis] else end, step)
    return data[tuple(index)]


def _squeeze(inputs: Sequence[Array | None], attributes: Attributes) -> Array:
    axes = _axes(inputs, attributes)
    return np.squeeze(_array(inputs[0]), None if axes is None else tuple(axes))


def _unsqueeze(inputs: Sequence[Array | None], attributes: Attributes) -> Array:
    return np.expand_dims(_array(inputs[0]), tuple(_axes(inputs, attributes) or ()))


def _reshape(inputs: Sequence[Array | None], _: Attributes) -> Array:
    data = _array(inputs[0])
    shape = [data.shape[i] if n == 0 else n for i, n in enumerate(_ints(inputs[1]))]
    return data.reshape(shape)


def _range(inputs: Sequence[Array | None], _: Attributes) -> Array | None:
    first = _array(inputs[0])
    start, limit, step = (float(_array(value).item()) for value in inputs)
    count = max(0, math.ceil((limit - start) / step))
    return (start + step * np.arange(count)).astype(first.dtype) if count <= MAX_ELEMENTS else None


def _cast(inputs: Sequence[Array | None], attributes: Attributes) -> Array:
    import onnx

    return _array(inputs[0]).astype(onnx.helper.tensor_dtype_to_np_dtype(attributes["to"]))


def _product(inputs: Sequence[Array | None], attributes: Attributes) -> Array:
    axes = _axes(inputs, attributes)
    keep = bool(attributes.get("keepdims", 1))
    return np.asarray(np.prod(_array(inputs[0]), axis=None if axes is None else tuple(axes), keepdims=keep))


def _axes(inputs: Sequence[Array | None], attributes: Attributes) -> list[int] | None:
    """Axes are an attribute before opset 13 and an input since."""
    if len(inputs) > 1 and inputs[1] is not None:
        return _ints(inputs[1])
    return list(attributes["axes"]) if "axes" in attributes else None


def _array(value: Array | None) -> Array:
    if value is None:
        raise TypeError("an input is left out")
    return value


def _ints(value: Array | None) -> list[int]:
    return [int(n) for n in _array(value).ravel()]


_Rule: TypeAlias = Callable[[Sequence[Array | None], Attributes], Array | None]


def _plain(function: Callable[..., Any]) -> _Rule:
    """A rule from a NumPy function of the inputs alone."""
    return lambda inputs, _: np.asarray(function(*(_array(value) for value in inputs)))


_RULES: Mapping[str, _Rule] = {
    "Add": _plain(np.add),
    "Cast": _cast,
    "Ceil": _plain(np.ceil),
    "Concat": lambda inputs, attributes: np.concatenate([_array(v) for v in inputs], attributes["axis"]),
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Div": _plain(_divide),
    "Equal": _plain(np.equal),
    "Floor": _plain(np.floor),
    "Gather": lambda inputs, attributes: np.take(
        _array(inputs[0]), _array(inputs[1]), axis=attributes.get("axis", 0)
    ),
    "Greater": _plain(np.greater),
    "Identity": _plain(np.array),
    "Less": _plain(np.less),
    "Max": _plain(np.maximum),
    "Min": _plain(np.minimum),
    "Mod": _plain(np.mod),
    "Mul": _plain(np.multiply),
    "Neg": _plain(np.negative),
    "Range": _range,
    "ReduceProd": _product,
    "Reshape": _reshape,
    "Round": _plain(np.rint),
    "Slice": _slice,
    "Sqrt": _plain(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _plain(np.subtract),
    "Transpose": lambda inputs, attributes: np.transpose(_array(inputs[0]), attributes.get("perm")),
    "Unsqueeze": _unsqueeze,
    "Where": _plain(np.where),
}
