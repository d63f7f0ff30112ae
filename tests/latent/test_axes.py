from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.latent.spaces import skewed_space
from vaevis_tui.latent.axes import SIGMA_LIMIT, AxisSet, axis_sets, direction_set, principal_set
from vaevis_tui.latent.directions import Directions, analogy, concordance, contrast
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.latent.state import LatentState

DIM = 5


def directions(dim: int = DIM, names: tuple[str, ...] = ("thickness", "slant"), seed: int = 7) -> Directions:
    vectors = np.random.default_rng(seed).standard_normal((len(names), dim)).astype(np.float32)
    ends = tuple(f"no {name}" for name in names), tuple(f"more {name}" for name in names)
    return Directions(vectors, names, *ends, np.full(len(names), 0.8, np.float32))


SPACE = dataclasses.replace(skewed_space(DIM), directions=directions())
SETS = axis_sets(SPACE)


def test_a_space_has_its_dimensions_its_axes_and_the_directions_that_there_are() -> None:
    assert [each.name for each in SETS] == ["dimensions", "axes", "directions"]
    assert [len(each) for each in SETS] == [DIM, DIM, 2]
    assert [axis.name for axis in SETS[2].axes] == ["thickness", "slant"]
    assert (SETS[2].axes[0].low, SETS[2].axes[0].high) == ("no thickness", "more thickness")
    assert [each.name for each in axis_sets(LatentSpace.standard_normal(3))] == ["dimensions", "axes"]


@pytest.mark.parametrize("axes", SETS, ids=lambda each: each.name)
def test_a_coordinate_has_mean_0_and_deviation_1_over_the_data(axes: AxisSet) -> None:
    found = axes.coordinates(SPACE.sample(0, 20_000))
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=0.03)
    z = SPACE.sample(3)[0]
    np.testing.assert_allclose(
        [axes.coordinate(z, row) for row in range(len(axes))], axes.coordinates(z), atol=1e-12
    )


@pytest.mark.parametrize("axes", SETS[:2], ids=lambda each: each.name)
def test_moving_changes_one_coordinate_and_leaves_the_rest(axes: AxisSet) -> None:
    z = SPACE.sample(3)[0]
    for row in range(len(axes)):
        change = axes.coordinates(axes.move(z, row, 1.25)) - axes.coordinates(z)
        np.testing.assert_allclose(change, 1.25 * np.eye(DIM)[row], atol=1e-5)


def test_a_direction_leaves_whitened_coordinates_across_it_alone() -> None:
    z, axes = SPACE.sample(3)[0], SETS[2]
    assert SPACE.directions is not None
    across = SPACE.whiten(axes.move(z, 1, 2.0)) - SPACE.whiten(z)
    wanted = SPACE.whiten(SPACE.mean + SPACE.directions.vectors[1])
    np.testing.assert_allclose(across, 2.0 * wanted / np.linalg.norm(wanted), atol=1e-5)
    assert axes.coordinate(axes.move(z, 1, 2.0), 1) - axes.coordinate(z, 1) == pytest.approx(2, abs=1e-5)


def test_the_length_of_a_direction_does_not_matter() -> None:
    long = dataclasses.replace(directions(), vectors=directions().vectors * 1000)
    np.testing.assert_allclose(direction_set(SPACE, long).step(0), SETS[2].step(0), rtol=1e-5)


@given(which=st.integers(0, 2), row=st.integers(0, 1), sigma=st.floats(-30, 30), seed=st.integers(0, 9))
@settings(deadline=None)
def test_no_move_leaves_the_limits(which: int, row: int, sigma: float, seed: int) -> None:
    z = SETS[which].set(SPACE.sample(seed)[0], row, sigma)
    assert np.abs(SPACE.to_sigma(z)).max() <= SIGMA_LIMIT + 1e-4
    assert abs(SETS[which].coordinate(z, row)) <= SIGMA_LIMIT + 1e-4
    if abs(sigma) < 2:
        assert SETS[which].coordinate(z, row) == pytest.approx(sigma, abs=1e-4)


