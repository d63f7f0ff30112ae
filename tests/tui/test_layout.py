from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaevis_tui.terminal.placement import fit
from vaevis_tui.tui.layout import BARS_LEAST, BARS_MOST, BARS_READY, arrange

DIGITS = (28, 28)
DOGS = (128, 128)


@pytest.mark.parametrize(
    ("window", "image", "scale"),
    [
        ((80, 24), DIGITS, 1),
        ((120, 36), DIGITS, 2),
        ((200, 60), DIGITS, 4),
        ((40, 12), DIGITS, 0),
        ((80, 24), DOGS, 0),
        ((300, 70), DOGS, 1),
    ],
)
def test_the_picture_is_as_large_as_the_window_allows(
    window: tuple[int, int], image: tuple[int, int], scale: int
) -> None:
    plan = arrange(*window, *image)
    assert fit(*image, *plan.picture).scale == scale


def test_common_windows_leave_nothing_out() -> None:
    for window in ((80, 24), (120, 36), (200, 60)):
        plan = arrange(*window, *DOGS)
        assert plan.left_out == ""
        assert plan.panel == 3
        assert plan.bars >= BARS_READY


def test_a_small_window_keeps_bars_and_names_what_is_missing() -> None:
    plan = arrange(40, 12, *DIGITS)
    assert plan.bars >= BARS_LEAST
    assert plan.panel == 0
    assert plan.left_out == "statistics left out: need 64×18"


def test_a_tiny_window_is_the_picture_s_alone() -> None:
    plan = arrange(20, 6, *DIGITS)
    assert plan.bars == 0
    assert plan.picture == (20, 5)
    assert "bars and statistics left out" in plan.left_out


sizes = st.integers(1, 300)


@given(width=sizes, height=sizes, image_height=st.integers(1, 512), image_width=st.integers(1, 512))
def test_every_cell_is_given_once_and_the_picture_gets_some(
    width: int, height: int, image_height: int, image_width: int
) -> None:
    plan = arrange(width, height, image_height, image_width)
    columns, rows = plan.picture
    assert columns + plan.bars == width
    assert rows + plan.panel + plan.hints == max(height, 1)
    assert columns >= 1
    assert rows >= 1
    assert plan.bars == 0 or BARS_LEAST <= plan.bars <= BARS_MOST


@given(width=sizes, height=sizes, image_height=st.integers(1, 512), image_width=st.integers(1, 512))
def test_bars_take_nothing_that_the_picture_could_use_once_they_can_be_read(
    width: int, height: int, image_height: int, image_width: int
) -> None:
    plan = arrange(width, height, image_height, image_width)
    if plan.bars > BARS_READY:
        wider = fit(image_height, image_width, plan.picture[0] + plan.bars - BARS_READY, plan.picture[1])
        assert wider.columns <= plan.picture[0]
