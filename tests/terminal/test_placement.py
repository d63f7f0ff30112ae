from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vaevis_tui.terminal.placement import Placement, fit, resample

SIZES = st.integers(1, 300)


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("image", "window", "expected"),
    [
        pytest.param(
            (28, 28), (100, 50), Placement(84, 84, 3, left=8, top=4), id="whole-number scale, centred"
        ),
        pytest.param((28, 28), (28, 14), Placement(28, 28, 1, left=0, top=0), id="exactly fitting"),
        pytest.param((28, 28), (27, 50), Placement(27, 27, 0, left=0, top=18), id="one column short"),
        pytest.param((128, 128), (80, 24), Placement(48, 48, 0, left=16, top=0), id="averaged down"),
        pytest.param((128, 64), (80, 24), Placement(48, 24, 0, left=28, top=0), id="upright"),
        pytest.param((2, 300), (40, 12), Placement(1, 40, 0, left=0, top=5), id="thinner than a pixel"),
        pytest.param((5, 5), (5, 3), Placement(5, 5, 1, left=0, top=0), id="odd height"),
        pytest.param((64, 64), (1, 1), Placement(1, 1, 0, left=0, top=0), id="one cell"),
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
    if placement.scale:
        assert (placement.height, placement.width) == (height * placement.scale, width * placement.scale)
        larger = placement.scale + 1
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

    shown = resample(image, fit(7, 9, 9 * scale, 9 * scale))

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
    if placement.scale:
        return

    shown = resample(image, placement)

    down, across = overlaps(height, placement.height), overlaps(width, placement.width)
    exact = np.einsum("jw,iwc->ijc", across, np.einsum("ih,hwc->iwc", down, image.astype(np.float64)))
    assert shown.dtype == np.uint8
    assert np.abs(shown - exact).max() <= 0.5 + 1e-3


def test_shrinking_keeps_flat_colours() -> None:
    image = np.full((128, 128, 3), (17, 130, 255), np.uint8)
    assert (resample(image, fit(128, 128, 77, 200)) == (17, 130, 255)).all()


def test_shrinking_does_not_touch_the_picture() -> None:
    image = picture(64, 64)
    before = image.copy()
    resample(image, fit(64, 64, 30, 30))
    assert (image == before).all()
