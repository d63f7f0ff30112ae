from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.latent.spaces import clumped_space, skewed_space
from vaevis_tui.latent.arrays import Coordinates
from vaevis_tui.latent.axes import axis_sets
from vaevis_tui.latent.plane import Plane, best_plane, density_levels, plane_of_axes
from vaevis_tui.latent.space import Anchors, LatentSpace

SPACE = skewed_space(6)


def anchored(labels: tuple[str, ...], points: Coordinates) -> LatentSpace:
    anchors = Anchors(SPACE.unwhiten(points), labels, np.arange(len(labels)))
    return dataclasses.replace(SPACE, anchors=anchors)


def test_a_plane_of_two_rows_has_their_coordinates() -> None:
    for axes in axis_sets(SPACE):
        plane = plane_of_axes(axes, 4, 1)
        z = plane.at(1.5, -0.5)
        assert axes.coordinate(z, 4) == pytest.approx(1.5, abs=1e-5)
        assert axes.coordinate(z, 1) == pytest.approx(-0.5, abs=1e-5)
        np.testing.assert_allclose(plane.project(z), (1.5, -0.5), atol=1e-5)
        assert plane.distance(z) == pytest.approx(0, abs=1e-5)
        with pytest.raises(ValueError, match="two different axes"):
            plane_of_axes(axes, 2, 2)


def test_the_plane_through_a_point_holds_it_at_the_same_coordinates() -> None:
    axes, z = axis_sets(SPACE)[1], SPACE.sample(9)[0]
    plane = plane_of_axes(axes, 0, 3, z)
    assert plane.distance(z) == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(plane.project(z), axes.coordinates(z)[[0, 3]], atol=1e-5)
    moved = plane.move(z, 0.5, 1.0)
    np.testing.assert_allclose(axes.coordinates(moved) - axes.coordinates(z), (0.5, 0, 0, 1, 0, 0), atol=1e-5)


def test_what_lies_off_the_plane_projects_to_the_nearest_point_of_it() -> None:
    plane, z = best_plane(SPACE), SPACE.sample(9)[0]
    u, v = plane.project(z)
    off = plane.distance(z)
    assert off > 0.5
    for du, dv in ((0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)):
        assert np.linalg.norm(SPACE.whiten(z) - SPACE.whiten(plane.at(u + du, v + dv))) > off
    assert plane.distance(plane.move(z, 1, 1)) == pytest.approx(off, abs=1e-4)


def test_the_best_plane_of_two_dimensions_is_the_space_itself() -> None:
    plane = best_plane(skewed_space(2))
    np.testing.assert_array_equal(plane.at([1, 2], [3, 4]), np.array([[1, 3], [2, 4]], np.float32))
    assert (plane.u_name, plane.v_name) == ("z0", "z1")
    with pytest.raises(ValueError, match="two dimensions"):
        best_plane(LatentSpace.standard_normal(1))


def test_the_best_plane_holds_the_anchors_that_lie_in_one() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((6, 2)))[0].T
    flat = rng.standard_normal((12, 2)) * (3, 1) @ basis
    plane = best_plane(anchored(tuple("abcdefghijkl"), flat - flat.mean(axis=0)))
    assert plane.distance(plane.space.anchors.z).max() < 1e-5
    spread = np.std(plane.project(plane.space.anchors.z), axis=0)
    assert spread[0] > spread[1] > 0


def test_where_labels_repeat_their_means_make_the_plane() -> None:
    rng = np.random.default_rng(0)
    means = np.zeros((3, 6))
    means[1, 4], means[2, 5] = 2, 2
    points = np.repeat(means, 50, axis=0) + rng.standard_normal((150, 6)) * (3, 3, 3, 3, 0.1, 0.1)
    plane = best_plane(anchored(("a",) * 50 + ("b",) * 50 + ("c",) * 50, points))
    groups = plane.project(plane.space.anchors.z).reshape(3, 50, 2)
    assert np.linalg.norm(groups[0].mean(0) - groups[1].mean(0)) > 1.5


def test_the_extent_holds_every_anchor_and_the_data() -> None:
    rng = np.random.default_rng(1)
    plane = best_plane(anchored(tuple("abcdef"), rng.standard_normal((6, 6)) * 4))
    left, right, bottom, top = plane.extent()
    u, v = plane.project(plane.space.anchors.z).T
    assert left < u.min() < u.max() < right
    assert bottom < v.min() < v.max() < top
    assert left < -2.5 < 2.5 < right
    inner = plane.extent(share=0.5)
    assert inner[0] > left
    assert inner[1] < right


def test_tiles_fill_the_extent_from_the_top() -> None:
    plane = best_plane(skewed_space(2))
    grid = plane.grid((0, 4, 0, 2), columns=4, rows=2)
    assert grid.shape == (2, 4, 2)
    assert grid.dtype == np.float32
    np.testing.assert_allclose(grid[0, :, 0], (0.5, 1.5, 2.5, 3.5))
    np.testing.assert_allclose(grid[:, 0, 1], (1.5, 0.5))


@pytest.mark.parametrize("space", [skewed_space(5), clumped_space(5), clumped_space(2)])
def test_the_density_is_that_of_the_data_s_projection(space: LatentSpace) -> None:
    plane = best_plane(space)
    at = plane.project(space.sample(0, 60_000))
    extent = (*np.quantile(at[:, 0], (0.02, 0.98)), *np.quantile(at[:, 1], (0.02, 0.98)))
    u, v = Plane.tile_centres(extent, 12, 12)
    counts = np.histogram2d(at[:, 0], at[:, 1], bins=12, range=(extent[:2], extent[2:]))[0]
    density = plane.density(u[:, None], np.sort(v)[None, :])
    assert density.max() <= 1
    assert np.corrcoef(counts.ravel(), density.ravel())[0, 1] > 0.97


def test_shades_of_density() -> None:
    assert density_levels(np.array([0.0, 0.25, 1.0])).tolist() == [0, 128, 255]
