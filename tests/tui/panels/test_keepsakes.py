"""Bookmarks and the filmstrip in the running app: what is kept is found again, and what is shown is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tui.driving import bookmarks, keep
from tests.tui.support import ExactDecoder, Explorer, exploring
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.layout import Panels, arrange
from vaevis_tui.tui.menus.bookmark_list import BookmarkList
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel, Labels


async def open_list(explorer: Explorer) -> BookmarkList:
    await explorer.pilot.press("B")
    await explorer.until(lambda: isinstance(explorer.app.screen, BookmarkList))
    await explorer.pilot.pause()
    screen = explorer.app.screen
    assert isinstance(screen, BookmarkList)
    return screen


async def test_a_bookmark_is_found_again_by_another_program() -> None:
    async with exploring() as explorer:
        kept = await keep(explorer, "r")
        np.testing.assert_array_equal(kept.z, explorer.exploration.z)
        with ExactDecoder(explorer.exploration.bundle) as decoder:
            np.testing.assert_array_equal(kept.thumbnail, decoder.decode(kept.z[None])[0])
    async with exploring() as explorer:
        await explorer.until(lambda: bool(bookmarks(explorer)))
        await explorer.press("shift+right")
        before = explorer.exploration.z
        await open_list(explorer)
        await explorer.press("enter")
        np.testing.assert_array_equal(explorer.exploration.z, kept.z)
        await explorer.press("u")
        np.testing.assert_array_equal(explorer.exploration.z, before)


async def test_bookmarks_are_renamed_deleted_and_brought_back() -> None:
    async with exploring() as explorer:
        first, second = await keep(explorer, "r"), await keep(explorer, "r")
        screen = await open_list(explorer)
        assert screen.current is not None
        assert screen.current.id == second.id
        await explorer.pilot.press("r", *"smile", "enter")
        await explorer.until(lambda: bookmarks(explorer)[-1].name == "smile")
        await explorer.pilot.press("r", "end", *" wide", "enter")
        await explorer.until(lambda: bookmarks(explorer)[-1].name == "smile wide")
        await explorer.pilot.press("d")
        await explorer.until(lambda: [each.id for each in bookmarks(explorer)] == [first.id])
        await explorer.pilot.press("u")
        await explorer.until(lambda: [each.id for each in bookmarks(explorer)] == [first.id, second.id])
        await explorer.pilot.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)


async def test_what_makes_a_of_b_is_done_to_c() -> None:
    async with exploring() as explorer:
        a, b, c = await keep(explorer, "r"), await keep(explorer, "r"), await keep(explorer, "r")
        await open_list(explorer)
        await explorer.pilot.press("equals_sign")
        assert "Mark bookmarks" in explorer.notices
        await explorer.pilot.press("up", "b", "up", "a", "end", "equals_sign")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)
        await explorer.settle()
        np.testing.assert_allclose(explorer.exploration.z, a.z - b.z + c.z, atol=1e-5)


async def test_a_damaged_file_is_told_of_and_left_alone(data_folder: Path) -> None:
    async with exploring() as explorer:
        await keep(explorer, "r")
    (file,) = data_folder.rglob("bookmarks.json")
    file.write_text("nothing of ours")
    async with exploring() as explorer:
        await explorer.pilot.press("b")
        await explorer.until(lambda: "bookmarks.json" in explorer.notices)
        assert file.read_text() == "nothing of ours"


async def test_the_filmstrip_shows_bookmarks_and_then_where_one_was() -> None:
    async with exploring(size=(120, 50)) as explorer:
        kept = await keep(explorer, "r")
        await explorer.press("r")
        left = explorer.exploration.z
        await explorer.press("r")
        await explorer.pilot.press("f")
        panel = explorer.screen.query_one(FilmstripPanel)
        await explorer.until(lambda: panel.display and panel.complete)
        np.testing.assert_array_equal(panel.places[0].z, kept.z)
        np.testing.assert_array_equal(panel.places[1].z, left)
        image = explorer.screen.query_one("#filmstrip-image", LiveImage)
        await explorer.until(lambda: image.presented is not None)
        with ExactDecoder(explorer.exploration.bundle) as decoder:
            (tile,) = decoder.decode(left[None])
        frame = image.presented
        assert frame is not None
        shown = frame.image[:, panel.slot : 2 * panel.slot - 1]
        inside = shown[:, 2:-2] if shown.shape[1] > tile.shape[1] else shown
        assert abs(float(inside.mean()) - float(tile.mean())) < 25

        assert "←→ choose  Enter go there  Esc rows" in explorer.hints
        await explorer.press("right", "enter")
        np.testing.assert_array_equal(explorer.exploration.z, left)
        await explorer.press("u", "escape", "right")  # the arrows move along the row again
        assert not panel.has_arrows


async def test_a_filmstrip_without_places_is_a_line_that_says_how_they_come() -> None:
    async with exploring(size=(120, 50)) as explorer:
        await explorer.press("f")
        panel = explorer.screen.query_one(FilmstripPanel)
        await explorer.until(lambda: panel.region.height == 1)
        labels = panel.query_one(Labels)
        assert "b keeps a bookmark" in labels.render().plain
        await explorer.until(lambda: labels.region == panel.region)  # nothing else has that row
        await explorer.press("r")
        await explorer.until(lambda: panel.region.height > 4 and panel.complete)


async def test_a_click_on_the_filmstrip_goes_there_and_undo_comes_back() -> None:
    async with exploring() as explorer:
        kept = await keep(explorer, "r")
        await explorer.press("r")
        before = explorer.exploration.z
        await explorer.pilot.press("f")
        panel = explorer.screen.query_one(FilmstripPanel)
        await explorer.until(lambda: panel.display and panel.complete)
        await explorer.pilot.click(panel, offset=(2, 1))
        await explorer.settle()
        np.testing.assert_array_equal(explorer.exploration.z, kept.z)
        await explorer.press("u")
        np.testing.assert_array_equal(explorer.exploration.z, before)
        await explorer.pilot.press("f")
        await explorer.until(lambda: not panel.display)


@pytest.mark.parametrize(("rows", "both"), [(24, False), (36, False), (60, True)])
def test_the_filmstrip_takes_the_place_of_the_strip_where_rows_are_few(rows: int, both: bool) -> None:
    layout = arrange(80, rows, (128, 128), Panels(rows=128, strip=True, filmstrip=True))
    assert layout.filmstrip.height >= 4
    assert bool(layout.strip) == both
    assert not both or layout.strip.bottom == layout.filmstrip.y
