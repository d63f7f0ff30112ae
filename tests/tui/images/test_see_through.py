from __future__ import annotations

from textual.strip import Strip

from vaevis_tui.tui.textual_private.see_through import _without_gaps


def test_what_no_widget_has_drawn_is_blank_where_it_lies() -> None:
    parts = list(_without_gaps({0: None, 3: Strip.blank(2), 5: None}, 9))
    assert [part.cell_length for part in parts] == [3, 2, 4]
