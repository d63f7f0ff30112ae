"""Rows for what a decoder takes beside z."""

from __future__ import annotations

import numpy as np
import pytest

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.axes import axis_sets
from vaevis_tui.latent.controls import Control, changed
from vaevis_tui.latent.motion.journey import Journey
from vaevis_tui.latent.state import LatentState

LABEL = Control("label", "class", 2.0, 10)
PSI = Control("psi", "number", 1.0)
SEED = Control("noise", "seed", 0.0, 1 << 24)


@pytest.fixture
def state() -> LatentState:
    space = skewed_space(6)
    return LatentState.start(space, None, axis_sets(space, None, (LABEL, PSI, SEED)))


def test_a_class_goes_one_by_one_and_stops_at_its_ends() -> None:
    assert [LABEL.moved(2, 0.1), LABEL.moved(2, -0.01), LABEL.moved(2, 1.0)] == [3, 1, 3]
    assert [LABEL.moved(9, 0.1), LABEL.moved(0, -1.0)] == [9, 0]
    many = Control("label", "class", 0.0, 1000)
    assert [many.moved(2, 1.0), many.moved(2, 0.1)] == [12, 3]


def test_a_number_goes_by_shares_of_what_it_began_with() -> None:
    assert PSI.moved(1.0, -0.1) == pytest.approx(0.9)
    assert Control("scale", "number", 50.0).moved(50.0, 0.1) == pytest.approx(55)
    assert PSI.ends == (0, 2)
    assert Control("shift", "number", 0.0).ends == (-3, 3)


def test_what_is_typed() -> None:
    assert [LABEL.parsed("7"), PSI.parsed("0,5"), SEED.parsed("16777215")] == [7, 0.5, 16777215]
    for text in ("10", "-1", "1.5", "x", "nan", "inf"):
        assert LABEL.parsed(text) == "a whole number from 0 to 9"
    assert PSI.parsed("nan") == PSI.parsed("11") == "a number from -10 to 10"


def test_places_on_a_track_are_those_of_values() -> None:
    for control, values in ((LABEL, range(10)), (PSI, (0, 0.5, 2))):
        assert [control.at(control.place(value)) for value in values] == pytest.approx(list(values))


def test_a_strip_shows_all_classes_or_those_about_the_one_on_show() -> None:
    assert LABEL.stops(3) == tuple(range(10))
    many = Control("label", "class", 0.0, 1000)
    assert many.stops(500) == tuple(range(497, 504))
    assert many.stops(999) == tuple(range(993, 1000))
    assert PSI.stops(1)[::3] == (0, 1, 2)


def test_rows_of_controls_come_first_and_the_first_axis_is_selected(state: LatentState) -> None:
    rows = [state.axis_set.axes[row].name for row in state.axis_set.order]
    assert rows[:3] == ["label", "psi", "noise"]
    assert rows[3].startswith("z")
    assert state.axis_set.control(state.selected) is None
    assert state.values == (2, 1, 0)
    label = state.select_by(-3)
    assert label.axis_set.axes[label.selected].name == "label"
    assert label.next_axis_set().select_by(-99).coordinate == 2


def test_a_class_is_changed_undone_and_kept_when_z_goes_elsewhere(state: LatentState) -> None:
    row = state.axis_set.find("label")
    assert row is not None
    there = state.set(row, 7).replace(np.ones(state.space.dim))
    assert there.values == (7, 1, 0)
    assert there.reset_all().values == (7, 1, 0)
    assert np.array_equal(there.undo().z, state.z)
    assert there.undo().undo().values == (2, 1, 0)
    assert there.reset(row).values == (2, 1, 0)
    elsewhere = there.replace([*state.z, 4, 0.5, 9])
    assert elsewhere.values == (4, 0.5, 9)
    assert elsewhere.replace([*state.z, 99, 99, -1]).values == (9, 10, 0)
    with pytest.raises(ValueError, match="z has shape"):
        there.replace(np.zeros(state.space.dim + 1))


def test_axes_move_as_without_controls(state: LatentState) -> None:
    plain = LatentState.start(state.space)
    for set_index in range(len(plain.sets)):
        a, b = (each.next_axis_set(set_index).move(1, 0.7) for each in (plain, state))
        assert np.array_equal(a.z, b.z)
        assert np.allclose(a.coordinates, b.coordinates[: a.coordinates.size], rtol=0, atol=0)


def test_a_journey_has_the_controls_of_the_nearer_stop(state: LatentState) -> None:
    a, b = [*state.z, 1.0], [*(state.z + 1), 6.0]
    way = Journey(state.space, (a, b))
    assert [way.at(position)[-1] for position in (0, 0.3, 0.7, 1)] == [1, 1, 6, 6]
    assert np.array_equal(way.at(0.3)[:-1], Journey(state.space, (a[:-1], b[:-1])).at(0.3))
    assert way.samples().shape[-1] == state.space.dim + 1


def test_changes_by_name() -> None:
    assert changed((LABEL, PSI), (2, 1), {"psi": 0.5}) == (2, 0.5)
    with pytest.raises(ValueError, match="no control 'lable'; it has label, psi"):
        changed((LABEL, PSI), (2, 1), {"lable": 3})
    with pytest.raises(ValueError, match="label=10: expected a whole number from 0 to 9"):
        changed((LABEL,), (2,), {"label": 10})
