from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from vaevis_tui.latent.motion.slerp import slerp

Path = NDArray[np.float64]
pairs = st.integers(1, 6).flatmap(
    lambda dim: st.tuples(*[arrays(np.float64, dim, elements=st.floats(-100, 100, width=32))] * 2)
)
shares = st.floats(0, 1)


@given(pairs)
def test_slerp_joins_its_ends(pair: tuple[Path, Path]) -> None:
    a, b = pair
    assert slerp(a, b, 0) == pytest.approx(a, abs=1e-9)
    assert slerp(a, b, 1) == pytest.approx(b, abs=1e-6)


@given(pairs, shares)
def test_the_norm_goes_evenly_but_where_no_arc_exists(pair: tuple[Path, Path], t: float) -> None:
    a, b = pair
    if len(a) > 1 and np.linalg.norm(a) and np.linalg.norm(b):
        expected = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
        assert np.linalg.norm(slerp(a, b, t)) == pytest.approx(expected, rel=1e-6)


@given(pairs, shares)
def test_slerp_is_the_same_from_both_ends(pair: tuple[Path, Path], t: float) -> None:
    a, b = pair
    cosine = a @ b / max(1e-300, float(np.linalg.norm(a) * np.linalg.norm(b)))
    if cosine > -0.999:  # opposite vectors have many arcs
        assert slerp(a, b, t) == pytest.approx(slerp(b, a, 1 - t), abs=1e-4)


def test_the_direction_turns_evenly() -> None:
    a, b = np.array([2.0, 0, 0]), np.array([0, 2.0, 0])
    third = math.pi / 6
    assert slerp(a, b, 1 / 3) == pytest.approx([2 * math.cos(third), 2 * math.sin(third), 0])


def test_opposite_vectors_are_joined_by_an_arc_of_full_norm() -> None:
    a = np.array([1.0, 2.0, 3.0])
    middle = slerp(a, -a, 0.5)
    assert np.linalg.norm(middle) == pytest.approx(np.linalg.norm(a))
    assert middle @ a == pytest.approx(0, abs=1e-9)


def test_slerp_broadcasts() -> None:
    a, b = np.eye(4)[:2], np.eye(4)[2:]
    many = slerp(a[:, None], b[:, None], np.linspace(0, 1, 5))
    assert many.shape == (2, 5, 4)
    assert many[1, 3] == pytest.approx(slerp(a[1], b[1], 0.75))


def test_zero_and_one_dimension_are_joined_by_the_chord() -> None:
    assert slerp(np.zeros(3), np.ones(3), 0.25) == pytest.approx(np.full(3, 0.25))
    assert slerp([1.0], [-1.0], 0.25) == pytest.approx([0.5])
