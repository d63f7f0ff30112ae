"""Pointwise expressions, and that every function has its WGSL."""

from __future__ import annotations

import numpy as np
import pytest

from vaevis_tui.engine.graph.expression import (
    FUNCTIONS,
    RESULT,
    Call,
    Literal,
    Operand,
    call,
    evaluate,
    size,
    substitute,
)
from vaevis_tui.engine.wgpu.kernels.base import _functions


def test_every_function_has_its_wgsl_and_no_other() -> None:
    wgsl = _functions()
    assert set(FUNCTIONS) <= set(wgsl), "write a fn of the same name in shaders/functions.wgsl"
    assert set(wgsl) <= set(FUNCTIONS), "shaders/functions.wgsl has a fn without a row in `FUNCTIONS`"
    for name, (arguments, _) in FUNCTIONS.items():
        head = wgsl[name].partition("{")[0]
        said = f"{name} takes {arguments} arguments in `FUNCTIONS`, and others in shaders/functions.wgsl"
        assert head.count("vec4<f32>") == arguments + 1, said


def test_substitution_composes() -> None:
    inner = call("add", RESULT, Operand(0))
    outer = call("mul", RESULT, 2.0)
    both = substitute(outer, inner, [])
    assert both == Call("mul", (inner, Literal(2.0)))
    three, one = np.full(1, 3, np.float32), np.ones(1, np.float32)
    assert evaluate(both, three, [one]) == 8.0


def test_equal_parts_count_once() -> None:
    sigmoid = call("sigmoid", RESULT)
    assert size(call("mul", sigmoid, sigmoid)) == 2


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("softmax", (RESULT,), "no pointwise function 'softmax'"),
        ("relu", (RESULT, 1.0), "relu takes 1 arguments, not 2"),
        ("mul", (RESULT, float("nan")), "not a finite float32"),
        ("mul", (RESULT, 1e39), "not a finite float32"),
    ],
)
def test_mistakes_are_named(function: str, arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(function, *arguments)  # type: ignore[arg-type]


def test_an_epilogue_needs_what_it_asks_for() -> None:
    with pytest.raises(ValueError, match="asks for a result"):
        evaluate(RESULT, None, [])
