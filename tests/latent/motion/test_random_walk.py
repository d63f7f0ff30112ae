from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vaevis_tui.latent.motion.random_walk import WalkPath, path_from
from vaevis_tui.latent.space import LatentSpace

DIMS = [1, 2, 3, 16, 256]


def walk_path(dim: int, seed: int = 4) -> WalkPath:
    return path_from(np.zeros(dim), LatentSpace.standard_normal(dim).shell, np.random.default_rng(seed))


def laid(walk: WalkPath, knots: int, points: int) -> NDArray[np.float64]:
    """So many points between each pair of knots, evenly, float64 (knots * points, d)."""
    path = []
    for _ in range(knots):
        path += [walk.between(share / points) for share in range(points)]
        walk.advance()
    return np.array(path)


@pytest.mark.parametrize("dim", DIMS)
def test_the_path_has_no_gaps(dim: int) -> None:
    path = walk_path(dim)
    for _ in range(200):
        end = path.between(1.0)
        path.advance()
        assert path.between(0.0) == pytest.approx(end, abs=1e-12)


@pytest.mark.parametrize("dim", DIMS)
def test_the_path_has_no_corners(dim: int) -> None:
    """At a corner the velocity would jump by as much however closely one looks."""
    kinks = []
    for points in (4, 32):
        path = walk_path(dim)
        steps = np.diff(laid(path, 400, points), axis=0)
        velocities = steps / (path.spacing / points)
        kinks.append(np.linalg.norm(np.diff(velocities, axis=0), axis=1).max())
    assert kinks[0] < 0.15
    assert kinks[1] < kinks[0] / 4
