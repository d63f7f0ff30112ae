from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaevis_tui.terminal.cells.glyphs import BRAILLE, OCTANTS, QUADRANTS, SEXTANTS
from vaevis_tui.terminal.cells.placement import CellPlacement, fit_cells, resample_cells

GRIDS = [(glyphs.rows, glyphs.columns) for glyphs in (QUADRANTS, SEXTANTS, OCTANTS, BRAILLE)]


@pytest.mark.parametrize(
    ("size", "window", "grid", "placement"),
    [
        pytest.param(
            (128, 128), (64, 32), (4, 2), CellPlacement(128, 128, 64, 32, 0, 0), id="octants, exact"
        ),
        pytest.param(
            (128, 128), (70, 40), (2, 2), CellPlacement(64, 128, 64, 32, 3, 4), id="quadrants, half"
        ),
        pytest.param((128, 128), (64, 32), (3, 2), CellPlacement(96, 128, 64, 32, 0, 0), id="sextants"),
        pytest.param((28, 28), (80, 24), (4, 2), CellPlacement(84, 84, 42, 21, 19, 1), id="octants, 3 times"),
        pytest.param((28, 28), (10, 24), (4, 2), CellPlacement(20, 20, 10, 5, 0, 9), id="octants, smaller"),
        pytest.param((1, 1), (1, 1), (4, 2), CellPlacement(2, 2, 1, 1, 0, 0), id="one pixel"),
    ],
)
def test_placements(
    size: tuple[int, int], window: tuple[int, int], grid: tuple[int, int], placement: CellPlacement
) -> None:
    assert fit_cells(*size, *window, grid) == placement


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.sampled_from(GRIDS),
)
def test_nothing_is_cropped_and_resampling_keeps_its_size(
    size: tuple[int, int], window: tuple[int, int], grid: tuple[int, int]
) -> None:
    placement = fit_cells(*size, *window, grid)
    assert 0 <= placement.left <= window[0] - placement.columns
    assert 0 <= placement.top <= window[1] - placement.rows
    assert placement.columns == -(-placement.width // grid[1])
    assert placement.rows == -(-placement.height // grid[0])
    picture = np.full((*size, 3), 77, np.uint8)
    shown = resample_cells(picture, placement)
    assert shown.shape == (placement.height, placement.width, 3)
    assert (shown == 77).all()


def test_what_is_enlarged_evenly_is_repeated() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    shown = resample_cells(picture, fit_cells(28, 28, 80, 24, (4, 2)))
    assert (shown == picture.repeat(3, axis=0).repeat(3, axis=1)).all()


def test_an_uneven_size_is_averaged_over_areas() -> None:
    picture = np.array([[[0] * 3], [[100] * 3]], np.uint8)
    shown = resample_cells(picture, CellPlacement(3, 1, 1, 1, 0, 0))
    assert shown[:, 0, 0].tolist() == [0, 50, 100]


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        fit_cells(28, 28, 0, 24, (4, 2))
