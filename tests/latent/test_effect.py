from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.axes import axis_sets, dimension_set
from vaevis_tui.latent.effect import effect_probes, visible_effect

SPACE = skewed_space(3)


def images(z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A decoder whose first dimension shades all of the image, the second a quarter of it, the third none."""
    shade = np.zeros((*z.shape[:-1], 4, 4, 3))
    shade += 20 * z[..., 0, None, None, None]
    shade[..., :2, :2, :] += 20 * z[..., 1, None, None, None]
    return np.asarray(np.clip(128 + shade, 0, 255).round(), np.uint8)


def test_the_effect_is_the_change_of_the_image_by_a_sigma() -> None:
    probes = effect_probes(dimension_set(SPACE))
    assert probes.shape == (3, 2, 3)
    assert probes.dtype == np.float32
    seen = images(probes)
    effect = visible_effect(seen[:, 0], seen[:, 1])
    expected = 20 * SPACE.std * [1, np.sqrt(1 / 4), 0]
    np.testing.assert_allclose(effect, expected, atol=0.5)
    assert dimension_set(SPACE).with_effects(effect).order.tolist() == np.argsort(-expected).tolist()


def test_probes_lie_a_sigma_to_either_side_of_a_point() -> None:
    z = SPACE.sample(4)[0]
    for axes in axis_sets(SPACE):
        probes = effect_probes(axes, z, rows=[2, 0], sigmas=0.5)
        for (minus, plus), row in zip(probes, (2, 0), strict=True):
            here = axes.coordinate(z, row)
            assert axes.coordinate(minus, row) == pytest.approx(here - 0.5, abs=1e-5)
            assert axes.coordinate(plus, row) == pytest.approx(here + 0.5, abs=1e-5)


def test_twice_the_probe_is_the_same_effect() -> None:
    black, grey = np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 60, np.uint8)
    assert visible_effect(black, grey, 1.0) == pytest.approx([30])
    assert visible_effect(black, grey, 3.0) == pytest.approx([10])
    assert visible_effect(grey, black, 1.0) == pytest.approx([30])
