from __future__ import annotations

import pytest

from vaevis_tui.tui.text import cut_words, wrapped


@pytest.mark.parametrize("width", [-10, 0, 1])
def test_text_is_wrapped_in_the_narrowest_windows(width: int) -> None:
    assert wrapped("ab c", width) == ["a", "b", "c"]


def test_of_several_words_the_longest_is_cut() -> None:
    assert cut_words("background colour", 12) == "back… colour"
    assert cut_words("background colour", 17) == "background colour"
    assert cut_words("background colour", 8) == "backgro…"
    assert cut_words("background", 6) == "backg…"
    assert cut_words("", 3) == ""
