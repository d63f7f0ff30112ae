from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tui.support import make_bundle
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.motion.motion import SPEEDS
from vaevis_tui.explorer.storage.session import Session
from vaevis_tui.latent.directions import Directions
from vaevis_tui.latent.motion.journey import Journey
from vaevis_tui.latent.typicality import Place


def test_a_random_point_knows_the_seed_that_gives_it() -> None:
    bundle = make_bundle(latent_dim=3)
    exploration = Exploration("m", bundle, seed=5)
    assert exploration.seed_of(exploration.z) == 5
    exploration.random()
    first = exploration.z
    seed = exploration.seed_of(first)
    assert seed is not None
    np.testing.assert_array_equal(bundle.space.sample(seed)[0], first)
    exploration.random(psi=0.7)
    assert exploration.seed_of(exploration.z) is None, "it was truncated"
    exploration.undo()
    assert exploration.seed_of(exploration.z) == seed
    exploration.nudge(1)
    assert exploration.seed_of(exploration.z) is None
    for _ in range(1000):
        exploration.random()
    assert exploration.seed_of(exploration.z) is not None
    assert exploration.seed_of(first) is None, "only so many are remembered"
    assert Exploration("m", bundle, seed=5, z=(1, 2, 3)).seed_of(first) is None


def test_starts_at_the_first_look_at_a_seed_s_point_or_where_it_is_told() -> None:
    bundle = make_bundle(latent_dim=3)
    np.testing.assert_array_equal(Exploration("m", bundle).z, bundle.space.first_look)
    np.testing.assert_array_equal(Exploration("m", bundle, seed=5).z, bundle.space.sample(5)[0])
    np.testing.assert_array_equal(Exploration("m", bundle, seed=5, z=(1, 2, 3)).z, [1, 2, 3])


@pytest.mark.parametrize("z", [(1.0,), (1.0, 2.0, float("nan"))])
def test_a_point_that_does_not_fit_is_refused_by_name(z: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match="z does not fit model rings"):
        Exploration("m", make_bundle(latent_dim=3), z=z)


def test_turning_back_is_a_step_of_its_own_to_undo() -> None:
    bundle = make_bundle()
    exploration = Exploration("m", bundle, z=bundle.space.mean)
    for sigmas in (0.1, 0.1, -0.1):
        exploration.nudge(sigmas)
    exploration.undo()
    assert exploration.value == pytest.approx(0.2, abs=1e-6)
    exploration.undo()
    assert exploration.value == pytest.approx(0, abs=1e-6)
    assert not exploration.undo()


def test_two_walks_are_two_steps_to_undo() -> None:
    exploration = Exploration("m", make_bundle(), seed=0)
    places = [exploration.z]
    for _ in range(2):
        exploration.start_walk()
        for _ in range(10):
            exploration.step_walk(0.05)
        exploration.stop_walk()
        places.append(exploration.z)
    exploration.undo()
    np.testing.assert_array_equal(exploration.z, places[1])
    exploration.undo()
    np.testing.assert_array_equal(exploration.z, places[0])


def test_undo_ends_a_walk() -> None:
    exploration = Exploration("m", make_bundle(), seed=0)
    start = exploration.z
    exploration.start_walk()
    exploration.step_walk(0.05)
    exploration.undo()
    assert not exploration.walking
    np.testing.assert_array_equal(exploration.z, start)


def test_a_walk_goes_on_from_a_random_point() -> None:
    exploration = Exploration("m", make_bundle(), seed=0)
    exploration.start_walk()
    exploration.step_walk(0.05)
    exploration.random()
    there = exploration.z
    exploration.step_walk(1e-4)
    assert np.linalg.norm(exploration.z - there) < 0.01


def test_speed_changes_during_a_walk_and_stops_at_the_ends() -> None:
    exploration = Exploration("m", make_bundle(), seed=0, speed=1.0)
    whiten = exploration.bundle.space.whiten
    exploration.start_walk()
    for _ in range(100):  # onto the shell
        exploration.step_walk(0.1)
    lengths = []
    for steps in (0, 2):
        exploration.change_speed(steps)
        before = whiten(exploration.z)
        exploration.step_walk(0.01)
        lengths.append(np.linalg.norm(whiten(exploration.z) - before))
    assert lengths[1] / lengths[0] == pytest.approx(2.0, rel=0.02)
    exploration.change_speed(-99)
    assert exploration.speed == SPEEDS[0]
    exploration.change_speed(99)
    assert exploration.speed == SPEEDS[-1]


def travelled() -> Exploration:
    """In the middle of a walk, with something to undo and to redo."""
    exploration = Exploration("rings", make_bundle(latent_dim=3), seed=1)
    for _ in range(3):
        exploration.random()
    exploration.undo()
    exploration.select_by(1)
    exploration.start_walk()
    exploration.change_speed(1)
    return exploration


