from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from numpy.typing import NDArray

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.latent.state import SIGMA_LIMIT, UNDO_LIMIT, LatentState

SPACE = skewed_space(4)


def start() -> LatentState:
    return LatentState.start(SPACE)


def test_it_starts_at_the_mean_with_the_most_informative_dimension() -> None:
    state = start()
    assert np.array_equal(state.z, SPACE.mean)
    assert state.selected == SPACE.order[0]
    assert (state.rank, state.past, state.future) == (0, (), ())


def test_it_starts_at_a_point_of_ones_own() -> None:
    z = SPACE.sample(1)[0]
    assert np.array_equal(LatentState.start(SPACE, z).z, z)
    assert np.array_equal(LatentState.start(SPACE, z.tolist()).z, z)


def test_moving_is_in_sigmas_of_the_dimension_and_leaves_the_others_alone() -> None:
    before = LatentState.start(SPACE, SPACE.sample(1)[0])
    after = before.move(2, 0.1).move(2, 0.1)
    assert after.sigma[2] - before.sigma[2] == pytest.approx(0.2, abs=1e-6)
    assert np.array_equal(np.delete(after.z, 2), np.delete(before.z, 2))


def test_a_hundred_small_steps_there_and_back_end_where_they_began() -> None:
    state = start()
    for sigmas in [0.01] * 100 + [-0.01] * 100:
        state = state.move(0, sigmas)
    assert state.sigma[0] == pytest.approx(0, abs=1e-4)


def test_values_stop_at_the_limit() -> None:
    state = start().set(1, 25)
    assert state.sigma[1] == pytest.approx(SIGMA_LIMIT)
    assert state.move(1, 1.0) is state
    assert state.move(1, -30).sigma[1] == pytest.approx(-SIGMA_LIMIT)
    assert np.abs(start().replace(np.full(4, 1e6)).sigma) == pytest.approx(np.full(4, SIGMA_LIMIT))


def test_replacing_keeps_the_bits_of_what_lies_within_the_limit() -> None:
    z = SPACE.sample(5)[0]
    z[3] = 1e6
    assert np.array_equal(start().replace(z).z[:3], z[:3])
    assert start().replace(z).replace(start().replace(z).z).z.tolist() == start().replace(z).z.tolist()


def test_what_changes_nothing_is_the_same_state() -> None:
    state = start()
    assert state.move(0, 0.0) is state
    assert state.reset(0) is state
    assert state.reset_all() is state
    assert state.replace(SPACE.mean) is state
    assert state.undo() is state
    assert state.redo() is state
    assert state.settle() is state
    assert state.select(state.selected) is state


def test_reset_puts_one_or_all_back_to_the_mean() -> None:
    state = LatentState.start(SPACE, SPACE.sample(1)[0])
    assert state.reset(1).z[1] == SPACE.mean[1]
    assert np.array_equal(np.delete(state.reset(1).z, 1), np.delete(state.z, 1))
    assert np.array_equal(state.reset_all().z, SPACE.mean)


def test_the_selection_follows_the_order_of_information_and_stops_at_its_ends() -> None:
    state = start()
    walked = [state := state.select_by(places) for places in (1, 1, 5, -1, -9)]
    assert [each.selected for each in walked] == [SPACE.order[place] for place in (1, 2, 3, 2, 0)]
    assert [each.rank for each in walked] == [1, 2, 3, 2, 0]


def test_selecting_is_no_step_to_undo_and_undo_leaves_the_selection() -> None:
    state = start().select(2).move(2, 1).select(3)
    assert state.undo().selected == 3
    assert not start().select(2).past


def test_a_held_key_is_one_step() -> None:
    state = start()
    for _ in range(5):
        state = state.move(0, 0.1, key="right")
    assert np.array_equal(state.undo().z, SPACE.mean)
    assert np.array_equal(state.undo().redo().z, state.z)


def test_another_key_another_change_or_settling_begins_a_new_step() -> None:
    first = start().move(0, 1, key="right")
    for between in (
        first.move(0, -0.5, key="left"),
        first.move(1, 1.0),
        first.settle(),
        first.move(1, 1.0).undo(),
    ):
        assert np.array_equal(between.move(0, 1, key="right").undo().z, between.z)


