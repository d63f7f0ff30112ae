"""The command palette: what is used most comes first, and what has no key is there."""

from __future__ import annotations

from textual.command import CommandList

from tests.tui.support import Explorer, exploring, make_bundle, make_settings


async def listed(explorer: Explorer) -> list[str]:
    await explorer.until(lambda: explorer.app.screen.query_one(CommandList).option_count > 0)
    commands = explorer.app.screen.query_one(CommandList)
    return [str(option.prompt).splitlines()[0] for option in commands.options]


async def test_commands_come_by_use() -> None:
    async with exploring(make_settings(make_bundle("one"), make_bundle("two"))) as explorer:
        await explorer.pilot.press("ctrl+p")
        names = await listed(explorer)
        assert names[:3] == ["Walk", "Random", "Map"]
        assert names.index("Theme") < names.index("A little less")
        assert {"Model two", "Graphics braille"} <= set(names)


async def test_a_command_without_a_key_is_found_by_what_it_does_and_run() -> None:
    async with exploring(make_settings(make_bundle("one"), make_bundle("two"))) as explorer:
        await explorer.pilot.press("ctrl+p", *"explore two")
        await explorer.until(lambda: explorer.app.screen.query_one(CommandList).option_count > 0)
        await explorer.pilot.press("enter")
        await explorer.until(lambda: explorer.exploration.ref == "two")
