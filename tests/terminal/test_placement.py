from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.glyphs import BRAILLE, OCTANTS, QUADRANTS, SEXTANTS
from vaevis_tui.terminal.placement import Placement, fit, fit_pixels, fit_stretched, resample

SIZES = st.integers(1, 300)


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def resized(image: NDArray[np.uint8], columns: int, rows: int) -> NDArray[np.uint8]:
    """What is drawn of an image in a window."""
    height, width, _ = image.shape
    place = fit(height, width, columns, rows)
    return resample(image, place.height, place.width)


@pytest.mark.parametrize(
    ("image", "window", "expected"),
    [
        pytest.param((28, 28), (100, 50), Placement(84, 84, 84, 42, 8, 4), id="whole-number scale, centred"),
        pytest.param((28, 28), (28, 14), Placement(28, 28, 28, 14, 0, 0), id="exactly fitting"),
        pytest.param((28, 28), (27, 50), Placement(27, 27, 27, 14, 0, 18), id="one column short"),
        pytest.param((128, 128), (80, 24), Placement(48, 48, 48, 24, 16, 0), id="averaged down"),
        pytest.param((128, 64), (80, 24), Placement(48, 24, 24, 24, 28, 0), id="upright"),
        pytest.param((2, 300), (40, 12), Placement(1, 40, 40, 1, 0, 5), id="thinner than a pixel"),
        pytest.param((5, 5), (5, 3), Placement(5, 5, 5, 3, 0, 0), id="odd height"),
        pytest.param((64, 64), (1, 1), Placement(1, 1, 1, 1, 0, 0), id="one cell"),
    ],
)
def test_fit(image: tuple[int, int], window: tuple[int, int], expected: Placement) -> None:
    assert fit(*image, *window) == expected


@settings(deadline=None)
@given(height=SIZES, width=SIZES, columns=SIZES, rows=SIZES)
def test_fit_is_centred_proportional_and_as_large_as_can_be(
    height: int, width: int, columns: int, rows: int
) -> None:
    placement = fit(height, width, columns, rows)

    assert 1 <= placement.columns <= columns
    assert 1 <= placement.rows <= rows
    assert placement.left == (columns - placement.columns) // 2
    assert placement.top == (rows - placement.rows) // 2
    if scale := placement.height // height and placement.width // width:
        assert (placement.height, placement.width) == (height * scale, width * scale)
        larger = scale + 1
        assert larger * width > columns or larger * height > 2 * rows
    else:
        assert width > columns or height > 2 * rows
        assert placement.width == columns or placement.height == 2 * rows
        ideal = min(columns / width, 2 * rows / height)
        assert abs(placement.height - ideal * height) <= 0.5 or placement.height == 1
        assert abs(placement.width - ideal * width) <= 0.5 or placement.width == 1


