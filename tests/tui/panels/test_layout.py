from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from vaevis_tui.terminal.placement import fit
from vaevis_tui.tui.layout import (
    FRAME,
    MAP_COLUMNS,
    MAP_ROWS,
    ROWS_LEAST,
    ROWS_READY,
    Layout,
    Panels,
    arrange,
)

DIGITS = (28, 28)
DOGS = (128, 128)
MANY = Panels(rows=128)
EVERYTHING = Panels(rows=128, strip=True, map=True, details=True)


def parts(layout: Layout) -> dict[str, Region]:
    names = ("image", "rows", "map", "strip", "details", "status", "hints")
    return {name: getattr(layout, name) for name in names if getattr(layout, name)}


def shown(image: tuple[int, int], layout: Layout) -> int:
    """Columns that the image is drawn with."""
    frame = FRAME if layout.framed else 0
    return fit(*image, layout.image.width - frame, layout.image.height - frame).columns


@pytest.mark.parametrize(
    ("window", "image", "columns"),
    [
        ((80, 24), DIGITS, 28),
        ((120, 36), DIGITS, 56),
        ((200, 60), DIGITS, 112),
        ((80, 24), DOGS, 40),
        ((200, 60), DOGS, 112),
        ((300, 80), DOGS, 128),
    ],
)
def test_the_image_is_as_large_as_the_window_allows(
    window: tuple[int, int], image: tuple[int, int], columns: int
) -> None:
    assert shown(image, arrange(*window, image, MANY)) == columns


@pytest.mark.parametrize("window", [(80, 24), (120, 36), (200, 60)])
def test_common_windows_have_everything(window: tuple[int, int]) -> None:
    layout = arrange(*window, DOGS, MANY)
    assert set(parts(layout)) == {"image", "rows", "status", "hints"}
    assert layout.rows.width - FRAME >= ROWS_READY
    assert set(parts(arrange(*window, DOGS, EVERYTHING))) >= {"image", "map", "strip", "details"}


def test_image_strip_rows_and_map_are_in_a_large_window_at_once() -> None:
    layout = arrange(200, 60, DOGS, EVERYTHING)
    assert {"image", "strip", "rows", "map"} <= set(parts(layout))
    assert layout.map.width >= 60
    assert layout.map.height >= 20


@pytest.mark.parametrize("window", [(60, 35), (60, 80), (30, 60), (64, 70)])
@pytest.mark.parametrize("image", [DIGITS, DOGS])
def test_in_a_tall_window_the_bars_lie_below_the_image(
    window: tuple[int, int], image: tuple[int, int]
) -> None:
    layout = arrange(*window, image, MANY)
    assert layout.rows.y >= layout.image.bottom
    assert layout.rows.height >= 5
    assert layout.status
    assert layout.hints
    assert shown(image, layout) >= (28 if image == DIGITS else 0.6 * window[0])


def test_a_small_window_keeps_bars() -> None:
    assert arrange(40, 12, DIGITS, MANY).rows.width >= ROWS_LEAST


def test_a_tiny_window_is_the_image_s_alone() -> None:
    layout = arrange(20, 6, DIGITS, MANY)
    assert layout.image == Region(0, 0, 20, 5)
    assert set(parts(layout)) == {"image", "hints"}


def test_two_dimensions_leave_their_map_the_room() -> None:
    layout = arrange(80, 24, DIGITS, Panels(rows=2, map=True))
    assert layout.rows.height == 2 + 1 + FRAME
    assert layout.map.width >= 40
    assert layout.map.height >= 15


sizes = st.integers(1, 300)
panels = st.builds(Panels, st.integers(1, 256), st.booleans(), st.booleans(), st.booleans())


@given(sizes, sizes, st.tuples(st.integers(1, 512), st.integers(1, 512)), panels)
def test_nothing_overlaps_and_the_image_gets_some(
    width: int, height: int, image: tuple[int, int], open_panels: Panels
) -> None:
    layout = arrange(width, height, image, open_panels)
    regions = list(parts(layout).values())
    window = Region(0, 0, width, height)
    assert all(window.contains_region(region) for region in regions)
    assert not any(a.overlaps(b) for a, b in combinations(regions, 2))
    assert layout.image.area > 0
    assert shown(image, layout) > 0
    if layout.map:
        frame = FRAME if layout.framed else 0
        if layout.rows:
            assert layout.map.width >= MAP_COLUMNS + frame
            assert layout.map.height >= MAP_ROWS + frame
