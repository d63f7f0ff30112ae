"""Whatever is done in whatever order, undo leads back through the very vectors, to the bit."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.tui.support import ExactDecoder, make_bundle
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.model_data import ModelData, model_hash
from vaevis_tui.explorer.storage.own_directions import MarkedSets, OwnDirections
from vaevis_tui.explorer.storage.session import Session
from vaevis_tui.latent.motion.journey import Journey
from vaevis_tui.latent.state import SIGMA_LIMIT, UNDO_LIMIT

BUNDLE = make_bundle(latent_dim=3)
DATA = ModelData(model_hash(BUNDLE), Path(mkdtemp()))


class AnyActions(RuleBasedStateMachine):
    """An exploration against a plain list of the points that it was at, and a place in it."""

    def __init__(self) -> None:
        super().__init__()
        self.exploration = Exploration("m", BUNDLE, seed=0)
        self.bookmarks = Bookmarks(DATA, 3)
        self.own = OwnDirections(DATA, 3)
        self.marked = MarkedSets()
        self.points = [self.exploration.z.tobytes()]
        self.place = 0
        self.key: Hashable = None
        self.journeys = 0

    def done(self, key: Hashable = None) -> None:
        """Take down what an action did; those of one key, one after the other, are one step."""
        here = self.exploration.z.tobytes()
        if here == self.points[self.place]:
            return
        if key is not None and key == self.key:
            self.points[self.place] = here
        else:
            self.points = [*self.points[: self.place + 1], here]
            self.place += 1
        self.key = key

    @rule(sigmas=st.floats(-2, 2).filter(bool))
    def nudge(self, sigmas: float) -> None:
        row = self.exploration.state.selected
        self.exploration.nudge(sigmas)
        self.done(("nudge", self.exploration.axis_set.name, row, sigmas > 0))

    @rule(row=st.integers(0, 2), sigma=st.floats(-12, 12))
    def put(self, row: int, sigma: float) -> None:
        self.exploration.set_value(row % len(self.exploration.axis_set), sigma)
        self.done()

    @rule(places=st.integers(-2, 2), down=st.integers(-3, 3))
    def other_rows(self, places: int, down: int) -> None:
        z = self.exploration.z
        self.exploration.next_axis_set(places)
        self.exploration.select_by(down)
        assert self.exploration.z is z
        if places % len(self.exploration.state.sets):
            self.key = None  # another axis set ends what is being coalesced

    @rule(psi=st.sampled_from([0.5, 1.0]))
    def random(self, psi: float) -> None:
        self.exploration.random(psi)
        self.done()

    @rule(label=st.sampled_from([None, "one", "two"]))
    def anchor(self, label: str | None) -> None:
        self.exploration.next_anchor(label=label)
        self.done()

    @rule(index=st.integers(0, 8), sigmas=st.sampled_from([-0.3, 0.3, 50.0]))
    def steer(self, index: int, sigmas: float) -> None:
        target = BUNDLE.space.anchors.z[index]
        self.exploration.steer_towards(target, sigmas)
        self.done(("steer", target.tobytes(), sigmas > 0))

    @rule()
    def pull_back(self) -> None:
        self.exploration.pull_back()
        self.done()

    @rule(loop=st.booleans(), positions=st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=4))
    def journey(self, loop: bool, positions: list[float]) -> None:
        stops = [self.exploration.z, *BUNDLE.space.sample(self.journeys, 2)]
        self.journeys += 1
        self.exploration.start_journey(Journey(BUNDLE.space, stops, loop=loop))
        self.done(("journey", self.journeys))
        for position in positions:
            self.exploration.scrub(position)
            self.done(("journey", self.journeys))

    @rule(steps=st.integers(1, 5))
    def walk(self, steps: int) -> None:
        self.exploration.start_walk()
        self.journeys += 1
        for _ in range(steps):
            self.exploration.step_walk(0.05)
            self.done(("walk", self.journeys))
        self.exploration.stop_walk()

    @rule()
    def bookmark(self) -> None:
        image = ExactDecoder(BUNDLE).decode(self.exploration.z[None])[0]
        made = self.bookmarks.add(self.exploration.z, "", image)
        assert made.z.tobytes() == self.exploration.z.tobytes()

    @precondition(lambda self: self.bookmarks.items)
    @rule(number=st.integers(0, 99))
    def go_to_bookmark(self, number: int) -> None:
        bookmark = Bookmarks(DATA, 3).items[number % len(self.bookmarks)]
        self.exploration.go_to(bookmark.z)
        assert self.exploration.z.tobytes() == bookmark.z.tobytes()
        self.done()

    @rule(number=st.integers(1, 30))
    def go_back_in_history(self, number: int) -> None:
        self.exploration.go_to_visit(number)
        self.done()

    @rule(which=st.sampled_from(["A", "B"]))
    def own_direction(self, which: str) -> None:
        if which == "A":
            self.marked.toggle("A", self.exploration.z)
        else:
            self.marked.toggle("B", self.exploration.z)
        if self.marked.a:
            try:
                vector = self.marked.direction(BUNDLE.space)
            except UserError:  # A lies at the mean
                return
            z = self.exploration.z
            self.exploration.set_own_directions(self.own.add(vector, "mine"))
            assert self.exploration.z is z

    @rule()
    def resume(self) -> None:
        session = Session.from_text(self.exploration.session("auto").to_text())
        own = OwnDirections(DATA, 3).directions
        before = self.exploration
        self.exploration = Exploration("m", BUNDLE, resumed=session, own=own)
        assert self.exploration.axis_set.name in (before.axis_set.name, "dimensions")
        self.key = None

    @precondition(lambda self: self.place > 0)
    @rule()
    def undo(self) -> None:
        assert self.exploration.undo()
        self.place -= 1
        self.key = None

    @precondition(lambda self: self.place < len(self.points) - 1)
    @rule()
    def redo(self) -> None:
        assert self.exploration.redo()
        self.place += 1
        self.key = None

    @invariant()
    def agree(self) -> None:
        assert self.exploration.z.tobytes() == self.points[self.place]
        assert np.abs(self.exploration.state.sigma).max() <= SIGMA_LIMIT + 1e-3

    def teardown(self) -> None:
        assert len(self.points) < UNDO_LIMIT
        for point in reversed(self.points[: self.place]):
            assert self.exploration.undo()
            assert self.exploration.z.tobytes() == point
        assert not self.exploration.undo()
        for bookmark in self.bookmarks.items:
            self.bookmarks.remove(bookmark.id)


TestAnyActions = AnyActions.TestCase
TestAnyActions.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
