"""Notices lie on the bottom lines alone, whole words only; the newest comes first, and no error is lost."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.widgets._toast import Toast

from tests.tui.support import Explorer, exploring
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.notice_bar import NoticeBar
from vaevis_tui.tui.text import in_parts, wrapped

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


async def seen(explorer: Explorer, bar: NoticeBar) -> list[str]:
    """What is told, pressed away one by one."""
    messages = []
    while bar.display:
        messages.append(bar.message)
        await explorer.pilot.click(bar)
    return messages


async def test_the_newest_answer_takes_the_place_of_others() -> None:
    async with exploring() as explorer:
        bar = await told(explorer, "first", "second", "first", "third")
        assert text(bar).split() == ["▌", "third"]
        assert await seen(explorer, bar) == ["third"]


@pytest.mark.parametrize("severity", ["warning", "error"])
async def test_what_must_not_be_missed_comes_again(severity: str) -> None:
    async with exploring() as explorer:
        await told(explorer, "it broke", "worse", severity=severity)
        bar = await told(explorer, "copied z")
        assert text(bar).split() == ["▌", "copied", "z", "+2"]
        bar = await told(explorer, "it broke", severity=severity)
        assert text(bar).split() == ["▌", "it", "broke", "+1"]
        assert await seen(explorer, bar) == ["it broke", "worse"]


async def test_what_took_its_time_comes_again_after_the_answer_to_a_key() -> None:
    async with exploring() as explorer:
        explorer.screen.work.say("saved walk.gif", lasting=True)
        await explorer.pilot.press("u")
        bar = await told(explorer, "second answer")
        assert await seen(explorer, bar) == ["second answer", "saved walk.gif"]


async def test_what_comes_again_stays_for_what_is_left_of_its_time() -> None:
    async with exploring() as explorer:
        bar = await told(explorer, "it broke", severity="error")
        await told(explorer, "copied z")
        bar._over()
        assert bar._shown is not None
        assert 50 < bar._shown.seconds < 60


async def test_the_parts_of_a_long_notice_tell_all_of_it() -> None:
    async with exploring(size=(40, 12)) as explorer:
        bar = await told(explorer, LONG, severity="error")
        words: list[str] = []
        while bar.display:
            words += text(bar).replace("▌", "").replace("…", "").split()
            bar._over()
        assert words == LONG.split()


async def test_no_word_of_a_notice_is_cut_in_a_tiny_window() -> None:
    notice = "Drawn in 256 colours; if this terminal draws 24-bit colours, set COLORTERM=truecolor."
    async with exploring(size=(20, 5)) as explorer:
        bar = await told(explorer, notice)
        words: list[str] = []
        while bar.display:
            words += text(bar).replace("…", "").split()
            bar._over()
        assert words == notice.split()


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


def test_a_path_is_cut_behind_a_slash_and_parts_are_alike() -> None:
    assert in_parts("saved /home/user/pictures/dog-0001.png", 20, 2) == [
        ["saved /home/user/", "pictures/"],
        ["dog-0001.png"],
    ]
    assert in_parts("aa bb cc dd ee", 5, 2) == [["aa bb", "cc dd"], ["ee"]]
    assert in_parts("aa bb cc dd ee ff gg", 8, 1) == [["aa bb cc"], ["dd ee ff"], ["gg"]]
    assert in_parts("aa bb cc dd", 8, 1) == [["aa bb"], ["cc dd"]]
    assert in_parts("aa. bb cc dd", 8, 1) == [["aa."], ["bb cc dd"]]
    assert in_parts("", 8, 1) == [[""]]


def test_words_are_whole_unless_they_are_longer_than_a_line() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("abcdefgh ij", 4) == ["abcd", "efgh", "ij"]
    assert wrapped("", 4) == [""]