def test_ways_between_classes_come_after_what_has_a_name_of_its_own() -> None:
    vectors = np.eye(5, dtype=np.float32)[:4]
    names, lows, highs = (
        ("4 to 9", "slant", "0 to 1", "size"),
        ("4", "", "0", "small"),
        ("9", "", "1", "large"),
    )
    four = direction_set(SPACE, Directions(vectors, names, lows, highs, np.ones(4, np.float32)))
    assert four.with_effects([4, 1, 5, 2]).order.tolist() == [3, 1, 2, 0]
    assert four.matching("9 to 4") == four.matching("9-4") == four.matching("4 9") == [0]
    assert four.matching("9 to 1") == []


def test_a_strip_holds_the_coordinates_asked_for() -> None:
    z = SPACE.sample(3)[0]
    strip = SETS[1].steps_along(z, 0, (-3, 0, 3))
    np.testing.assert_allclose(SETS[1].coordinates(strip)[:, 0], (-3, 0, 3), atol=1e-5)
    assert strip.dtype == np.float32


def test_rows_are_ordered_by_effect_and_found_by_name_end_or_number() -> None:
    axes = principal_set(SPACE).with_effects([1, 5, 2, 2, 9])
    assert axes.order.tolist() == [4, 1, 2, 3, 0]
    assert axes.matching("axis") == [4, 1, 2, 3, 0]
    assert axes.matching(" Axis 2 ") == [1]
    assert SETS[2].matching("MORE sl") == [1]
    assert axes.find("axis 3") == 2
    assert axes.find("axis 9") is None
    for wrong in ([1, 2], [1, 2, 3, 4, np.nan]):
        with pytest.raises(ValueError, match="5 rows need as many finite effects"):
            axes.with_effects(wrong)


def test_a_set_is_known_by_its_key() -> None:
    again = axis_sets(dataclasses.replace(skewed_space(DIM), directions=directions()))
    assert [each.key for each in again] == [each.key for each in SETS]
    others = axis_sets(dataclasses.replace(skewed_space(DIM, seed=1), directions=directions(seed=8)))
    assert len({each.key for each in (*SETS, *others)}) == 6


def test_own_directions_come_first_and_hide_a_shipped_one_of_the_same_name() -> None:
    own = directions(names=("smile", "slant"), seed=9)
    axes = axis_sets(SPACE, own)[2]
    assert [axis.name for axis in axes.axes] == ["smile", "slant", "thickness"]
    np.testing.assert_array_equal(axes.step(1), direction_set(SPACE, own).step(1))
    with pytest.raises(ValueError, match="directions have 3 dimensions; expected 5"):
        axis_sets(SPACE, directions(dim=3))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": np.zeros((2, 3))}, "a direction is zero"),
        ({"vectors": np.full((2, 3), np.nan)}, "NaN"),
        ({"vectors": np.ones(3)}, r"have shape \(3,\); expected \(k, d\)"),
        ({"names": ("a",)}, "need as many names"),
        ({"names": ("a", "a")}, "each another one"),
        ({"names": ("a", "")}, "must have names"),
        ({"strengths": np.array([0.5, 1.5])}, "between 0 and 1"),
        ({"strengths": np.array([[0.5, 0.5]])}, "need as many names, ends and strengths"),
    ],
)
def test_directions_that_are_none_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(directions(dim=3), **changes)  # type: ignore[arg-type]


def test_a_contrast_is_the_difference_of_means_and_an_analogy_adds_up() -> None:
    a, b = [[1.0, 2.0], [3.0, 2.0]], [[0.0, 1.0]]
    np.testing.assert_array_equal(contrast(a, b), [2.0, 1.0])
    np.testing.assert_array_equal(analogy([3.0, 1.0], [1.0, 1.0], [5.0, 0.0]), [7.0, 0.0])
    for wrong, message in (
        ((a, []), "at least one"),
        (([], b), "at least one"),
        ((a, a), "the same mean"),
        ((a, [[1.0]]), "of shapes"),
        ((a, [[np.inf, 0.0]]), "NaN or infinities"),
    ):
        with pytest.raises(ValueError, match=message):
            contrast(*wrong)


# The state and its sets


