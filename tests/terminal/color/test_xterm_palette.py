from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vaevis_tui.terminal.color.xterm_palette import nearest, palette, to_grey


@pytest.mark.parametrize(
    ("entry", "rgb"),
    [
        (16, (0, 0, 0)),
        (21, (0, 0, 255)),
        (52, (95, 0, 0)),
        (110, (135, 175, 215)),
        (231, (255, 255, 255)),
        (232, (8, 8, 8)),
        (255, (238, 238, 238)),
    ],
)
def test_entries_are_xterms(entry: int, rgb: tuple[int, int, int]) -> None:
    assert tuple(palette()[entry].tolist()) == rgb


def distances(colors: NDArray[np.uint8]) -> NDArray[np.float64]:
    """From each of n colours to each of the entries from 16 on, (n, 240)."""
    differences = colors[:, None].astype(float) - palette()[None, 16:].astype(float)
    norm: NDArray[np.float64] = np.sqrt((differences**2).sum(axis=-1))
    return norm


def chosen(colors: NDArray[np.uint8]) -> NDArray[np.float64]:
    """From each of n colours to its entry."""
    differences = colors.astype(float) - palette()[nearest(colors)].astype(float)
    norm: NDArray[np.float64] = np.sqrt((differences**2).sum(axis=-1))
    return norm


def test_the_nearest_of_all_entries_to_a_grey() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert (chosen(greys) == distances(greys).min(axis=1)).all()


def test_the_nearest_of_all_entries_to_the_middle_of_8_levels() -> None:
    colors = np.random.default_rng(0).integers(0, 32, (2000, 3), dtype=np.uint8) * np.uint8(8) + np.uint8(4)
    assert (chosen(colors) == distances(colors).min(axis=1)).all()


def test_no_colour_is_farther_off_than_rounding_to_5_bits_makes_it() -> None:
    colors = np.random.default_rng(1).integers(0, 256, (2000, 3), dtype=np.uint8)
    rounding = 4 * np.sqrt(3)
    assert (chosen(colors) <= distances(colors).min(axis=1) + 2 * rounding).all()


def test_shapes_are_kept() -> None:
    assert nearest(np.zeros((4, 5, 3), np.uint8)).shape == (4, 5)
    assert to_grey(np.zeros((4, 5, 3), np.uint8)).shape == (4, 5, 3)


def test_greys_stay_and_weights_are_bt709() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert (to_grey(ramp) == ramp).all()
    primaries = 255 * np.eye(3, dtype=np.uint8)
    assert np.abs(to_grey(primaries)[:, 0] - 255 * np.array([0.2126, 0.7152, 0.0722])).max() < 1