def test_a_session_leads_back_to_the_bit() -> None:
    before = travelled()
    session = Session.from_text(before.session("auto").to_text())
    after = Exploration("rings", before.bundle, resumed=session)
    assert not after.moved
    assert (after.speed, session.walking) == (before.speed, True)
    assert after.state.selected == before.state.selected
    before.stop_walk()
    for step in (Exploration.redo, Exploration.undo, Exploration.undo, Exploration.undo, Exploration.undo):
        np.testing.assert_array_equal(after.z, before.z)
        assert step(after) == step(before)


@pytest.mark.parametrize(
    "wrong",
    [{"selected": 3}, {"selected": -1}, {"z": np.zeros(2, np.float32)}, {"z": np.zeros(4, np.float32)}],
)
def test_a_session_of_another_model_is_refused_by_name(wrong: dict[str, Any]) -> None:
    session = dataclasses.replace(travelled().session("auto"), **wrong)
    with pytest.raises(UserError, match="the session does not fit model rings"):
        Exploration("rings", make_bundle(latent_dim=3), resumed=session)


def test_a_path_is_kept_whole_and_a_name_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bundle = make_bundle()
    assert Exploration("rings", bundle).session("auto").model == "rings"
    by_path = dataclasses.replace(bundle, path=Path("some/where"))
    assert Exploration("some/where", by_path).session("auto").model == str(tmp_path / "some" / "where")


def test_the_point_as_text_leads_back_to_the_bit() -> None:
    bundle = make_bundle()
    exploration = Exploration("m", bundle, seed=3)
    z, text = exploration.z, exploration.z_text
    exploration.reset_all()
    exploration.go_to([float(part) for part in text.split(",")])
    np.testing.assert_array_equal(exploration.z, z)
    assert exploration.undo()
    with pytest.raises(UserError, match="z does not fit model rings"):
        exploration.go_to([1.0])


OWN = Directions(
    np.eye(3, dtype=np.float32)[:2],
    ("smile", "age"),
    ("", "young"),
    ("", "old"),
    np.full(2, np.nan, np.float32),
)


def test_rows_of_every_set_are_moved_along_and_undone_to_the_bit() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1, own=OWN)
    start, names = exploration.z, []
    for _ in range(3):
        names.append(exploration.axis_set.name)
        before = exploration.value
        for sigmas in (0.1, 0.1):
            exploration.nudge(sigmas)
        assert exploration.value == pytest.approx(before + 0.2, abs=1e-5)
        exploration.next_axis_set()
    assert names == ["dimensions", "axes", "directions"]
    assert exploration.axis_set.name == "dimensions"
    for _ in names:
        assert exploration.undo()
    np.testing.assert_array_equal(exploration.z, start)
    assert not exploration.undo()


def test_the_same_key_on_another_set_is_another_step() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1)
    exploration.select(0)
    exploration.nudge(0.1)
    between = exploration.z
    exploration.next_axis_set()
    exploration.select(0)
    exploration.nudge(0.1)
    exploration.undo()
    np.testing.assert_array_equal(exploration.z, between)


def test_a_session_keeps_the_axis_set_and_its_rows() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), own=OWN)
    exploration.select(2)
    exploration.next_axis_set(-1)
    exploration.select(1)
    exploration.next_axis_set(-1)
    session = Session.from_text(exploration.session("auto").to_text())
    after = Exploration("m", exploration.bundle, resumed=session, own=OWN)
    assert not after.moved
    assert after.axis_set.name == "axes"
    assert after.state.selected_names == exploration.state.selected_names
    without = Exploration(
        "m", exploration.bundle, resumed=dataclasses.replace(session, axis_set="directions")
    )
    assert without.axis_set.name == "dimensions"
    assert without.state.selected == 2


def test_effects_order_the_rows_and_are_no_move() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3))
    key = exploration.axis_set.key
    exploration.set_effects(key, [1.0, 3.0, 2.0])
    assert exploration.axis_set.order.tolist() == [1, 2, 0]
    assert not exploration.moved
    exploration.set_own_directions(OWN)
    assert exploration.axis_set.order.tolist() == [1, 2, 0]
    assert not exploration.moved
    exploration.set_effects("no such key", [1.0])
    with pytest.raises(UserError, match="the directions do not fit model rings"):
        exploration.set_own_directions(
            Directions(np.ones((1, 5), np.float32), ("a",), ("",), ("",), np.ones(1, np.float32))
        )


def test_a_walk_is_no_choice_of_a_row_and_each_set_has_its_own() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1)
    exploration.start_walk()
    exploration.step_walk(0.1)
    exploration.set_effects(exploration.axis_set.key, [1.0, 3.0, 2.0])
    assert exploration.state.selected == 1
    assert exploration.axis_set.order.tolist() == [1, 2, 0]
    exploration.nudge(0.1)
    exploration.set_effects(exploration.axis_set.key, [3.0, 1.0, 2.0])
    assert exploration.axis_set.order.tolist() == [1, 2, 0]
    exploration.next_axis_set()
    exploration.set_effects(exploration.axis_set.key, [1.0, 2.0, 3.0])
    assert exploration.axis_set.order.tolist() == [2, 1, 0]
    assert exploration.state.selected == 2
    exploration.undo()
    exploration.select(0)
    exploration.set_effects(exploration.axis_set.key, [1.0, 2.0, 3.0])
    assert exploration.state.selected == 0


