"""Every offered theme can be read: the contrast of each cell that is drawn, as WCAG 2.1 counts it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.color_triplet import ColorTriplet
from textual.color import Color
from textual.command import CommandList
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.widget import Widget

from tests.tui.driving import begin_journey, keep
from tests.tui.support import Explorer, exploring
from vaevis_tui.tui.contrast import GRAPHIC, TEXT, contrast, readable
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.theme import UNREADABLE

BLOCKS = range(0x2580, 0x25A0)
LINES = range(0x2500, 0x2580)
ZERO_LINE = "▏"
SCENES = {
    "explorer": ("v", "p", "i", "right", "shift+left", "down", "shift+right"),
    "prompt": ("enter", "x"),
    "notice": ("y",),
    "help": ("question_mark",),
    "models": ("m",),
    "commands": ("ctrl+p",),
    "save": ("S",),
    "examples": ("e",),
    "compare": ("right", "x", "f"),
    "bookmarks": ("B",),
    "journey": (),
}
OVERLAYS = ("save", "examples", "bookmarks")
"""Scenes that come once a thread has read what is kept."""


def cells(explorer: Explorer) -> Iterator[tuple[str, ColorTriplet, ColorTriplet]]:
    """Every character outside live images, with its colours; of an overlay, what lies on top."""
    screen = explorer.app.screen
    images = [
        *(image.region for image in screen.query(LiveImage)),
        *(bar.region for bar in scroll_bars(screen)),
    ]
    on_top = [screen.region] if screen is explorer.screen else [each.region for each in shown(screen)]
    for y, strip in enumerate(screen._compositor.render_strips()):
        x = 0
        for text, style, _ in strip:
            for character in text:
                drawn = any(region.contains(x, y) for region in images)
                above = any(region.contains(x, y) for region in on_top)
                x += 1
                if character.isspace() or drawn or not above or style is None:
                    continue
                assert style.color is not None
                assert style.bgcolor is not None
                colors = style.color.get_truecolor(), style.bgcolor.get_truecolor()
                yield character, *(reversed(colors) if style.reverse else colors)


def scroll_bars(screen: Screen[object]) -> list[ScrollBar]:
    """Whose ends are blocks between two near colours."""
    return [
        bar
        for each in screen.query("*")
        for bar in (each.vertical_scrollbar,)
        if each.show_vertical_scrollbar
    ]


def shown(screen: Screen[object]) -> list[Widget]:
    """The widgets of an overlay that hide what is below."""
    return [each for each in screen.query("*") if each.styles.background.a == 1 and each.region]


def needed(character: str) -> float:
    if ord(character) in LINES or character == ZERO_LINE:
        return 1.0  # frames and the line at zero say nothing that is not said otherwise
    return GRAPHIC if ord(character) in BLOCKS else TEXT


@pytest.mark.parametrize("scene", SCENES)
async def test_every_theme_can_be_read(scene: str) -> None:
    async with exploring(size=(140, 45)) as explorer:
        app = explorer.app
        if scene in ("bookmarks", "journey"):
            await keep(explorer, "r")
            await keep(explorer, "r")
        if scene == "journey":
            await begin_journey(explorer)
        await explorer.pilot.press(*SCENES[scene])
        if scene in OVERLAYS:
            await explorer.until(lambda: app.screen is not explorer.screen)
        if scene == "commands":
            await explorer.until(lambda: app.screen.query_one(CommandList).option_count > 0)
        assert not set(UNREADABLE) & set(app.available_themes)
        unreadable = set()
        for theme in app.available_themes:
            app.theme = theme
            for _ in range(3):
                await explorer.pilot.pause()
            seen = list(cells(explorer))
            assert len(seen) > 50
            for character, fore, back in seen:
                ratio = contrast(Color(*fore), Color(*back))
                if ratio < needed(character) - 0.05:  # colours of the screen are rounded
                    unreadable.add((theme, character, fore.hex, back.hex, round(ratio, 2)))
        assert not unreadable, sorted(unreadable)[:20]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)
    assert contrast(Color(255, 255, 255), Color(0x76, 0x76, 0x76)) == pytest.approx(4.54, abs=0.01)


def test_a_colour_that_can_be_read_is_left_alone() -> None:
    grounds = [Color.parse("#0d0f12")]
    assert readable(Color.parse("#d5d9e0"), grounds, TEXT) == Color.parse("#d5d9e0")
    assert contrast(readable(Color.parse("#303030"), grounds, TEXT), grounds[0]) >= TEXT


async def test_widgets_have_the_colours_of_the_theme() -> None:
    async with exploring() as explorer:
        widget: Widget = explorer.screen
        before = widget.background_colors
        explorer.app.theme = "vaevis-light"
        for _ in range(3):
            await explorer.pilot.pause()
        assert widget.background_colors != before
