"""Undo after any actions restores z bit for bit, with journeys and bookmarks among them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.tui.support import ExactDecoder, make_bundle
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.motion.journey_player import JourneyPlayer
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.model_data import ModelData
from vaevis_tui.explorer.storage.own_directions import MarkedSets
from vaevis_tui.latent.motion.journey import Journey

BUNDLE = make_bundle()
DECODER = ExactDecoder(BUNDLE)

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("nudge"), st.sampled_from([-1.0, -0.1, 0.01, 0.1])),
        st.tuples(st.just("select"), st.integers(-3, 3)),
        st.tuples(st.sampled_from(["random", "walk", "mean", "bookmark", "mark", "direction"]), st.none()),
        st.tuples(st.sampled_from(["go", "visit", "example", "steer", "rows"]), st.integers(0, 9)),
        st.tuples(st.just("journey"), st.lists(st.floats(-0.4, 0.6), max_size=4)),
    ),
    min_size=1,
    max_size=25,
)


class Session:
    """An exploration with bookmarks, and the places that undo has to come back to."""

    def __init__(self, folder: Path) -> None:
        self.exploration = Exploration("rings", BUNDLE, seed=3)
        self.bookmarks = Bookmarks(ModelData("rings", folder), BUNDLE.latent_dim)
        self.marks = MarkedSets()
        self.player = JourneyPlayer()

    def act(self, name: str, value: object) -> None:
        here = self.exploration
        places = [each.z for each in self.bookmarks.items]
        match name, value:
            case "nudge", float():
                here.nudge(value)
            case "select", int():
                here.select_by(value)
            case "random", _:
                here.random()
            case "mean", _:
                here.reset_all()
            case "walk", _:
                here.start_walk()
                for _ in range(3):
                    here.step_walk(0.1)
                here.stop_walk()
            case "bookmark", _:
                self.bookmarks.add(here.z, "", DECODER.decode(here.z[None])[0])
            case "mark", _:
                self.marks.toggle("A", here.z)
            case "direction", _ if self.marks.a:
                from vaevis_tui.explorer.storage.own_directions import OwnDirections

                own = OwnDirections(ModelData("rings", self.bookmarks._data._root), BUNDLE.latent_dim)
                if np.any(np.mean([mark.z for mark in self.marks.a], axis=0) != BUNDLE.space.mean):
                    here.set_own_directions(own.add(self.marks.direction(BUNDLE.space), "mine"))
                    here.choose_axis_set("directions")
            case "go", int() if places:
                here.go_to(places[value % len(places)])
            case "visit", int() if here.history.visits:
                here.go_to_visit(here.history.visits[value % len(here.history)].number)
            case "example", int():
                here.go_to_anchor(value % len(here.anchors))
            case "steer", int():
                here.steer_towards(here.anchors.anchors.z[value % len(here.anchors)], 0.3)
            case "rows", int():
                here.next_axis_set(value)
            case "journey", list() if len(places) > 1:
                self.travel(places, value)
            case _:
                pass

    def travel(self, stops: list[NDArray[np.float32]], scrubs: list[float]) -> None:
        """Go on a measured journey, play, scrub and end it."""
        z = self.player.begin(self.exploration, Journey(BUNDLE.space, stops), "tour")
        self.player.take(DECODER.decode(z))
        self.player.advance(0.7)
        for shares in scrubs:
            self.player.scrub(shares)
        self.exploration.end_journey()


@settings(max_examples=60, deadline=None)
@given(actions=ACTIONS)
def test_undo_comes_back_to_every_place_bit_for_bit(actions: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        here = session.exploration
        settled = [here.z.tobytes()]
        for name, value in actions:
            here.settle()
            session.act(name, value)
            if here.z.tobytes() != settled[-1]:
                settled.append(here.z.tobytes())
        kept = [(each.id, each.z.tobytes()) for each in session.bookmarks.items]
        seen = [here.z.tobytes()]
        while here.undo():
            if here.z.tobytes() != seen[-1]:
                seen.append(here.z.tobytes())
        assert seen == settled[::-1]
        while here.redo():
            pass
        assert here.z.tobytes() == settled[-1]
        assert [(each.id, each.z.tobytes()) for each in session.bookmarks.items] == kept
        again = Bookmarks(ModelData("rings", Path(folder)), BUNDLE.latent_dim)
        assert [(each.id, each.z.tobytes()) for each in again.items] == kept


def test_all_of_a_journey_is_one_step() -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        for name in ("bookmark", "random", "bookmark", "random", "bookmark", "random"):
            session.act(name, None)
        before = session.exploration.z
        session.act("journey", [0.3, -0.1, 0.5])
        assert session.exploration.z is not before
        assert session.exploration.undo()
        np.testing.assert_array_equal(session.exploration.z, before)