@pytest.mark.parametrize("sizes", [(0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, 1, -3)])
def test_fit_refuses_nothing(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        fit(*sizes)


@pytest.mark.parametrize("scale", [1, 2, 5])
def test_whole_number_scales_repeat_pixels(scale: int) -> None:
    image = picture(7, 9)

    shown = resized(image, 9 * scale, 9 * scale)

    assert shown.shape == (7 * scale, 9 * scale, 3)
    for y in range(7 * scale):
        for x in range(9 * scale):
            assert (shown[y, x] == image[y // scale, x // scale]).all()


def overlaps(n: int, count: int) -> NDArray[np.float64]:
    """Share of each of n rows in each of ``count`` equal stretches, by the definition."""
    row, stretch = np.arange(n), np.arange(count)[:, None]
    low = np.maximum(row, stretch * n / count)
    high = np.minimum(row + 1, (stretch + 1) * n / count)
    share: NDArray[np.float64] = np.maximum(high - low, 0) * count / n
    return share


@settings(deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 70), columns=SIZES, rows=SIZES, seed=st.integers(0, 9))
def test_shrinking_averages_areas(height: int, width: int, columns: int, rows: int, seed: int) -> None:
    image = picture(height, width, seed)
    placement = fit(height, width, columns % width + 1, rows % height + 1)
    if placement.width >= width and placement.height >= height:
        return

    shown = resample(image, placement.height, placement.width)

    down, across = overlaps(height, placement.height), overlaps(width, placement.width)
    exact = np.einsum("jw,iwc->ijc", across, np.einsum("ih,hwc->iwc", down, image.astype(np.float64)))
    assert shown.dtype == np.uint8
    assert np.abs(shown - exact).max() <= 0.5 + 1e-3


def test_shrinking_keeps_flat_colours() -> None:
    image = np.full((128, 128, 3), (17, 130, 255), np.uint8)
    assert (resized(image, 77, 200) == (17, 130, 255)).all()


def test_shrinking_does_not_touch_the_picture() -> None:
    image = picture(64, 64)
    before = image.copy()
    resized(image, 30, 30)
    assert (image == before).all()


# Several pixels a cell

GRIDS = [(glyphs.rows, glyphs.columns) for glyphs in (QUADRANTS, SEXTANTS, OCTANTS, BRAILLE)]


@pytest.mark.parametrize(
    ("size", "window", "grid", "placement"),
    [
        pytest.param((128, 128), (64, 32), (4, 2), Placement(128, 128, 64, 32, 0, 0), id="octants, exact"),
        pytest.param((128, 128), (70, 40), (2, 2), Placement(64, 128, 64, 32, 3, 4), id="quadrants, half"),
        pytest.param((128, 128), (64, 32), (3, 2), Placement(96, 128, 64, 32, 0, 0), id="sextants"),
        pytest.param((28, 28), (80, 24), (4, 2), Placement(84, 84, 42, 21, 19, 1), id="octants, 3 times"),
        pytest.param((28, 28), (10, 24), (4, 2), Placement(20, 20, 10, 5, 0, 9), id="octants, smaller"),
        pytest.param((1, 1), (1, 1), (4, 2), Placement(2, 2, 1, 1, 0, 0), id="one pixel"),
    ],
)
def test_placements_in_finer_cells(
    size: tuple[int, int], window: tuple[int, int], grid: tuple[int, int], placement: Placement
) -> None:
    assert fit(*size, *window, grid) == placement


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.sampled_from(GRIDS),
)
def test_nothing_is_cropped_and_resampling_keeps_its_size(
    size: tuple[int, int], window: tuple[int, int], grid: tuple[int, int]
) -> None:
    placement = fit(*size, *window, grid)
    assert 0 <= placement.left <= window[0] - placement.columns
    assert 0 <= placement.top <= window[1] - placement.rows
    assert placement.columns == -(-placement.width // grid[1])
    assert placement.rows == -(-placement.height // grid[0])
    shown = resample(np.full((*size, 3), 77, np.uint8), placement.height, placement.width)
    assert shown.shape == (placement.height, placement.width, 3)
    assert (shown == 77).all()


def test_an_uneven_size_is_averaged_over_areas() -> None:
    image = np.array([[[0] * 3], [[100] * 3]], np.uint8)
    assert resample(image, 3, 1)[:, 0, 0].tolist() == [0, 50, 100]


# Dots

cells = st.tuples(st.integers(1, 40), st.integers(1, 20))


@given(SIZES, SIZES, SIZES, SIZES, cells)
def test_stretched_images_fit_and_one_side_is_used_up(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int]
) -> None:
    place = fit_stretched(height, width, columns, rows, cell, 297)
    assert 1 <= place.columns <= columns
    assert 1 <= place.rows <= rows
    assert 0 <= place.left <= columns - place.columns
    assert 0 <= place.top <= rows - place.rows
    assert place.columns == min(columns, 297) or place.rows == min(rows, 297)


def test_stretched_images_keep_their_proportions_nearly() -> None:
    place = fit_stretched(128, 128, 80, 30, (20, 9), 297)
    assert (place.rows, place.columns) == (30, 67)  # 600 by 603 dots
    assert place.dots == (128, 128)
    assert fit_stretched(28, 28, 80, 30, (20, 9), 297).dots == (112, 112)


@given(SIZES, SIZES, SIZES, SIZES, cells)
def test_dots_fill_the_window_one_way_and_fit_the_other(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int]
) -> None:
    place = fit_pixels(height, width, columns, rows, cell, (1000, 1000))
    assert place.dots is not None
    most = min(rows * cell[0], 1000), min(columns * cell[1], 1000)
    assert place.dots[0] == most[0] or place.dots[1] == most[1]
    for used, side, cells_used, window, limit in (
        (place.dots[0], cell[0], place.rows, rows, most[0]),
        (place.dots[1], cell[1], place.columns, columns, most[1]),
    ):
        assert used <= limit
        assert (cells_used - 1) * side < used <= cells_used * side
        assert cells_used <= window
    assert (place.height, place.width) == (min(height, place.dots[0]), min(width, place.dots[1]))


@pytest.mark.parametrize("image", [(128, 128), (28, 28)])
@pytest.mark.parametrize("window", [(80, 24), (80, 22), (120, 36), (160, 45), (100, 33)])
def test_dots_fill_the_window_and_half_blocks_are_whole_numbers(
    image: tuple[int, int], window: tuple[int, int]
) -> None:
    """What an xterm with sixels shows by default, and what `g` and ``--graphics half`` show there."""
    cell, (columns, rows) = (20, 10), window
    dots = fit_pixels(*image, columns, rows, cell, (1000, 1000)).dots
    assert dots is not None
    assert max(dots[0] / min(rows * cell[0], 1000), dots[1] / min(columns * cell[1], 1000)) == 1
    place = fit(*image, columns, rows)
    if min(2 * rows, columns) >= image[0]:
        assert place.height % image[0] == 0 == place.width % image[1]
        assert place.height // image[0] == min(2 * rows // image[0], columns // image[1])


def test_an_image_larger_than_the_window_or_the_limit_is_made_smaller() -> None:
    place = fit_pixels(300, 200, 20, 10, (16, 8), (1000, 1000))
    assert (place.height, place.width, place.dots) == (160, 106, (160, 106))
    place = fit_pixels(300, 200, 200, 100, (16, 8), (100, 1000))
    assert (place.height, place.width) == (100, 66)
