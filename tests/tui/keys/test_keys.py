from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.widgets import Static

from tests.tui.support import exploring
from vaevis_tui.tui import keys
from vaevis_tui.tui.menus.help import HelpScreen, columns_of, pages_of
from vaevis_tui.tui.menus.help_text import LINES, TERMS
from vaevis_tui.tui.menus.model_picker import ModelPicker
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.hint_bar import HintBar

EVERY = [*keys.EXPLORER, *keys.APP]


def test_every_binding_has_an_id_of_its_own_a_tooltip_and_a_group() -> None:
    elsewhere = [*HelpScreen.BINDINGS, *ModelPicker.BINDINGS, *ValuePrompt.BINDINGS]
    bindings = [binding for binding in (*EVERY, *elsewhere) if isinstance(binding, Binding)]
    assert len(bindings) == len(EVERY) + len(elsewhere)
    ids = [binding.id for binding in bindings]
    assert None not in ids
    assert len(set(ids)) == len(ids)
    assert all(binding.tooltip for binding in bindings)
    assert all(binding.group for binding in EVERY)


def test_no_key_is_given_twice_and_digits_are_labels() -> None:
    given = [binding.key for binding in Binding.make_bindings(EVERY)]
    assert len(set(given)) == len(given)
    assert [key for key in given if key.isdigit()] == list("0123456789")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ctrl+left", "Ctrl+←"),
        ("question_mark", "?"),
        ("f1", "F1"),
        ("U", "U"),
        ("u", "u"),
        ("ctrl+p", "Ctrl+P"),
        ("full_stop", "."),
    ],
)
def test_keys_are_written_as_on_keyboards(key: str, name: str) -> None:
    assert keys.key_name(key) == name


def test_the_legend_explains_every_word_of_the_screen() -> None:
    terms = dict(TERMS)
    assert "--z" in terms["z"]
    assert "--sigma" in terms["σ"]
    words = {"KL", "effect", "strength", "axes", "typical", "near", "exact", "tolerant", "in flight"}
    assert words <= set(terms)


def test_helps_gather_the_keys_of_an_action() -> None:
    by_id = {help_.id: help_ for help_ in keys.helps(Binding.make_bindings(EVERY))}
    assert set(by_id) == {binding.id for binding in EVERY}
    assert by_id["value.much-more"].keys == ("Shift+→", ">")


async def test_help_tells_every_key_as_it_is_mapped() -> None:
    async with exploring() as explorer:
        explorer.app.set_keymap({"walk.toggle": "z"})
        await explorer.pilot.pause()
        await explorer.pilot.press("f1")
        await explorer.until(lambda: isinstance(explorer.app.screen, HelpScreen))
        screen = explorer.app.screen
        assert isinstance(screen, HelpScreen)
        lines = screen.text().splitlines()
        told = {id_ for ids, _ in LINES for id_ in ids}
        for binding in EVERY:
            assert binding.id in told or any(binding.tooltip in line for line in lines), binding.id
        for _, text in LINES:
            assert any(text in line for line in lines), text
        assert next(line for line in lines if "random walk" in line).startswith("z ")
        await explorer.pilot.press("escape")
        await explorer.press("z")
        assert explorer.exploration.walking
        assert "z walk" in str(explorer.screen.query_one(HintBar).render())
        await explorer.press("z")


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (4, 3)])
async def test_help_in_the_smallest_windows_is_no_error(size: tuple[int, int]) -> None:
    async with exploring(size=size) as explorer:
        await explorer.pilot.press("question_mark")
        await explorer.until(lambda: isinstance(explorer.app.screen, HelpScreen))
        await explorer.pilot.press("pagedown", "escape")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)


@pytest.mark.parametrize(("size", "pages"), [((80, 24), 3), ((120, 36), 1), ((40, 12), 12)])
async def test_all_of_the_help_is_on_pages_that_fit(size: tuple[int, int], pages: int) -> None:
    async with exploring(size=size) as explorer:
        await explorer.pilot.press("question_mark")
        await explorer.until(lambda: isinstance(explorer.app.screen, HelpScreen))
        screen = explorer.app.screen
        assert isinstance(screen, HelpScreen)
        await explorer.pilot.pause()
        assert len(screen._pages) <= pages
        seen = []
        for _ in screen._pages:
            for column in (each for each in screen.query(Static) if each.display):
                assert screen.region.contains_region(column.region)
                lines = str(column.render()).splitlines()
                assert len(lines) <= column.size.height
                assert max(map(len, lines), default=0) <= column.size.width
                seen += lines
            await explorer.pilot.press("right")
        words = " ".join(" ".join(seen).split())
        for text in ("Choose what to move along", "Terms", "With the mouse", "not yet acknowledged"):
            assert text in words


@pytest.mark.parametrize("width", [-5, 0, 1, 5, 14])
def test_help_is_set_in_a_window_that_is_narrower_than_its_frame(width: int) -> None:
    section = ("Heading", [("Ctrl+C", "some words"), ("x", "others")])
    words = "".join(line.plain for page in pages_of([section], width, 2) for part in page for line in part)
    assert [words.count(letter) for letter in "xwt"] == [1, 1, 2]
    assert columns_of([section], width)
