"""Pointwise ONNX operators: each is an expression over its inputs.

A new one is a row of `expression.FUNCTIONS`, a ``fn`` of ``shaders/functions.wgsl`` and a row of
`OPERATORS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from vaevis_tui.engine.graph.expression import Literal, call
from vaevis_tui.engine.graph.readers.importer import Importer, Read, Reader, readers, refuse
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.operators import declare
from vaevis_tui.onnx_model.operators.declare import Given
from vaevis_tui.onnx_model.operators.folding import dtype_of


def _binary(function: str) -> Read:
    def read(importer: Importer, node: Node, _: Given) -> None:
        first, *others = node.inputs
        for index, other in enumerate(others):  # Sum, Max and Min take any number; one step joins two
            output = node.outputs[0] if index == len(others) - 1 else f"{node.outputs[0]}.{index}"
            pair = dataclasses.replace(node, inputs=(first, other), outputs=(output,))
            importer.as_pointwise(pair, call(function, importer.operand(pair, 0), importer.operand(pair, 1)))
            first = output
        if not others:
            importer.alias(node)

    return read


def _power(importer: Importer, node: Node, _: Given) -> None:
    base, exponent = importer.operand(node, 0), importer.operand(node, 1)
    if exponent == Literal(2.0):  # exact, and right for negative numbers
        importer.as_pointwise(node, call("mul", base, base))
    else:
        importer.as_pointwise(node, call("power", base, exponent))


def _clip(importer: Importer, node: Node, given: Given) -> None:
    expression = importer.operand(node, 0)
    for function, bound in (("maximum", given.min), ("minimum", given.max)):
        if abs(bound) < declare.LARGEST:
            expression = call(function, expression, bound)
    importer.as_pointwise(node, expression, node.inputs[:1])


def _prelu(importer: Importer, node: Node, _: Given) -> None:
    x, slope = importer.operand(node, 0), importer.operand(node, 1)
    importer.as_pointwise(node, call("leaky_relu", x, slope))


def _gelu(importer: Importer, node: Node, given: Given) -> None:
    function = "gelu" if given.approximate == "none" else "gelu_tanh"
    importer.as_pointwise(node, call(function, importer.operand(node, 0)))


def _where(importer: Importer, node: Node, _: Given) -> None:
    node = _numeric(importer, node)
    importer.as_pointwise(node, call("choose", *(importer.operand(node, index) for index in range(3))))


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


def _comparison(function: str, *, swapped: bool = False) -> Read:
    def read(importer: Importer, node: Node, _: Given) -> None:
        node = _numeric(importer, node)
        a, b = importer.operand(node, 0), importer.operand(node, 1)
        importer.as_pointwise(node, call(function, b, a) if swapped else call(function, a, b))

    return read


def _not(importer: Importer, node: Node, _: Given) -> None:
    importer.as_pointwise(node, call("sub", 1.0, importer.operand(node, 0)))


def _celu(importer: Importer, node: Node, given: Given) -> None:
    x = call("div", importer.operand(node, 0), given.alpha)
    importer.as_pointwise(node, call("mul", call("elu", x, 1.0), given.alpha))


def _rename(importer: Importer, node: Node, _: Given) -> None:
    importer.alias(node)


def _cast(importer: Importer, node: Node, given: Given) -> None:
    kind = dtype_of(given.to)
    if kind is np.bool_:
        importer.as_pointwise(node, call("sub", 1.0, call("equal", importer.operand(node, 0), 0.0)))
        return
    if node.outputs[0] in importer.whole:
        x = importer.operand(node, 0)
        importer.as_pointwise(node, call("mul", call("sign_of", x), call("round_down", call("absolute", x))))
        return
    if kind not in (np.float32, np.float16, np.float64):
        refuse(node, f"to={given.to}: activations are float32 here")
    importer.alias(node)


def _function(function: str) -> Read:
    """A function of the first input and of the attributes that are declared, in their order."""

    def read(importer: Importer, node: Node, given: Given) -> None:
        importer.as_pointwise(node, call(function, importer.operand(node, 0), *vars(given).values()))

    return read


OPERATORS: Mapping[str, Reader] = readers(
    {
        "Abs": _function("absolute"),
        "Add": _binary("add"),
        "And": _comparison("minimum"),
        "Cast": _cast,
        "Ceil": _function("round_up"),
        "Celu": _celu,
        "Clip": _clip,
        "Cos": _function("cosine"),
        "Div": _binary("div"),
        "Dropout": _rename,
        "Elu": _function("elu"),
        "Equal": _comparison("equal"),
        "Erf": _function("error_function"),
        "Exp": _function("exponential"),
        "Floor": _function("round_down"),
        "Gelu": _gelu,
        "Greater": _comparison("greater"),
        "GreaterOrEqual": _comparison("greater_or_equal"),
        "HardSigmoid": _function("hard_sigmoid"),
        "HardSwish": _function("hard_swish"),
        "Identity": _rename,
        "LeakyRelu": _function("leaky_relu"),
        "Less": _comparison("greater", swapped=True),
        "LessOrEqual": _comparison("greater_or_equal", swapped=True),
        "Log": _function("logarithm"),
        "Max": _binary("maximum"),
        "Min": _binary("minimum"),
        "Mish": _function("mish"),
        "Mul": _binary("mul"),
        "Neg": _function("negate"),
        "Not": _not,
        "Or": _comparison("maximum"),
        "PRelu": _prelu,
        "Pow": _power,
        "Reciprocal": _function("reciprocal"),
        "Relu": _function("relu"),
        "Round": _function("round_to_even"),
        "Selu": _function("selu"),
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
)
"""By op_type."""
