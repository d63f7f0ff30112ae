from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tui.support import make_bundle
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import SPEEDS, Exploration
from vaevis_tui.explorer.session import Session


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
            exploration.walk_on(0.05)
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
    exploration.walk_on(0.05)
    exploration.undo()
    assert not exploration.walking
    np.testing.assert_array_equal(exploration.z, start)


def test_a_walk_goes_on_from_a_random_point() -> None:
    exploration = Exploration("m", make_bundle(), seed=0)
    exploration.start_walk()
    exploration.walk_on(0.05)
    exploration.random()
    there = exploration.z
    exploration.walk_on(1e-4)
    assert np.linalg.norm(exploration.z - there) < 0.01


def test_speed_changes_during_a_walk_and_stops_at_the_ends() -> None:
    exploration = Exploration("m", make_bundle(), seed=0, speed=1.0)
    whiten = exploration.bundle.space.whiten
    exploration.start_walk()
    for _ in range(100):  # onto the shell
        exploration.walk_on(0.1)
    lengths = []
    for steps in (0, 2):
        exploration.change_speed(steps)
        before = whiten(exploration.z)
        exploration.walk_on(0.01)
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
