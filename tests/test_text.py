from __future__ import annotations

import pytest

from vaevis_tui.text import one_line, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand  gaps ", "two lines and gaps"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("a\u202eb\u200bc", "a b c"),
        ("été 漢字", "été 漢字"),
        ("", ""),
    ],
)
def test_text_becomes_one_printable_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_long_text_is_cut() -> None:
    assert one_line("x" * 300, 10) == "x" * 9 + "…"
    assert len(one_line("x" * 10**7)) == 200


def test_names_are_quoted_and_short() -> None:
    assert quoted("conv\x1b1") == "'conv 1'"
    assert len(quoted("n" * 1000)) == 62


def test_exceptions_are_taken_by_their_text() -> None:
    assert one_line(ValueError("a\nb")) == "a b"
