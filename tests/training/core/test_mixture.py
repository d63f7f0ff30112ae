from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.core.model import mixture

Array = NDArray[np.float64]
CENTRES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])


def clumps(each: int = 300) -> tuple[Array, Array, NDArray[np.int64]]:
    """Means about three centres, half of the spread in them and half in the posteriors' variances."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), each)
    means = CENTRES[labels] + rng.standard_normal((3 * each, 2)) * np.sqrt([0.5, 1.0])
    return means, np.broadcast_to([0.5, 1.0], means.shape).copy(), labels


def test_a_fit_finds_the_clumps_and_adds_both_variances() -> None:
    means, variances, _ = clumps()
    found = mixture.fit(means, variances, 3, seed=1)
    order = np.argsort(found.means @ [1, 2])
    assert found.means[order] == pytest.approx(CENTRES, abs=0.2)
    assert found.weights == pytest.approx([1 / 3] * 3, abs=0.02)
    for factor in found.factors:
        assert factor @ factor == pytest.approx(np.diag([1.0, 2.0]), abs=0.25)


def test_the_held_out_choose_as_many_as_there_are() -> None:
    means, variances, _ = clumps()
    assert len(mixture.best(means, variances, (1, 3, 12), seed=0)) == 3


def test_few_posteriors_are_not_split() -> None:
    means, variances, _ = clumps(4)
    assert len(mixture.best(means, variances, (2, 4), seed=0)) == 1


def test_narrow_posteriors_at_one_point_do_not_make_it_singular() -> None:
    found = mixture.fit(np.zeros((50, 3)), np.full((50, 3), 0.01), 2, seed=0)
    assert np.isfinite(found.log_density(np.zeros(3)))


def test_classes_are_joined_by_their_shares() -> None:
    means, variances, labels = clumps()
    kept = (labels > 0) | (np.arange(len(labels)) < 100)
    found = mixture.best_of_classes(means[kept], variances[kept], labels[kept], (1,), seed=0)
    assert found.weights == pytest.approx([1 / 7, 3 / 7, 3 / 7])
    assert found.means == pytest.approx(CENTRES, abs=0.2)
