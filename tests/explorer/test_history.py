from __future__ import annotations

import numpy as np
import pytest

from vaevis_tui.explorer.history import LIMIT, History


def test_places_come_in_order_and_the_same_twice_is_one() -> None:
    history = History([[1.0, 2.0]])
    for z in ([1.0, 2.0], [3.0, 4.0], [3.0, 4.0], [1.0, 2.0]):
        history.add(z)
    assert [visit.z.tolist() for visit in history.visits] == [[1, 2], [3, 4], [1, 2]]
    assert [visit.number for visit in history.visits] == [1, 2, 3]


def test_the_oldest_are_forgotten_and_numbers_stay() -> None:
    history = History([[float(n)] for n in range(LIMIT + 5)])
    assert len(history) == LIMIT
    assert history.find(5) is None
    visit = history.find(6)
    assert visit is not None
    assert visit.z.tolist() == [5]


def test_a_place_is_a_copy_that_cannot_be_written() -> None:
    z = np.zeros(2, np.float32)
    history = History([z])
    z[0] = 1
    assert history.visits[0].z.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        history.visits[0].z[0] = 1
