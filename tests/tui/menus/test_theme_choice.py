"""The theme follows the terminal's background until a person chooses one, which is kept."""

from __future__ import annotations

import pytest

from tests.tui.support import Explorer, exploring, make_settings
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind, is_dark
from vaevis_tui.terminal.detect.reply_parser import ReplyParser
from vaevis_tui.tui.images.live_image import LiveImage

WHITE, BLACK = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\", b"\x1b]11;rgb:00/00/00\x07"


def background(raw: bytes) -> Reply:
    parser = ReplyParser()
    assert parser.feed(raw) == b""
    (reply,) = parser.replies
    assert reply.kind is ReplyKind.BACKGROUND
    return reply


async def pause(explorer: Explorer) -> None:
    for _ in range(3):
        await explorer.pilot.pause()


@pytest.mark.parametrize(
    ("raw", "dark"),
    [
        (WHITE, False),
        (BLACK, True),
        (b"\x1b]11;rgba:fd/f6/e3/ff\x1b\\", False),
        (b"\x1b]11;#000000\x1b\\", None),
    ],
)
def test_a_background_is_dark_or_light(raw: bytes, dark: bool | None) -> None:
    assert is_dark(background(raw)) is dark


async def test_the_terminals_background_is_followed_and_not_kept() -> None:
    kept: list[str] = []
    async with exploring(make_settings(keep_theme=kept.append)) as explorer:
        assert explorer.app.theme == "vaevis-dark"
        explorer.app.themes.take_background(background(WHITE))
        await pause(explorer)
        assert explorer.app.theme == "vaevis-light"
        assert not kept


async def test_a_choice_is_kept_and_not_overridden() -> None:
    kept: list[str] = []
    async with exploring(make_settings(keep_theme=kept.append)) as explorer:
        await explorer.press("v")
        strip = explorer.screen.query_one("#strip-image", LiveImage)
        await explorer.until(lambda: strip.presented is not None)
        explorer.app.theme = "nord"
        await pause(explorer)

        def gap() -> list[int]:
            return [] if strip.presented is None else strip.presented.image[0, 0].tolist()

        await explorer.until(lambda: gap() == list(strip.background_colors[1].rgb))  # between its tiles
        explorer.app.themes.take_background(background(WHITE))
        await pause(explorer)
        assert explorer.app.theme == "nord"
        explorer.app.themes.follow()
        await pause(explorer)
        assert explorer.app.theme == "vaevis-light"
        assert kept == ["nord", ""]


async def test_a_theme_that_was_kept_is_on_at_the_start() -> None:
    async with exploring(make_settings(theme="dracula")) as explorer:
        explorer.app.themes.take_background(background(WHITE))
        await pause(explorer)
        assert explorer.app.theme == "dracula"


@pytest.mark.parametrize("name", ["ansi-light", "no-such"])
async def test_a_theme_that_is_not_offered_is_told(name: str) -> None:
    async with exploring(make_settings(theme=name)) as explorer:
        assert explorer.app.theme == "vaevis-dark"
        assert name in explorer.notices