def test_effects_leave_the_row_of_a_session_selected() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3))
    exploration.select(2)
    after = Exploration("m", exploration.bundle, resumed=exploration.session("auto"))
    after.set_effects(after.axis_set.key, [1.0, 3.0, 2.0])
    assert after.axis_set.order.tolist() == [1, 2, 0]
    assert after.state.selected == 2
    assert not after.moved


def test_a_model_that_changed_keeps_the_order_of_its_rows() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), own=OWN)
    exploration.choose_axis_set("dimensions")
    exploration.set_effects(exploration.axis_set.key, [1.0, 3.0, 2.0])
    exploration.select_by(1)
    after = Exploration("m", exploration.bundle, resumed=exploration.session(""))
    after.take_order(exploration)
    after.set_effects(after.axis_set.key, [3.0, 1.0, 2.0])
    assert after.axis_set.order.tolist() == [1, 2, 0]
    assert after.state.selected == 2


def test_a_journey_is_one_step_to_undo_and_ends_when_something_else_is_done() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1)
    space, start = exploration.bundle.space, exploration.z
    stops = space.sample(3, 3)
    exploration.start_journey(Journey(space, stops))
    for position in (0.2, 0.5, 0.4, 1.7):
        exploration.scrub(position)
    assert exploration.journey_position == 1
    np.testing.assert_array_equal(exploration.z, stops[2])
    exploration.undo()
    np.testing.assert_array_equal(exploration.z, start)
    assert exploration.journey is None
    exploration.redo()
    exploration.start_journey(Journey(space, stops, loop=True), 0.9)
    exploration.scrub(1.25)
    assert exploration.journey_position == pytest.approx(0.25)
    exploration.nudge(0.1)
    here = exploration.z
    exploration.scrub(0.5)
    assert exploration.z is here


def test_anchors_are_gone_to_by_label_and_one_by_one() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3))
    anchors = exploration.bundle.space.anchors
    assert [exploration.next_anchor(label="two") for _ in range(4)] == [2, 5, 8, 2]
    np.testing.assert_array_equal(exploration.z, anchors.z[2])
    assert exploration.next_anchor() == 3
    assert exploration.next_anchor(-1) == 2
    assert exploration.next_anchor(label="nine") is None
    exploration.go_to_anchor(7)
    np.testing.assert_array_equal(exploration.z, anchors.z[7])
    with pytest.raises(ValueError, match="anchor 9 does not exist; the model has 9"):
        exploration.go_to_anchor(9)


def test_steering_towards_is_one_step_and_ends_there() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1)
    start, target = exploration.z, exploration.bundle.space.anchors.z[4]
    for _ in range(100):
        exploration.steer_towards(target, 0.2)
    np.testing.assert_array_equal(exploration.z, target)
    exploration.undo()
    np.testing.assert_array_equal(exploration.z, start)
    with pytest.raises(UserError, match="expected 3 finite numbers"):
        exploration.steer_towards([1.0], 0.2)


def test_pulling_back_and_truncated_points_are_more_typical() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1)
    exploration.go_to(np.full(3, 5.0))
    assert exploration.typicality.judge(exploration.z).place is Place.BEYOND
    assert exploration.pull_back()
    assert exploration.typicality.judge(exploration.z).percentile >= 0.5
    assert not exploration.pull_back()
    exploration.random(psi=0.0)
    np.testing.assert_array_equal(exploration.z, exploration.bundle.space.mean)


def test_the_history_keeps_what_undo_forgets() -> None:
    exploration = Exploration("m", make_bundle(latent_dim=3), seed=1)
    places = [exploration.z]
    for _ in range(2):
        exploration.random()
        places.append(exploration.z)
    exploration.undo()
    exploration.nudge(0.1)
    exploration.nudge(0.1)
    seen = [visit.z for visit in exploration.history.visits]
    assert len(seen) == 4
    for z, expected in zip(seen, (places[0], places[1], places[2], places[1]), strict=True):
        np.testing.assert_array_equal(z, expected)
    assert exploration.go_to_visit(3)
    np.testing.assert_array_equal(exploration.z, places[2])
    assert exploration.undo()
    assert not exploration.go_to_visit(99)


def test_a_resumed_session_has_its_history() -> None:
    before = travelled()
    before.stop_walk()
    session = Session.from_text(before.session("auto").to_text())
    after = Exploration("rings", before.bundle, resumed=session)
    assert len(after.history) == len(before.state.past) + 1 + len(before.state.future)
    assert len(Exploration("rings", before.bundle).history) == 0
