"""Other keys for actions, as people write them; clashes are said before the explorer starts."""

from __future__ import annotations

import pytest

from tests.tui.support import exploring, make_settings
from vaevis_tui.errors import UserError
from vaevis_tui.tui.keys.keymap import all_bindings, keymap_problems, textual_key, textual_keymap
from vaevis_tui.tui.run import run_explorer


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("h", "h"),
        ("H", "H"),
        ("?", "question_mark"),
        ("+", "plus"),
        ("Ctrl++", "ctrl+plus"),
        ("Ctrl+Left", "ctrl+left"),
        ("PgUp", "pageup"),
        ("Esc", "escape"),
        ("-", "minus"),
        ("/", "slash"),
        ("space", "space"),
        ("alt+x", "alt+x"),
        ("f5", "f5"),
    ],
)
def test_keys_are_read_as_people_write_them(written: str, named: str) -> None:
    assert textual_key(written) == named


def test_several_keys_and_a_comma() -> None:
    assert textual_keymap({"walk.toggle": "h, left", "value.less": ","}) == {
        "walk.toggle": "h,left",
        "value.less": "comma",
    }


def test_every_action_may_keep_its_own_keys() -> None:
    bindings = {str(binding.id): binding.key for binding in all_bindings()}
    assert keymap_problems({}) == []
    assert keymap_problems(bindings) == []
    assert len(bindings) > 25


def test_what_is_wrong_with_a_keymap() -> None:
    assert keymap_problems({"walk.togle": "x"}) == [
        "keymap: there is no action 'walk.togle'; did you mean walk.toggle?"
    ]
    assert keymap_problems({"walk.toggle": " "}) == ["keymap: walk.toggle has no key"]
    assert keymap_problems({"walk.toggle": "r"}) == [
        "keymap: r is the key of point.random and of walk.toggle"
    ]
    assert keymap_problems({"walk.toggle": "r", "point.random": "w"}) == []


async def test_an_action_has_the_new_key_and_not_the_old_one() -> None:
    async with exploring(make_settings(keymap={"value.more": "L,ctrl+l", "value.less": "H"})) as explorer:
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma == before
        await explorer.press("L")
        assert explorer.sigma != before
        await explorer.press("H")
        assert explorer.sigma == pytest.approx(before)


def test_a_clash_ends_the_start_with_one_line() -> None:
    with pytest.raises(UserError, match=r"r is the key of point\.random and of walk\.toggle"):
        run_explorer(make_settings(keymap={"walk.toggle": "r"}))


async def test_a_chosen_theme_is_told_and_taken_at_the_start() -> None:
    kept: list[str] = []
    async with exploring(make_settings(theme="nord", keep_theme=kept.append)) as explorer:
        assert explorer.app.theme == "nord"
        explorer.app.theme = "vaevis-light"
        await explorer.until(lambda: kept[-1:] == ["vaevis-light"])
    async with exploring(make_settings(theme="gone")) as explorer:
        assert explorer.app.theme == "vaevis-dark"
