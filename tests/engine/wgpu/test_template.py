"""The template scheme of the shader files."""

from __future__ import annotations

from typing import Any

import pytest

from vaevis_tui.engine.wgpu import template
from vaevis_tui.engine.wgpu.template import TemplateError, parse


def rendered(text: str, **parameters: Any) -> str:
    lines: list[str] = []
    template._expand(parse(text, "test.wgsl"), {"__builtins__": template._BUILTINS, **parameters}, lines)
    return "\n".join(lines)


def test_values_and_expressions() -> None:
    assert rendered("a[$(n * (n + 1))u] + $n;", n=3) == "a[12u] + 3;"
    assert rendered("f($shape)", shape=[1, 2, 3]) == "f(1, 2, 3)"


def test_loops_and_choices_nest() -> None:
    text = "\n".join(
        [
            "//! for i, name in enumerate(names)",
            "  //! if i % 2",
            "  odd $name",
            "  //! else",
            "  //! for j in range(i + 1)",
            "  even $name $j",
            "  //! end",
            "  //! end",
            "//! end",
            "done",
        ]
    )
    expected = ["  even a 0", "  odd b", "  even c 0", "  even c 1", "  even c 2", "done"]
    assert rendered(text, names="abc").split("\n") == expected


def test_ordinary_comments_stay() -> None:
    assert rendered("// for i in a list\n/// if") == "// for i in a list\n/// if"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("//! for i in range(3)\nx", "test.wgsl:1: '//! for' is not closed"),
        ("x\n//! end", "'//! end' without a beginning"),
        ("//! if 1\n//! else\n//! else\n//! end", "test.wgsl:1: '//! if' is not closed"),
        ("//! while x", "test.wgsl:1: '//! while x' is not a mark"),
        ("a $(b", "test.wgsl:1: a parenthesis is not closed"),
        ("a $(1 +)", "test.wgsl:1: '1 \\+' is not an expression"),
    ],
)
def test_mistakes_are_placed(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        parse(text, "test.wgsl")


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(TemplateError, match=r"pointwise\.wgsl: name '\w+' is not defined"):
        template.render("pointwise.wgsl", {})


def test_expressions_see_nothing_but_parameters() -> None:
    with pytest.raises(NameError):
        rendered("$(__import__('os'))")