def test_a_walk_and_a_random_point_are_one_step_each() -> None:
    state = start().replace(SPACE.sample(1)[0])
    for seed in range(50):
        state = state.replace(SPACE.sample(seed)[0], key=("walk", 1))
    assert np.array_equal(state.undo().z, SPACE.sample(1)[0])
    assert np.array_equal(state.undo().undo().z, SPACE.mean)


def test_history_forgets_its_oldest_steps() -> None:
    state = start()
    for step in range(UNDO_LIMIT + 10):
        state = state.set(0, step / 100 + 0.01)
    for _ in range(UNDO_LIMIT):
        assert state.past
        state = state.undo()
    assert not state.past
    assert state.sigma[0] == pytest.approx(0.10, abs=1e-5)


def test_z_is_read_only_float32_and_a_copy() -> None:
    given = SPACE.sample(1)[0]
    state = start().replace(given)
    given[0] = 99
    assert state.z[0] != 99
    for each in (state, state.move(0, 1), state.reset_all(), state.undo()):
        assert each.z.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            each.z[0] = 1


@pytest.mark.parametrize("dim", [-1, 4])
def test_there_is_no_such_dimension(dim: int) -> None:
    for act in (
        start().select,
        start().reset,
        lambda dim: start().move(dim, 1),
        lambda dim: start().set(dim, 1),
    ):
        with pytest.raises(ValueError, match=f"dimension {dim} does not exist; expected 0 to 3"):
            act(dim)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        start().set(0, value)
    with pytest.raises(ValueError, match="finite"):
        start().move(0, value)
    with pytest.raises(ValueError, match="NaN"):
        start().replace(np.full(4, value))


@pytest.mark.parametrize("z", [np.zeros(3), np.zeros((1, 4)), 0.0])
def test_another_shape_is_refused(z: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match=r"expected \(4,\)"):
        start().replace(z)


def test_one_dimension_has_nothing_else_to_select() -> None:
    state = LatentState.start(LatentSpace.standard_normal(1))
    assert state.select_by(1) is state
    assert state.move(0, 1).sigma == pytest.approx([1])


class UndoAgainstAList(RuleBasedStateMachine):
    """Any order of changes, undo and redo, against a plain list of the points and a place in it."""

    def __init__(self) -> None:
        super().__init__()
        self.state = start()
        self.points = [self.state.z]
        self.place = 0
        self.open_key: str | None = None

    def changed(self, after: LatentState, key: str | None) -> None:
        if after is not self.state:
            if key is not None and key == self.open_key:
                self.points[self.place] = after.z
            else:
                self.points = [*self.points[: self.place + 1], after.z]
                self.place += 1
            self.open_key = key
        self.state = after

    @rule(dim=st.integers(0, 3), sigmas=st.floats(-3, 3), key=st.sampled_from([None, "a", "b"]))
    def move(self, dim: int, sigmas: float, key: str | None) -> None:
        self.changed(self.state.move(dim, sigmas, key), key)

    @rule(seed=st.integers(0, 5), key=st.sampled_from([None, "walk"]))
    def replace(self, seed: int, key: str | None) -> None:
        self.changed(self.state.replace(SPACE.sample(seed)[0], key), key)

    @rule()
    def reset_all(self) -> None:
        self.changed(self.state.reset_all(), None)

    @rule()
    def settle(self) -> None:
        self.state = self.state.settle()
        self.open_key = None

    @precondition(lambda self: self.place > 0)
    @rule()
    def undo(self) -> None:
        self.state = self.state.undo()
        self.place -= 1
        self.open_key = None

    @precondition(lambda self: self.place < len(self.points) - 1)
    @rule()
    def redo(self) -> None:
        self.state = self.state.redo()
        self.place += 1
        self.open_key = None

    @invariant()
    def agree(self) -> None:
        assert np.array_equal(self.state.z, self.points[self.place])
        assert bool(self.state.past) == (self.place > 0)
        assert bool(self.state.future) == (self.place < len(self.points) - 1)
        assert np.abs(self.state.sigma).max() <= SIGMA_LIMIT + 1e-4


TestUndoAgainstAList = UndoAgainstAList.TestCase
TestUndoAgainstAList.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
