"""What ONNX operators take whose arguments this package reads: to fold them, to follow shapes, to count work.

The engine reads them by the same table; what only it reads is declared beside its readers
(`vaevis_tui.engine.graph`), limited to what it computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from vaevis_tui.onnx_model.node import Node, UnsupportedError, label
from vaevis_tui.onnx_model.operators import declare
from vaevis_tui.onnx_model.operators.declare import REQUIRED, ArgumentError, Signature

_WEIGHTS = {"weight": declare.weights(4, computed=True), "bias": declare.weights(1, None)}

_WINDOW = {
    "auto_pad": declare.choice("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
    "dilations": declare.pair((1, 1)),
    "pads": declare.integers((0, 0, 0, 0), 0, 4),
    "strides": declare.pair((1, 1)),
}

_CONVOLUTION = {**_WINDOW, "group": declare.integer(1, 1)}

_POOL = {**_WINDOW, "ceil_mode": declare.flag(), "kernel_shape": declare.integers(low=1)}

_REDUCTION = Signature(
    {"axes": declare.axes()}, {"keepdims": declare.flag(True), "noop_with_empty_axes": declare.flag()}
)

_NORMAL = {"mean": declare.number(0.0), "scale": declare.number(1.0)}
_UNIFORM = {"low": declare.number(0.0), "high": declare.number(1.0)}
_DRAWN = {"dtype": declare.integer(1), "shape": declare.integers(low=0)}
_DRAWN_LIKE = {"dtype": declare.integer(None)}

SIGNATURES: Mapping[str, Signature] = {
    "AveragePool": Signature({}, {**_POOL, "count_include_pad": declare.flag()}),
    "Cast": Signature({}, {"to": declare.integer()}),
    "Clip": Signature({"min": declare.bound(-inf), "max": declare.bound(inf)}),
    "Concat": Signature({}, {"axis": declare.axis(REQUIRED)}),
    "Conv": Signature(_WEIGHTS, _CONVOLUTION),
    "ConvTranspose": Signature(
        _WEIGHTS,
        {
            **_CONVOLUTION,
            "output_padding": declare.pair((0, 0), 0),
            "output_shape": declare.integers(None, 1),
        },
    ),
    "DequantizeLinear": Signature(
        {"scale": declare.weights(computed=True), "zero_point": declare.indices(None, computed=True)},
        {"axis": declare.integer(1)},  # which scales of one number leave beyond the tensor's axes
    ),
    "Expand": Signature({"shape": declare.integers()}),
    "Gather": Signature({"indices": declare.indices()}, {"axis": declare.axis(0)}),
    "Gemm": Signature(
        {"weight": declare.weights(2), "bias": declare.weights(default=None)},
        {
            "alpha": declare.number(1.0),
            "beta": declare.number(1.0),
            "transA": declare.flag(),
            "transB": declare.flag(),
        },
    ),
    "MaxPool": Signature({}, {**_POOL, "storage_order": declare.choice(0)}),
    "Mod": Signature({}, {"fmod": declare.flag()}),
    "OneHot": Signature(
        {"depth": declare.weights(), "values": declare.weights(1)}, {"axis": declare.integer(-1)}
    ),
    "Pad": Signature(
        {"pads": declare.integers(), "value": declare.number(0.0), "axes": declare.axes()},
        {"mode": declare.choice("constant", "reflect", "edge", "wrap")},
    ),
    "RandomNormal": Signature({}, {**_NORMAL, **_DRAWN}),
    "RandomNormalLike": Signature({}, {**_NORMAL, **_DRAWN_LIKE}),
    "RandomUniform": Signature({}, {**_UNIFORM, **_DRAWN}),
    "RandomUniformLike": Signature({}, {**_UNIFORM, **_DRAWN_LIKE}),
    "ReduceProd": _REDUCTION,
    "ReduceSum": _REDUCTION,
    "Reshape": Signature({"shape": declare.integers()}, {"allowzero": declare.flag()}),
    "Shape": Signature({}, {"start": declare.integer(0), "end": declare.integer(None)}),
    "Slice": Signature(
        {
            "starts": declare.integers(),
            "ends": declare.integers(),
            "axes": declare.axes(),
            "steps": declare.integers(None),
        },
    ),
    "Squeeze": Signature({"axes": declare.axes()}),
    "Tile": Signature({"repeats": declare.integers()}),
    "Transpose": Signature({}, {"perm": declare.axes()}),
    "Unsqueeze": Signature({"axes": declare.integers()}),
}
"""By op_type."""


def attribute(node: Node, name: str, rank: int = 0) -> Any:
    """One attribute of a node, as `SIGNATURES` has it.

    Args:
        node: Of a kind that is declared there.
        name: Of the attribute; or of an input which older opsets have as an attribute.
        rank: Number of axes of its first input, which only axes need.

    Raises:
        UnsupportedError: It is not as declared; names the operator.
    """
    takes = SIGNATURES[node.kind]
    try:
        return {**takes.constants, **takes.attributes}[name].read(name, node.attributes.get(name), rank)
    except ArgumentError as error:
        raise UnsupportedError(f"{label(node)}: {error}") from None
