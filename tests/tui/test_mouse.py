"""Bars that are dragged, pressed and turned by the wheel, and hints that are pressed."""

from __future__ import annotations

from textual import events

from tests.tui.support import exploring
from vaevis_tui.tui.panels.hint_bar import HintBar
from vaevis_tui.tui.panels.latent_bars import LatentBars


def track_of(bars: LatentBars) -> tuple[int, int]:
    """First and last column of the tracks, from how a row looks: a track is all that has its colour."""
    track = bars.get_component_rich_style("latent-bars--track", partial=True).bgcolor
    line = bars.render_line(8)
    columns = [style.bgcolor == track for text, style, _ in line for _ in text if style]
    return columns.index(True), len(columns) - 1 - columns[::-1].index(True)


def wheel(event: type[events.MouseEvent], x: int, y: int) -> events.MouseEvent:
    return event(None, x, y, 0, 0, 0, False, False, False, screen_x=x, screen_y=y)


async def test_dragging_a_bar_sets_its_value_and_is_one_step_to_undo() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        bars = explorer.screen.query_one(LatentBars)
        order = explorer.exploration.axis_set.order
        left, right = track_of(bars)
        await explorer.pilot.mouse_down(bars, offset=(left, 3))
        await explorer.pilot.hover(bars, offset=((left + right) // 2 - 5, 3))
        await explorer.pilot.hover(bars, offset=(right, 7))
        await explorer.pilot.mouse_up(bars, offset=(right, 7))
        await explorer.settle()
        assert explorer.exploration.state.selected == order[2]
        assert explorer.value == 3.0
        sent = [message for message in explorer.messages if isinstance(message, LatentBars.Dragged)]
        assert {message.row for message in sent} == {order[2]}
        assert sent[0].sigma == -3.0
        await explorer.press("u")
        assert explorer.sigma == start


async def test_pressing_a_name_selects_without_moving() -> None:
    async with exploring() as explorer:
        start = explorer.sigma
        await explorer.pilot.click(LatentBars, offset=(2, 5))
        await explorer.settle()
        assert explorer.exploration.state.selected == explorer.exploration.axis_set.order[4]
        assert explorer.sigma == start


async def test_pressing_twice_resets() -> None:
    async with exploring() as explorer:
        await explorer.pilot.click(LatentBars, offset=(2, 5), times=2)
        await explorer.settle()
        assert explorer.value == 0


async def test_the_wheel_selects_over_the_bars_and_moves_over_the_picture() -> None:
    async with exploring() as explorer:
        bars, image = explorer.screen.query_one(LatentBars), explorer.image
        for widget, event in ((bars, events.MouseScrollDown), (image, events.MouseScrollUp)):
            explorer.app.post_message(wheel(event, widget.region.x + 4, widget.region.y + 4))
            await explorer.pilot.pause()
        await explorer.settle()
        order = explorer.exploration.axis_set.order
        assert explorer.exploration.state.selected == order[1]
        assert explorer.exploration.state.past


async def test_hints_are_pressed() -> None:
    async with exploring() as explorer:
        hints = explorer.screen.query_one(HintBar)
        column = str(hints.render()).index("w walk") + 1
        await explorer.pilot.click(hints, offset=(column, 0))
        await explorer.until(lambda: explorer.exploration.walking)
        await explorer.press("w")
