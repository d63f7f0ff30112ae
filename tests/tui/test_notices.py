"""Notices lie on the bottom lines alone, whole words only, one after another."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.widgets._toast import Toast

from tests.tui.support import Explorer, exploring
from vaevis_tui.tui.live_image import LiveImage
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.notice_bar import NoticeBar
from vaevis_tui.tui.text import wrapped

LONG = "decoding failed: " + " ".join(f"reason{number}" for number in range(12)) + "; m opens a model again"


async def told(explorer: Explorer, *notices: str, severity: str = "information") -> NoticeBar:
    bar = explorer.screen.query_one(NoticeBar)
    for notice in notices:
        explorer.app.notify(notice, severity=severity, timeout=60, markup=False)  # type: ignore[arg-type]
    await explorer.until(lambda: notices[-1] in explorer.notices)
    for _ in range(3):
        await explorer.pilot.pause()
    return bar


def text(bar: NoticeBar) -> str:
    return bar.render().plain


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 36)])
@pytest.mark.parametrize("notice", ["saved here", LONG])
async def test_a_notice_covers_the_bottom_lines_alone(size: tuple[int, int], notice: str) -> None:
    async with exploring(size=size) as explorer:
        bar = await told(explorer, notice)
        assert bar.display
        below = Region(0, size[1] - 2, size[0], 2)
        assert below.contains_region(bar.region)
        assert not any(bar.region.overlaps(image.region) for image in explorer.screen.query(LiveImage))
        words = set(notice.split())
        assert set(text(bar).replace("▌", "").replace("…", "").split()) <= words
        assert not explorer.app.query(Toast)


async def test_notices_wait_for_each_other() -> None:
    async with exploring() as explorer:
        bar = await told(explorer, "first", "second", "first", "third")
        assert "first" in text(bar)
        assert "+2" in text(bar)
        seen = []
        while bar.display:
            seen.append(bar.message)
            await explorer.pilot.click(bar)
        assert seen == ["first", "second", "third"]


async def test_the_parts_of_a_long_notice_tell_all_of_it() -> None:
    async with exploring(size=(40, 12)) as explorer:
        bar = await told(explorer, LONG, severity="error")
        words: list[str] = []
        while bar.display:
            words += text(bar).replace("▌", "").replace("…", "").split()
            bar._over()
        assert words == LONG.split()


async def test_a_notice_leaves_the_prompt_free() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("enter")
        await explorer.until(lambda: bool(explorer.screen.query(ValuePrompt)))
        bar = await told(explorer, "still here")
        assert not bar.region.overlaps(explorer.screen.query_one(ValuePrompt).region)


async def test_what_nobody_can_see_is_not_over() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("question_mark")
        bar = await told(explorer, "behind the help")
        bar._over()
        assert bar.message == "behind the help"
        await explorer.pilot.press("escape")
        await explorer.until(lambda: explorer.screen.is_active)
        bar._over()
        assert not bar.display


def test_words_are_whole_unless_they_are_longer_than_a_line() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("abcdefgh ij", 4) == ["abcd", "efgh", "ij"]
    assert wrapped("", 4) == [""]
