"""Pointwise arithmetic as small expression trees: fusing two operators is putting one tree into another.

SiLU written as Sigmoid and Mul, GELU written as Div, Erf, Add, Mul and Mul, or BatchNormalization after an
activation need no patterns of their own: each ONNX node becomes a tree of one `Call`, and the rewrites grow
the trees.

To add a function, add a row to `FUNCTIONS` (its meaning in NumPy) and a ``fn`` of the same name to
``shaders/functions.wgsl`` (its meaning on a vec4); a test holds the two against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Result:
    """What the operator itself computed, before its epilogue."""


@dataclass(frozen=True, slots=True)
class Operand:
    """Another tensor, broadcast to the operator's shape: the index counts `Operator.operands`."""

    index: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A number that goes into the shader's text."""

    value: float


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `FUNCTIONS` applied to expressions."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Result | Operand | Literal | Call

RESULT = Result()
"""The empty epilogue: the operator's own result, unchanged."""


def _erf(x: Array) -> Array:
    return np.asarray(np.vectorize(math.erf, otypes=[np.float32])(x), np.float32)


def _gelu_tanh(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), np.float32)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float32)


def _softplus(x: Array) -> Array:
    return np.asarray(np.logaddexp(x, np.float32(0)), np.float32)


FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    # name: (number of arguments, meaning on float32 arrays)
    "add": (2, np.add),
    "sub": (2, np.subtract),
    "mul": (2, np.multiply),
    "div": (2, np.divide),
    "power": (2, np.power),
    "minimum": (2, np.minimum),
    "maximum": (2, np.maximum),
    "equal": (2, lambda a, b: np.equal(a, b).astype(np.float32)),
    "greater": (2, lambda a, b: np.greater(a, b).astype(np.float32)),
    "greater_or_equal": (2, lambda a, b: np.greater_equal(a, b).astype(np.float32)),
    "choose": (3, lambda condition, a, b: np.where(np.not_equal(condition, 0), a, b)),
    "round_down": (1, np.floor),
    "round_up": (1, np.ceil),
    "round_to_even": (1, np.round),
    "sign_of": (1, np.sign),
    "absolute": (1, np.abs),
    "negate": (1, np.negative),
    "reciprocal": (1, lambda x: 1 / x),
    "square_root": (1, np.sqrt),
    "exponential": (1, np.exp),
    "logarithm": (1, np.log),
    "sine": (1, np.sin),
    "cosine": (1, np.cos),
    "hyperbolic_tangent": (1, np.tanh),
    "error_function": (1, _erf),
    "sigmoid": (1, _sigmoid),
    "softplus": (1, _softplus),
    "softsign": (1, lambda x: x / (1 + np.abs(x))),
    "relu": (1, lambda x: np.maximum(x, 0)),
    "leaky_relu": (2, lambda x, slope: np.where(x < 0, slope * x, x)),
    "elu": (2, lambda x, alpha: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x)),
    "selu": (
        3,
        lambda x, alpha, gamma: gamma * np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),
    ),
    "gelu": (1, lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2)))),
    "gelu_tanh": (1, _gelu_tanh),
    "mish": (1, lambda x: x * np.tanh(_softplus(x))),
    "hard_sigmoid": (3, lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1)),
    "hard_swish": (1, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
}


def call(function: str, *arguments: Expression | float) -> Call:
    """Build a `Call`, turning plain numbers into literals.

    Raises:
        ValueError: There is no such function, it takes another number of arguments, or a number is not
        finite.
    """
    if function not in FUNCTIONS:
        raise ValueError(f"no pointwise function {function!r}; there are {', '.join(FUNCTIONS)}")
    if len(arguments) != FUNCTIONS[function][0]:
        raise ValueError(f"{function} takes {FUNCTIONS[function][0]} arguments, not {len(arguments)}")
    return Call(function, tuple(_as_expression(argument) for argument in arguments))


def _as_expression(argument: Expression | float) -> Expression:
    if not isinstance(argument, (int, float)):
        return argument
    if not abs(argument) <= float(np.finfo(np.float32).max):  # NaN is no less than anything
        raise ValueError(f"{argument} is not a finite float32")
    return Literal(float(np.float32(argument)))


def substitute(
    expression: Expression, result: Expression, operands: Sequence[Expression] | None = None
) -> Expression:
    """Put other expressions in the place of `Result` and, if given, of each `Operand`."""
    match expression:
        case Result():
            return result
        case Operand(index):
            return expression if operands is None else operands[index]
        case Literal():
            return expression
        case Call(function, arguments):
            return Call(function, tuple(substitute(a, result, operands) for a in arguments))


def size(expression: Expression) -> int:
    """Number of calls in the tree, repeated ones counted once (they are emitted once)."""
    seen: set[Expression] = set()

    def visit(node: Expression) -> None:
        if isinstance(node, Call) and node not in seen:
            seen.add(node)
            for argument in node.arguments:
                visit(argument)

    visit(expression)
    return len(seen)


def evaluate(expression: Expression, result: Array | None, operands: Sequence[Array]) -> Array:
    """The expression's value in NumPy, float32; operands broadcast as NumPy does.

    Raises:
        ValueError: The expression asks for the operator's own result, and that is None.
    """
    match expression:
        case Result():
            if result is None:
                raise ValueError("the expression asks for a result that there is not")
            return result
        case Operand(index):
            return operands[index]
        case Literal(value):
            return np.asarray(value, np.float32)
        case Call(function, arguments):
            values = [evaluate(argument, result, operands) for argument in arguments]
            return np.asarray(FUNCTIONS[function][1](*values), np.float32)
