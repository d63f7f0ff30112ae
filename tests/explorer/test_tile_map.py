from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.latent.spaces import skewed_space
from vaevis_tui.explorer.tile_map import (
    DENSITY_MOST,
    MOST_TILES,
    SHADE,
    UNKNOWN,
    TileMap,
    draw_cursor,
    draw_density,
    draw_points,
    grid_of,
    label_colors,
)
from vaevis_tui.latent.plane import best_plane

EXTENT = (-2.0, 2.0, -1.0, 1.0)


@pytest.fixture
def tiles() -> TileMap:
    return TileMap(best_plane(skewed_space(4)), EXTENT, (3, 4), (5, 6))


def test_the_latents_of_tiles_are_at_their_middles(tiles: TileMap) -> None:
    z = tiles.latents([0, 11])
    np.testing.assert_allclose(tiles.plane.project(z), [[-1.5, 2 / 3], [1.5, -2 / 3]], atol=1e-5)
    np.testing.assert_allclose(tiles.pixel_of(z), [[2.5, 3], [12.5, 21]], atol=1e-4)
    assert tiles.coordinates_at(2.5, 3) == pytest.approx((-1.5, 2 / 3))


def test_coarse_tiles_come_first_and_stand_in_for_the_others(tiles: TileMap) -> None:
    first = tiles.missing[:4]
    assert set(first.tolist()) == {0, 2, 8, 10}
    assert len(tiles.missing) == 12
    tiles.put(first, np.full((4, 5, 6, 3), 200, np.uint8))
    image = tiles.image()
    assert image.shape == (15, 24, 3)
    assert not (image == UNKNOWN).any()
    assert image.min() >= 200 * (1 - SHADE) - 1
    tiles.put(tiles.missing, np.zeros((8, 5, 6, 3), np.uint8))
    assert tiles.complete
    assert tiles.image()[:5, 6:12].max() == 0


def test_panning_keeps_what_stays_in_sight(tiles: TileMap) -> None:
    tiles.put(np.arange(12), np.arange(12, dtype=np.uint8).repeat(90).reshape(12, 5, 6, 3))
    panned = TileMap(tiles.plane, tiles.panned(1, 0), tiles.grid, tiles.tile)
    panned.take_over(tiles)
    assert sorted(panned.missing.tolist()) == [3, 7, 11]
    left, right, _, _ = panned.extent
    assert (left, right) == (-1.0, 3.0)


def test_zooming_keeps_a_point_where_it_is(tiles: TileMap) -> None:
    before = tiles.pixel_at((1.0, 0.5))
    zoomed = TileMap(tiles.plane, tiles.zoomed(2, (1.0, 0.5)), tiles.grid, tiles.tile)
    np.testing.assert_allclose(zoomed.pixel_at((1.0, 0.5)), before)
    assert zoomed.step == pytest.approx((tiles.step[0] / 2, tiles.step[1] / 2))


@given(st.integers(1, 900), st.integers(1, 1600), st.integers(1, 80), st.integers(1, 80))
def test_a_grid_is_never_empty_nor_too_large(height: int, width: int, tall: int, wide: int) -> None:
    rows, columns = grid_of(height, width, (tall, wide))
    assert rows >= 1
    assert columns >= 1
    assert rows * columns <= MOST_TILES


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(0, 4))
def test_nothing_is_drawn_outside(y: float, x: float, radius: int) -> None:
    image = np.zeros((12, 16, 3), np.uint8)
    draw_points(image, np.array([[y, x]]), [(255, 0, 0)], radius)
    inside = 0 <= np.floor(y) < 12 and 0 <= np.floor(x) < 16
    assert bool((image[..., 0] == 255).any()) == inside
    draw_cursor(image, np.array([y, x]), (0, 255, 0), radius + 1)
    assert image.shape == (12, 16, 3)


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(0, 4), st.integers(1, 9))
def test_density_lets_the_tiles_be_seen(y: float, x: float, radius: int, times: int) -> None:
    tiles = np.arange(12 * 16 * 3, dtype=np.int64).reshape(12, 16, 3) % 200
    one, many = tiles.astype(np.uint8), tiles.astype(np.uint8)
    draw_density(one, np.array([[y, x]]), radius)
    draw_density(many, np.array([[y, x]] * times), radius)
    inside = 0 <= np.floor(y) < 12 and 0 <= np.floor(x) < 16
    assert bool((one != tiles).any()) == inside
    assert (tiles <= one).all()
    assert (one <= many).all()
    assert (255 - many >= (1 - DENSITY_MOST) * (255 - tiles) - 1).all()


def test_labels_have_colours_unless_each_has_its_own() -> None:
    assert len(set(label_colors([str(digit) for digit in range(10)]).values())) == 10
    assert label_colors([f"dog {number}" for number in range(300)]) == {}