def test_each_set_keeps_its_row_and_changing_the_set_is_no_step() -> None:
    state = LatentState.start(SPACE).select(3).next_axis_set().select(2)
    assert (state.axis_set.name, state.selected) == ("axes", 2)
    state = state.next_axis_set().select(1)
    assert state.selected_names == {"dimensions": "z3", "axes": "axis 3", "directions": "slant"}
    assert state.next_axis_set().selected == 3
    assert state.next_axis_set(-1).selected == 2
    assert not state.past
    assert state.choose_axis_set("nothing") is state
    assert state.choose_axis_set("dimensions").selected == 3
    with pytest.raises(ValueError, match="row 2 does not exist; expected 0 to 1"):
        state.select(2)


def test_moving_along_a_row_and_back() -> None:
    state = LatentState.start(SPACE, SPACE.sample(1)[0]).choose_axis_set("directions")
    moved = state.move(1, 1.5)
    assert moved.coordinates[1] - state.coordinates[1] == pytest.approx(1.5, abs=1e-5)
    assert moved.reset(1).coordinates[1] == pytest.approx(0, abs=1e-5)
    assert moved.move(1, 0.0) is moved
    assert moved.set(1, moved.coordinates[1]) is moved
    assert moved.undo().z is state.z


def test_other_sets_keep_what_is_selected_by_name() -> None:
    state = LatentState.start(SPACE).choose_axis_set("directions").select(1)
    more = state.with_sets(axis_sets(SPACE, directions(names=("smile",), seed=9)))
    assert (more.axis_set.name, more.axis_set.axes[more.selected].name) == ("directions", "slant")
    gone = more.with_sets(axis_sets(skewed_space(DIM)))
    assert (gone.axis_set.name, gone.rank) == ("dimensions", 0)


class AnyActions(RuleBasedStateMachine):
    """Whatever is done along whatever rows, undo leads back to the very vectors, to the bit."""

    def __init__(self) -> None:
        super().__init__()
        self.state = LatentState.start(SPACE)
        self.before: list[bytes] = []
        self.after: list[bytes] = []

    def take(self, state: LatentState) -> None:
        if state.z is not self.state.z:
            self.before.append(self.state.z.tobytes())
            self.after.clear()
        self.state = state

    @rule(places=st.integers(-2, 2))
    def change_set(self, places: int) -> None:
        z = self.state.z
        self.state = self.state.next_axis_set(places)
        assert self.state.z is z

    @rule(row=st.integers(0, 4), sigmas=st.floats(-4, 4))
    def move(self, row: int, sigmas: float) -> None:
        self.take(self.state.move(row % len(self.state.axis_set), sigmas))

    @rule(row=st.integers(0, 4), sigma=st.floats(-12, 12))
    def put(self, row: int, sigma: float) -> None:
        self.take(self.state.set(row % len(self.state.axis_set), sigma))

    @rule(row=st.integers(0, 4))
    def reset(self, row: int) -> None:
        self.take(self.state.reset(row % len(self.state.axis_set)))

    @rule(seed=st.integers(0, 5))
    def go(self, seed: int) -> None:
        self.take(self.state.replace(SPACE.sample(seed)[0]))

    @rule(effects=st.lists(st.floats(0, 9), min_size=DIM, max_size=DIM))
    def order(self, effects: list[float]) -> None:
        sets = tuple(each.with_effects(effects[: len(each)]) for each in self.state.sets)
        before = self.state.selected_names
        self.state = self.state.with_sets(sets)
        assert self.state.selected_names == before

    @precondition(lambda self: self.before)
    @rule()
    def undo(self) -> None:
        self.after.append(self.state.z.tobytes())
        self.state = self.state.undo()
        assert self.state.z.tobytes() == self.before.pop()

    @precondition(lambda self: self.after)
    @rule()
    def redo(self) -> None:
        self.before.append(self.state.z.tobytes())
        self.state = self.state.redo()
        assert self.state.z.tobytes() == self.after.pop()

    @invariant()
    def within(self) -> None:
        assert np.abs(self.state.sigma).max() <= SIGMA_LIMIT + 1e-3
        assert bool(self.state.past) == bool(self.before)


TestAnyActions = AnyActions.TestCase
TestAnyActions.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_strength_is_the_share_of_pairs_told_right() -> None:
    values = np.arange(1000.0)
    assert concordance(values**3, values) == 1
    assert concordance(-values, values) == 0
    assert concordance(np.random.default_rng(0).random(1000), values) == pytest.approx(0.5, abs=0.03)
    assert concordance(values, values > 500) == 1
