"""Columns of the bars: names are cut last, and where all rows fit their ends are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.app import App, ComposeResult

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.axes import AxisSet, dimension_set
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.tui.panels.bar_grid import BarGrid, ends_below, label_within, untold
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.theme import complete


def directions(model: str) -> AxisSet:
    exploration = Exploration(model, open_bundle(model), seed=1)
    exploration.choose_axis_set("directions")
    axes = exploration.axis_set
    exploration.set_effects(axes.key, np.ones(axes.count))
    return exploration.axis_set


def names(axes: AxisSet, grid: BarGrid) -> list[str]:
    return [label_within(axis, grid.name - 1, grid.ends) for axis in axes.axes]


@pytest.mark.parametrize(("width", "height"), [(48, 43), (58, 32), (70, 50)])
@pytest.mark.parametrize("model", ["dog", "mnist"])
def test_beside_a_track_that_has_room_every_name_is_whole(model: str, width: int, height: int) -> None:
    axes = directions(model)
    grid = BarGrid.of(width, height, axes)
    assert grid.track >= 14
    assert not any("…" in name for name in names(axes, grid))


def test_in_a_wide_panel_every_row_tells_its_ends() -> None:
    axes = directions("dog")
    grid = BarGrid.of(83, 15, axes)
    assert grid.track >= 24
    assert all("↔" in name for name in names(axes, grid))


def test_without_room_for_the_ends_the_track_gets_their_columns() -> None:
    axes = directions("mnist")
    grid = BarGrid.of(60, 32, axes)
    assert not grid.ends
    assert grid.name == 1 + max(len(axis.name) for axis in axes.axes)


def test_the_ends_stand_below_those_of_the_track_or_are_left_out() -> None:
    axes = directions("dog")
    mouth = axes.axes[axes.find("mouth") or 0]
    grid = BarGrid.of(48, 43, axes)
    left = 1 + grid.name
    text = ends_below(mouth, grid)
    assert text.startswith(" " * left + mouth.low)
    assert text.endswith(mouth.high)
    assert len(text) == left + grid.track
    assert ends_below(mouth, BarGrid.of(12, 43, axes)) == ""
    assert ends_below(directions("mnist").axes[-1], grid) == ""  # its name, 8 to 9, says it


@pytest.mark.parametrize(
    ("width", "height", "row", "text"),
    [
        (36, 18, "background colour", "background colour: red ↔ green"),
        (36, 18, "mouth", "closed ↔ open · strength 0."),
        (48, 43, "mouth", "strength 0."),
        (72, 43, "mouth", ""),
    ],
)
def test_the_border_tells_of_the_selected_row_what_its_line_has_no_room_for(
    width: int, height: int, row: str, text: str
) -> None:
    axes = directions("dog")
    told = untold(axes, axes.find(row) or 0, BarGrid.of(width, height, axes))
    assert told.startswith(text) if text else not told
    assert len(told) <= width


def test_kl_and_variance_are_told_where_there_is_no_column_for_them() -> None:
    exploration = Exploration("dog", open_bundle("dog"), seed=1)
    for name, told in (("dimensions", "KL {} nats"), ("axes", "{} of variance")):
        exploration.choose_axis_set(name)
        axes = exploration.axis_set
        narrow, wide = (BarGrid.of(width, 18, axes) for width in (36, 70))
        assert untold(axes, 3, narrow) == told.format(axes.axes[3].detail) != ""
        assert untold(axes, 3, wide) == ""


def test_of_a_decoder_without_data_no_kl_is_told() -> None:
    space = open_bundle("mnist").space
    axes = dimension_set(replace(space, kl=np.zeros_like(space.kl))).with_effects(np.ones(space.dim))
    grid = BarGrid.of(90, 18, axes)
    assert grid.detail <= 1
    assert grid.effect
    assert not any(untold(axes, row, BarGrid.of(40, 18, axes)) for row in range(space.dim))


@pytest.mark.parametrize(("height", "told"), [(43, True), (20, False)])
async def test_rows_tell_their_ends_where_all_fit(height: int, told: bool) -> None:
    class BarsApp(App[None]):
        def get_css_variables(self) -> dict[str, str]:
            return complete(super().get_css_variables(), self.current_theme)

        def compose(self) -> ComposeResult:
            yield LatentBars()

    axes = directions("dog")
    async with BarsApp().run_test(size=(48, height)) as pilot:
        bars = pilot.app.query_one(LatentBars)
        bars.show_axes(axes)
        bars.show_point(np.zeros(len(axes)), axes.first)
        await pilot.pause()
        shown = "\n".join(bars.render_line(y).text for y in range(height))
        assert ("closed" in shown) is told
        assert ("near" in shown) is told  # the last row, below which there may be room alone
        assert all(axis.name in shown for axis in axes.axes)
