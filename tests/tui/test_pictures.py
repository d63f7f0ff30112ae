"""How the app looks: SVG screenshots, compared with those in __snapshots__ that somebody has looked at.

After a change that is meant to be seen run pytest with ``--snapshot-update``, and look at them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.support import Clock, Explorer, make_bundle, make_settings, making_app
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.panels.details import Details, rate_text
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.status_line import StatusLine
from vaevis_tui.tui.panels.strip_panel import StripPanel

pytestmark = pytest.mark.slow

Compare = Callable[..., bool]
Steps = Callable[[Explorer], Awaitable[None]]

SIZES = [(80, 24), (120, 36), (200, 60)]
TALL = make_bundle("dogs", 256, 128, 128)


def looks_right(
    compare: Compare, size: tuple[int, int], steps: Steps | None = None, *bundles: Bundle, theme: str = ""
) -> bool:
    """Whether the app, after the steps, looks as it did."""
    settings = make_settings(*bundles)
    clock = settings.clock
    assert isinstance(clock, Clock)
    with making_app(replace(settings, catalog=tuple(settings.catalog))) as app:
        if theme:
            app.theme = theme

        async def before(pilot: Pilot[None]) -> None:
            explorer = Explorer(app, pilot, clock, [])
            await explorer.until(lambda: explorer.screen.exploration is not None)
            await explorer.settle()
            clock.now += 2.0  # so that nothing of the start is left in the statistics
            if explorer.screen.query_one(StripPanel).display:  # what tiles show is tested where they are
                await pilot.press("v", "p", "p")
            await explorer.until(lambda: panels_complete(explorer))
            if steps is not None:
                await steps(explorer)
                if explorer.screen.is_active:
                    await explorer.until(lambda: panels_complete(explorer))
            panel = explorer.screen.query_one(Details)
            panel.statistics = explorer.image.meter.snapshot()
            explorer.screen.query_one(StatusLine).rate = rate_text(panel.statistics)
            panel.link = explorer.app.port.link.stats()
            panel.quality = explorer.image.quality
            await pilot.pause()

        return compare(app, terminal_size=size, run_before=before)


def panels_complete(explorer: Explorer) -> bool:
    """Whether all that comes by and by is there: tiles, effects, the judgement of the point, every frame."""
    screen = explorer.screen
    strip, chart = screen.query_one(StripPanel), screen.query_one(MapPanel)
    return (
        (not strip.display or strip.complete)
        and (not chart.display or chart.complete)
        and explorer.exploration.axis_set.effects is not None
        and screen.actions.judgement.has_said(explorer.exploration)
        and not any(image.waiting for image in screen.query(LiveImage))
    )


async def after_a_second_of_walking(explorer: Explorer) -> None:
    await explorer.until(lambda: panels_complete(explorer))  # before, since waiting lets the second pass
    meter = explorer.image.meter
    for frame in range(60):
        explorer.clock.now += 1 / 60 if frame % 20 else 1 / 24
        meter.decoded(0.0008 + 0.0001 * (frame % 7))
        meter.presented(0.0021 + 0.0002 * (frame % 5), 0.0003, 12_300)
    meter.dropped()
    explorer.screen.query_one(Details).walk = (True, 1.5)


@pytest.mark.parametrize("size", SIZES)
def test_at_rest(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, size)


@pytest.mark.parametrize("size", SIZES)
def test_large_pictures_and_many_dimensions(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def steps(explorer: Explorer) -> None:
        await explorer.press("pagedown", "pagedown", "shift+left")
        explorer.clock.now += 2.0
        await after_a_second_of_walking(explorer)

    assert looks_right(snap_compare, size, steps, TALL)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (20, 6), (100, 10)])
def test_small_windows(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert looks_right(snap_compare, size, after_a_second_of_walking)


def test_two_dimensions(snap_compare: Compare) -> None:
    assert looks_right(snap_compare, (80, 24), None, make_bundle("plane", 2))


def test_light(snap_compare: Compare) -> None:
    assert looks_right(snap_compare, (80, 24), after_a_second_of_walking, theme="vaevis-light")


def test_a_theme_of_textual_s(snap_compare: Compare) -> None:
    assert looks_right(snap_compare, (80, 24), after_a_second_of_walking, theme="nord")


def test_help(snap_compare: Compare) -> None:
    async def steps(explorer: Explorer) -> None:
        await explorer.pilot.press("question_mark")

    assert looks_right(snap_compare, (120, 36), steps)


def test_models(snap_compare: Compare) -> None:
    async def steps(explorer: Explorer) -> None:
        await explorer.pilot.press("m", "down")

    assert looks_right(snap_compare, (80, 24), steps, make_bundle(), make_bundle("planes", 2))


def test_a_wrong_value(snap_compare: Compare) -> None:
    async def steps(explorer: Explorer) -> None:
        await explorer.pilot.press("enter", *"1.x")
        explorer.screen.query_one(Input).cursor_blink = False

    assert looks_right(snap_compare, (80, 24), steps)
