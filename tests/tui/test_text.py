from __future__ import annotations

import pytest

from vaevis_tui.tui.text import wrapped


@pytest.mark.parametrize("width", [-10, 0, 1])
def test_text_is_wrapped_in_the_narrowest_windows(width: int) -> None:
    assert wrapped("ab c", width) == ["a", "b", "c"]
