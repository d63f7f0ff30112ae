from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaevis_tui.tui.panels.bar_cells import (
    ABOVE,
    BELOW,
    BELOW_EDGE,
    EIGHTHS,
    LEFT_BLOCKS,
    TRACK,
    beyond,
    runs,
    sigma_at,
    steps,
    value_text,
)

widths = st.integers(1, 50).map(lambda half: 2 * half)
sigmas = st.floats(-12, 12)


def filled(track: list[tuple[str, int]]) -> list[tuple[int, int]]:
    """What is filled of each cell, in eighths from its left edge: from where, to where."""
    cells = []
    for text, what in track:
        for char in text:
            if what == TRACK:
                assert char in " ▏"
                cells.append((0, 0))
            elif what == BELOW_EDGE:
                cells.append((LEFT_BLOCKS.index(char), EIGHTHS))
            else:
                assert what in (ABOVE, BELOW)
                cells.append((0, EIGHTHS if char == "█" else LEFT_BLOCKS.index(char)))
    return cells


@given(sigma=sigmas, width=widths)
def test_a_bar_reads_back_to_its_value(sigma: float, width: int) -> None:
    cells = filled(runs(steps(sigma, width), width))
    assert len(cells) == width
    eighths = [8 * i + j for i, (start, end) in enumerate(cells) for j in range(start, end)]
    half = EIGHTHS * width // 2
    length = steps(sigma, width)
    assert eighths == list(range(half, half + length) if length >= 0 else range(half + length, half))
    assert length / half == pytest.approx(min(max(sigma / 3, -1), 1), abs=0.5 / half + 1e-9)


def test_a_bar_byte_for_byte() -> None:
    assert runs(0, 6) == [("   ", TRACK), ("▏  ", TRACK)]
    assert runs(13, 6) == [("   ", TRACK), ("█", ABOVE), ("▋", ABOVE), (" ", TRACK)]
    assert runs(-13, 6) == [(" ", TRACK), ("▍", BELOW_EDGE), ("█", BELOW), ("▏  ", TRACK)]
    assert runs(24, 6) == [("   ", TRACK), ("███", ABOVE)]


@pytest.mark.parametrize("sigma", [3.4, 5.0, 10.0])
def test_a_value_beyond_the_track_is_marked_at_its_edge(sigma: float) -> None:
    for sign, mark in ((1, "▶"), (-1, "◀")):
        text = "".join(part for part, _ in beyond(runs(steps(sign * sigma, 8), 8), sign * sigma))
        assert len(text) == 8
        assert text[-1 if sign > 0 else 0] == mark
        assert text.count(mark) == 1


@given(width=st.integers(2, 50).map(lambda half: 2 * half))
def test_a_pointer_of_cells_reaches_both_ends_and_zero(width: int) -> None:
    assert [sigma_at(x, width, exact=False) for x in (0, width // 2 - 1, width // 2, width - 1)] == [
        -3,
        0,
        0,
        3,
    ]
    values = [sigma_at(x, width, exact=False) for x in range(-5, width + 5)]
    assert values == sorted(values)
    assert min(values) == -3
    assert max(values) == 3


def test_a_pointer_of_pixels_is_exact() -> None:
    assert sigma_at(5.5, 20, exact=True) == pytest.approx(-1.35)
    assert sigma_at(5.0, 20, exact=True) == pytest.approx(-1.5)
    assert sigma_at(-0.5, 20, exact=True) == -3
    assert sigma_at(99.5, 20, exact=True) == 3
    assert [sigma_at(x, 20, exact=True) for x in (9.8, 10.0, 10.2)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("sigma", "text"),
    [(0, "  0.00"), (-0.001, "  0.00"), (0.1, " +0.10"), (-10, "-10.00"), (3.456, " +3.46")],
)
def test_values_have_six_cells(sigma: float, text: str) -> None:
    assert value_text(sigma) == text
