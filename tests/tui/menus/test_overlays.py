"""What lies on the explorer opens once and closes once, however fast the keys come."""

from __future__ import annotations

import pytest
from textual import events
from textual._context import visible_screen_stack
from textual.command import CommandList
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.widgets import Input, OptionList

from tests.tui.support import Explorer, exploring, make_bundle, make_settings
from vaevis_tui.tui.menus.help import HelpScreen
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.overlay import Overlay, Palette
from vaevis_tui.tui.menus.value_prompt import ValuePrompt

pytestmark = pytest.mark.slow


def at_once(explorer: Explorer, *names: str) -> None:
    """Keys that arrive in one packet."""
    for name in names:
        explorer.app.post_message(events.Key(name, name if len(name) == 1 else None))


async def is_alone(explorer: Explorer) -> bool:
    for _ in range(5):
        await explorer.pilot.pause()
    return explorer.app.screen is explorer.screen


async def test_a_command_is_run_once() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("ctrl+p", *"walk")
        await explorer.until(lambda: explorer.app.screen.query_one(CommandList).option_count > 0)
        at_once(explorer, "enter", "enter", "enter")
        await explorer.until(lambda: explorer.exploration.walking)
        assert await is_alone(explorer)
        assert explorer.exploration.walking


@pytest.mark.parametrize("key", ["ctrl+p", "m", "question_mark"])
async def test_escape_twice_closes_once(key: str) -> None:
    async with exploring() as explorer:
        await explorer.pilot.press(key)
        at_once(explorer, "escape", "escape")
        assert await is_alone(explorer)


async def test_a_double_click_outside_closes_the_palette() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("ctrl+p")
        palette = explorer.app.screen
        for _ in range(2):
            palette.post_message(events.Click(palette, 1, 1, 0, 0, 1, False, False, False, 1, 1))
        assert await is_alone(explorer)


async def test_a_model_is_chosen_once() -> None:
    async with exploring(make_settings(make_bundle("one"), make_bundle("two"))) as explorer:
        await explorer.pilot.press("m")
        at_once(explorer, "enter", "enter")
        assert await is_alone(explorer)


@pytest.mark.parametrize("name", ["pagedown", "pageup", "down", "enter"])
@pytest.mark.parametrize("opens", ["ctrl+p", "m", "question_mark", "enter"])
async def test_a_key_in_the_packet_that_opens_something_does_no_harm(opens: str, name: str) -> None:
    async with exploring() as explorer:
        at_once(explorer, opens, name)
        await is_alone(explorer)
        await explorer.pilot.press("escape")
        await explorer.pilot.press("escape")
        assert await is_alone(explorer)


@pytest.mark.parametrize("together", [True, False])
async def test_help_over_the_prompt_closes_before_it(together: bool) -> None:
    async with exploring() as explorer:
        for name in ("enter", "question_mark"):
            if together:
                at_once(explorer, name)
            else:
                await explorer.pilot.press(name)
        await is_alone(explorer)
        at_once(explorer, "escape")
        await is_alone(explorer)
        at_once(explorer, "escape")
        assert await is_alone(explorer)
        assert not explorer.screen.query(ValuePrompt)
        await explorer.pilot.press("q")
        await explorer.pilot.pause()
        assert not explorer.app.is_running


@pytest.mark.parametrize("opens", ["slash", "enter"])
async def test_a_prompt_that_is_being_removed_takes_what_comes_late(opens: str) -> None:
    async with exploring() as explorer:
        await explorer.pilot.press(opens)
        prompt = explorer.screen.query_one(ValuePrompt if opens == "enter" else LinePrompt)
        field = prompt.query_one(Input)
        await prompt.remove_children()  # as removing the prompt begins
        prompt.post_message(Input.Changed(field, "zzz"))
        if isinstance(prompt, LinePrompt):
            prompt.advise("no such row", wrong=True)
            prompt.text = prompt.text
        await explorer.pilot.pause()
        assert explorer.app.is_running


async def test_a_page_is_turned_before_there_are_any() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("question_mark")
        screen = explorer.app.screen
        assert isinstance(screen, HelpScreen)
        screen._pages = []  # as until it knows its size
        screen.action_page(1)
        await explorer.pilot.press("escape")
        assert await is_alone(explorer)


async def test_a_screen_without_widgets_takes_what_comes_too_early_or_too_late() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("m")
        screen = explorer.app.screen
        assert isinstance(screen, Overlay)
        option_list = screen.query_one(OptionList)
        await screen.query("*").remove()
        screen.post_message(OptionList.OptionHighlighted(option_list, option_list.options[0], 0))
        screen.post_message(events.Mount())
        await explorer.pilot.press("space", "enter", "down", "a")
        assert explorer.app.is_running


async def test_a_screen_that_is_being_closed_takes_what_comes_late() -> None:
    """Its widgets go one by one."""
    async with exploring() as explorer:
        for key in ("e", "ctrl+p"):
            await explorer.pilot.press(key)
            screen = explorer.app.screen
            await screen.query(OptionList).remove()
            if isinstance(screen, Palette):
                screen._show_busy = not screen._show_busy
                screen._list_visible = not screen._list_visible
            else:
                screen._pruning = True
                screen.post_message(events.Mount())
            await explorer.pilot.pause()
            assert explorer.app.is_running
            screen._pruning = False
            await explorer.pilot.press("escape")


async def test_a_press_on_a_widget_that_was_removed_meets_none() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("question_mark")
        screen = explorer.app.screen
        widget, _ = screen.get_widget_and_offset_at(40, 10)
        assert widget is not None
        assert widget is not screen
        parent, widget._parent = widget._parent, None  # as after its removal, before all is drawn anew
        assert screen.get_widget_and_offset_at(40, 10) == (None, None)
        widget._parent = parent


async def test_a_size_that_has_passed_is_not_laid_out_for() -> None:
    """Each layout posts its size again: two sizes that waited together followed each other for ever."""
    async with exploring() as explorer:
        await explorer.pilot.press("ctrl+p")
        for screen in (explorer.screen, explorer.app.screen):
            screen._screen_resized(Size(40, 30))
            assert screen._compositor.size == explorer.app.size


async def test_a_palette_that_is_closed_before_it_searches() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("ctrl+p")
        palette = explorer.app.screen
        assert isinstance(palette, Palette)
        await palette.query("*").remove()
        palette._gather_commands("walk")
        for _ in range(5):
            await explorer.pilot.pause()
        assert explorer.app.is_running


async def test_a_click_outside_of_all_closes_the_palette() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("ctrl+p")
        palette = explorer.app.screen
        assert isinstance(palette, Palette)
        assert palette.get_widget_at(500, 500)[0] is palette  # as a click that comes after the window shrank


async def test_what_lies_below_is_drawn_as_far_as_it_is_laid_out() -> None:
    async with exploring() as explorer:
        await explorer.pilot.press("ctrl+p")
        palette = explorer.app.screen
        for height in (24, 30):
            screens: list[Screen[object]] = [explorer.app.screen_stack[0], palette]
            visible_screen_stack.set(screens)
            assert len(palette.render_lines(Region(0, 0, 80, height))) == height


@pytest.mark.parametrize("opener", ["ctrl+p", "m", "B", "question_mark", "E", "J", "e"])
async def test_menus_in_the_narrowest_windows_take_every_key(opener: str) -> None:
    async with exploring() as explorer:
        await explorer.pilot.press(opener)
        for width in range(1, 9):
            await explorer.pilot.resize_terminal(width, 9)
            await explorer.pilot.press("pageup", "pagedown", "end", "home", "down", "up", "a", "backspace")
            assert explorer.app.is_running
