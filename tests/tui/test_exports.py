"""Saving animations and sheets from the running app."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from textual.widgets import Label

from tests.tui.driving import keep, status
from tests.tui.support import Explorer, exploring, make_settings
from vaevis_tui.explorer.jobs.own_decoder import OwnDecoder
from vaevis_tui.tui.menus.export_menu import ExportMenu
from vaevis_tui.tui.menus.journey_menu import JourneyMenu
from vaevis_tui.tui.menus.line_prompt import LinePrompt


async def name_one(explorer: Explorer, *keys: str) -> LinePrompt:
    """Open the menu, choose by keys, and wait for the prompt."""
    await explorer.pilot.press("S")
    await explorer.until(lambda: isinstance(explorer.app.screen, ExportMenu))
    await explorer.pilot.press(*keys, "enter")
    await explorer.until(lambda: bool(explorer.screen.query(LinePrompt)))
    return explorer.screen.query_one(LinePrompt)


def told(prompt: LinePrompt, words: str) -> bool:
    """Whether a prompt says something."""
    return words in str(prompt.query_one("#advice", Label).render())


async def test_a_sheet_and_an_animation_are_saved_under_names_that_are_free(tmp_path: Path) -> None:
    async with exploring(make_settings(snapshot_dir=tmp_path), size=(120, 36)) as explorer:
        await name_one(explorer, "end")
        await explorer.pilot.press("enter")
        await explorer.until(lambda: "saved" in explorer.notices)
        with Image.open(tmp_path / "rings-samples.png") as sheet:
            assert sheet.width > 600
        prompt = await name_one(explorer, "down")
        row = explorer.exploration.axis_set.axes[explorer.exploration.state.selected].name
        assert prompt.text == str(tmp_path / f"rings-{row}.gif")
        prompt.text = str(tmp_path / "there.gif")
        await explorer.pilot.press("enter")
        await explorer.until((tmp_path / "there.gif").exists)
        await explorer.until(lambda: "saving" not in status(explorer))
        with Image.open(tmp_path / "there.gif") as animation:
            assert len(list(ImageSequence.Iterator(animation))) > 10


async def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    there = tmp_path / "there.png"
    there.write_bytes(b"mine")
    async with exploring(make_settings(snapshot_dir=tmp_path), size=(120, 36)) as explorer:
        prompt = await name_one(explorer, "end")
        for name, words in (
            ("there.mp4", "png or .pdf"),
            ("no/there.png", "does not exist"),
            ("there.png", "replaces"),
        ):
            prompt.text = str(tmp_path / name)
            await explorer.pilot.pause()
            await explorer.pilot.press("enter")
            await explorer.until(partial(told, prompt, words))
        assert there.read_bytes() == b"mine"
        await explorer.pilot.press("enter")
        await explorer.until(lambda: "saved" in explorer.notices)
        with Image.open(there) as sheet:
            assert np.asarray(sheet).any()


async def test_escape_gives_up_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = threading.Event()
    check = OwnDecoder.check

    def wait_and_check(decoder: OwnDecoder) -> None:
        given_up.wait(60)  # else all may be written before the key comes
        check(decoder)

    monkeypatch.setattr(OwnDecoder, "check", wait_and_check)
    async with exploring(make_settings(snapshot_dir=tmp_path), size=(120, 36)) as explorer:
        prompt = await name_one(explorer)
        prompt.text = str(tmp_path / "walk.webp")
        await explorer.pilot.press("enter")
        await explorer.until(lambda: "saving walk.webp" in status(explorer))
        job = explorer.screen.actions.exports.job
        assert job is not None
        await explorer.pilot.press("escape")
        await explorer.until(lambda: "was not saved" in explorer.notices)
        assert "saving" not in status(explorer)
        given_up.set()
        job.close()
        assert not list(tmp_path.iterdir())


async def test_a_journey_that_begins_meanwhile_does_not_give_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey_began = threading.Event()
    check = OwnDecoder.check

    def wait_and_check(decoder: OwnDecoder) -> None:
        journey_began.wait(60)
        check(decoder)

    monkeypatch.setattr(OwnDecoder, "check", wait_and_check)
    async with exploring(make_settings(snapshot_dir=tmp_path), size=(120, 36)) as explorer:
        await keep(explorer, "r")
        await keep(explorer, "r")
        prompt = await name_one(explorer)
        prompt.text = str(tmp_path / "walk.webp")
        await explorer.pilot.press("enter")
        await explorer.until(lambda: "saving walk.webp" in status(explorer))
        await explorer.pilot.press("J")
        await explorer.until(lambda: isinstance(explorer.app.screen, JourneyMenu))
        await explorer.pilot.press("enter")
        await explorer.until(lambda: "Space pauses" in explorer.notices)
        journey_began.set()
        await explorer.until((tmp_path / "walk.webp").exists)


async def test_a_snapshot_with_a_caption_is_in_the_palette(tmp_path: Path) -> None:
    async with exploring(make_settings(snapshot_dir=tmp_path)) as explorer:
        commands = {each.title: each for each in explorer.app.get_system_commands(explorer.screen)}
        commands["Snapshot with caption"].callback()
        await explorer.until(lambda: "saved" in explorer.notices)
        (path,) = tmp_path.iterdir()
        with Image.open(path) as image:
            assert image.height > image.width
        assert "Save as" in commands
