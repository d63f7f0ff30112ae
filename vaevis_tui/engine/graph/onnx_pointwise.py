"""Pointwise ONNX operators: each is an expression over its inputs.

A new one is a row of `expression.FUNCTIONS`, a ``fn`` of ``shaders/functions.wgsl`` and a row of
`OPERATORS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from vaevis_tui.engine.graph.expression import Literal, call
from vaevis_tui.engine.graph.importer import Importer, Reader, refuse
from vaevis_tui.onnx_model.folding import dtype_of
from vaevis_tui.onnx_model.node import Node


def _binary(function: str) -> Reader:
    def read(importer: Importer, node: Node) -> None:
        first, *others = node.inputs
        for index, other in enumerate(others):  # Sum, Max and Min take any number; one step joins two
            output = node.outputs[0] if index == len(others) - 1 else f"{node.outputs[0]}.{index}"
            pair = dataclasses.replace(node, inputs=(first, other), outputs=(output,))
            importer.pointwise(pair, call(function, importer.operand(pair, 0), importer.operand(pair, 1)))
            first = output
        if not others:
            importer.alias(node)

    return read


def _power(importer: Importer, node: Node) -> None:
    base, exponent = importer.operand(node, 0), importer.operand(node, 1)
    if exponent == Literal(2.0):  # exact, and right for negative numbers
        importer.pointwise(node, call("mul", base, base))
    else:
        importer.pointwise(node, call("power", base, exponent))


def _clip(importer: Importer, node: Node) -> None:
    expression = importer.operand(node, 0)
    for function, index, attribute in (("maximum", 1, "min"), ("minimum", 2, "max")):
        bound = importer.optional(node, index, attribute)
        if bound is not None and abs(bound.item()) < np.finfo(np.float32).max:
            expression = call(function, expression, bound.item())
    importer.pointwise(node, expression, node.inputs[:1])


def _prelu(importer: Importer, node: Node) -> None:
    x, slope = importer.operand(node, 0), importer.operand(node, 1)
    importer.pointwise(node, call("leaky_relu", x, slope))


def _gelu(importer: Importer, node: Node) -> None:
    approximate = node.attributes.get("approximate", "none")
    if approximate not in ("none", "tanh"):
        refuse(node, f"approximate={approximate!r} is not supported; it is 'none' or 'tanh'")
    importer.pointwise(
        node, call("gelu" if approximate == "none" else "gelu_tanh", importer.operand(node, 0))
    )


def _where(importer: Importer, node: Node) -> None:
    node = _numeric(importer, node)
    importer.pointwise(node, call("choose", *(importer.operand(node, index) for index in range(3))))


def _numeric(importer: Importer, node: Node) -> Node:
    """The node with truth values that are known as numbers."""
    inputs = []
    for name in node.inputs:
        array = importer.constants.get(name)
        if array is not None and array.dtype.kind == "b":
            name = f"{name}.number"
            importer.constants[name] = array.astype(np.float32)
        inputs.append(name)
    return dataclasses.replace(node, inputs=tuple(inputs))


def _comparison(function: str, *, swapped: bool = False) -> Reader:
    def read(importer: Importer, node: Node) -> None:
        node = _numeric(importer, node)
        a, b = importer.operand(node, 0), importer.operand(node, 1)
        importer.pointwise(node, call(function, b, a) if swapped else call(function, a, b))

    return read


def _not(importer: Importer, node: Node) -> None:
    importer.pointwise(node, call("sub", 1.0, importer.operand(node, 0)))


LARGEST_ALPHA = 1e4
"""Of Celu: beyond it the difference of exponential and 1 has no digits left."""


def _celu(importer: Importer, node: Node) -> None:
    alpha = float(node.attributes.get("alpha", 1.0))
    if not 0 < alpha < LARGEST_ALPHA:
        refuse(node, f"alpha={alpha:g} is not supported; it is between 0 and {LARGEST_ALPHA:g}")
    x = importer.operand(node, 0)
    importer.pointwise(node, call("mul", call("elu", call("div", x, alpha), 1.0), alpha))


def _rename(importer: Importer, node: Node) -> None:
    importer.alias(node)


def _cast(importer: Importer, node: Node) -> None:
    kind = dtype_of(node.attributes["to"])
    if kind is np.bool_:
        importer.pointwise(node, call("sub", 1.0, call("equal", importer.operand(node, 0), 0.0)))
        return
    if kind not in (np.float32, np.float16, np.float64):
        refuse(node, f"to={node.attributes['to']}: activations are float32 here")
    importer.alias(node)


def _function(function: str, **attributes: float) -> Reader:
    """A function of the first input and of attributes, given with their defaults."""

    def read(importer: Importer, node: Node) -> None:
        numbers = [float(node.attributes.get(key, default)) for key, default in attributes.items()]
        importer.pointwise(node, call(function, importer.operand(node, 0), *numbers))

    return read


OPERATORS: Mapping[str, Reader] = {
    "Abs": _function("absolute"),
    "Add": _binary("add"),
    "Cast": _cast,
    "Ceil": _function("round_up"),
    "Celu": _celu,
    "Clip": _clip,
    "Cos": _function("cosine"),
    "Div": _binary("div"),
    "Dropout": _rename,
    "Elu": _function("elu", alpha=1.0),
    "Equal": _comparison("equal"),
    "Erf": _function("error_function"),
    "Exp": _function("exponential"),
    "Floor": _function("round_down"),
    "Gelu": _gelu,
    "Greater": _comparison("greater"),
    "GreaterOrEqual": _comparison("greater_or_equal"),
    "HardSigmoid": _function("hard_sigmoid", alpha=0.2, beta=0.5),
    "HardSwish": _function("hard_swish"),
    "Identity": _rename,
    "LeakyRelu": _function("leaky_relu", alpha=0.01),
    "Less": _comparison("greater", swapped=True),
    "LessOrEqual": _comparison("greater_or_equal", swapped=True),
    "Log": _function("logarithm"),
    "Max": _binary("maximum"),
    "Min": _binary("minimum"),
    "Mish": _function("mish"),
    "Mul": _binary("mul"),
    "Neg": _function("negate"),
    "Not": _not,
    "PRelu": _prelu,
    "Pow": _power,
    "Reciprocal": _function("reciprocal"),
    "Relu": _function("relu"),
    "Round": _function("round_to_even"),
    "Selu": _function("selu", alpha=1.67326319217681884765625, gamma=1.05070102214813232421875),
    "Sigmoid": _function("sigmoid"),
    "Sign": _function("sign_of"),
    "Sin": _function("sine"),
    "Softplus": _function("softplus"),
    "Softsign": _function("softsign"),
    "Sqrt": _function("square_root"),
    "Sub": _binary("sub"),
    "Sum": _binary("add"),
    "Tanh": _function("hyperbolic_tangent"),
    "Where": _where,
}
"""Readers by op_type."""
