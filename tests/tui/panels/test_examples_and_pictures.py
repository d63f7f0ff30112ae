"""Examples by name and pictures of one's own in the running app."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from textual import events
from textual.widgets import Input

from tests.tui.driving import bookmarks
from tests.tui.support import ExactDecoder, Explorer, exploring
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.menus.example_list import ExampleList
from vaevis_tui.tui.panels.status_line import StatusLine


async def open_examples(explorer: Explorer) -> ExampleList:
    await explorer.pilot.press("e")
    await explorer.until(lambda: isinstance(explorer.app.screen, ExampleList))
    await explorer.pilot.pause()
    screen = explorer.app.screen
    assert isinstance(screen, ExampleList)
    return screen


async def test_an_example_is_found_by_its_label_shown_and_gone_to() -> None:
    async with exploring(size=(120, 36)) as explorer:
        anchors = explorer.exploration.anchors
        label = anchors.anchors.labels[-1]
        before = explorer.exploration.z
        screen = await open_examples(explorer)
        await explorer.pilot.press(*label)
        await explorer.pilot.pause()
        index = anchors.search(label)[0]
        assert screen.current == index
        with ExactDecoder(explorer.exploration.bundle) as decoder:
            (image,) = decoder.decode(anchors.anchors.z[index][None])

        def previewed() -> bool:
            frame = screen.query_one("#preview", LiveImage).presented
            return frame is not None and np.array_equal(frame.image, image)

        await explorer.until(previewed)
        await explorer.pilot.press("enter")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)
        await explorer.settle()
        np.testing.assert_array_equal(explorer.exploration.z, anchors.anchors.z[index])
        await explorer.press("u")
        np.testing.assert_array_equal(explorer.exploration.z, before)


async def test_examples_are_marked_for_a_direction_or_a_journey() -> None:
    async with exploring(size=(120, 36)) as explorer:
        screen = await open_examples(explorer)
        await explorer.pilot.press("pageup", "left_square_bracket", "down", "right_square_bracket")
        lines = [str(screen.options.get_option_at_index(at).prompt) for at in range(2)]
        assert [line[:2] for line in lines] == ["A ", "B "]
        await explorer.pilot.press("left_square_bracket", "escape")
        marks = (
            explorer.screen.actions.keepsakes.known.marks if explorer.screen.actions.keepsakes.known else None
        )
        assert marks is not None
        anchors = explorer.exploration.anchors.anchors
        assert {mark.z.tobytes() for mark in marks.a} == {anchors.z[0].tobytes(), anchors.z[1].tobytes()}
        assert not marks.b
        assert marks.a[0].label == anchors.labels[0]


async def test_one_steers_towards_an_example_and_away_from_it() -> None:
    async with exploring(size=(120, 36)) as explorer:
        await explorer.pilot.press("h")
        assert "Go to an example first" in explorer.notices
        screen = await open_examples(explorer)
        await explorer.pilot.press("down")
        index = screen.current
        assert index is not None
        await explorer.pilot.press("tab")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)
        space, before = explorer.exploration.bundle.space, explorer.exploration.z
        target = space.whiten(explorer.exploration.anchors.anchors.z[index])

        def distance() -> float:
            return float(np.linalg.norm(space.whiten(explorer.exploration.z) - target))

        start = distance()
        await explorer.press("h", "h", "h")
        nearer = distance()
        assert nearer < start - 0.1
        await explorer.press("H")
        assert distance() > nearer
        await explorer.press("u", "u")  # towards was one step, away another
        np.testing.assert_array_equal(explorer.exploration.z, before)


async def test_after_two_examples_one_steers_back_to_the_first() -> None:
    async with exploring(size=(120, 36)) as explorer:
        await explorer.press("n")
        first = explorer.exploration.z
        await explorer.press("h")
        assert "This is" in explorer.notices
        await explorer.press("n")
        second = explorer.exploration.z
        assert not np.array_equal(first, second)
        await explorer.press("h", "h", "h")
        whiten = explorer.exploration.bundle.space.whiten
        moved, way = (whiten(z) - whiten(second) for z in (explorer.exploration.z, first))
        assert moved @ way > 0
        twentieth = explorer.exploration.anchors.usual_distance / 20
        np.testing.assert_allclose(np.linalg.norm(moved), 3 * twentieth, rtol=0.05)
        await explorer.press("u")
        np.testing.assert_array_equal(explorer.exploration.z, second)


async def test_a_random_point_is_drawn_in_towards_the_data_where_one_asks_for_it() -> None:
    async with exploring() as explorer:
        same = Exploration("rings", explorer.exploration.bundle, seed=1)
        await explorer.press("R")
        same.random(0.7)
        np.testing.assert_array_equal(explorer.exploration.z, same.z)
        await explorer.press("r")
        same.random()
        np.testing.assert_array_equal(explorer.exploration.z, same.z)


def picture(folder: Path, name: str = "my dog.png") -> Path:
    """A turned picture: 40 wide and 20 high as stored, red on the left, and to be turned by a quarter."""
    image = Image.new("RGB", (40, 20), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise: what was left is on top
    path = folder / name
    image.save(path, exif=exif)
    return path


async def test_a_picture_is_typed_completed_and_shown_turned_beside_the_search(tmp_path: Path) -> None:
    path = picture(tmp_path)
    async with exploring(size=(120, 36)) as explorer:
        before = explorer.exploration.z
        await explorer.pilot.press("o")
        await explorer.until(lambda: bool(explorer.screen.query(Input)))
        explorer.screen.query_one(Input).value = f"{tmp_path}/my"
        await explorer.pilot.press("tab")
        await explorer.until(lambda: explorer.screen.query_one(Input).value == str(path))
        await explorer.pilot.press("enter")
        beside = explorer.screen.query_one("#compare-image", LiveImage)
        await explorer.until(lambda: beside.presented is not None)
        assert beside.presented is not None
        shown = beside.presented.image
        assert shown[2, 14].tolist() == [255, 0, 0]
        assert shown[-3, 14].tolist() == [0, 0, 255]
        await explorer.until(lambda: not explorer.screen.actions.search.running)
        assert "Search failed" in explorer.notices or "Closest match" in explorer.notices
        if explorer.exploration.z is not before:
            await explorer.press("u")
        np.testing.assert_array_equal(explorer.exploration.z, before)


async def test_a_dropped_file_is_searched_for_and_escape_gives_up(tmp_path: Path) -> None:
    path = picture(tmp_path)
    async with exploring(size=(120, 36)) as explorer:
        explorer.screen.post_message(events.Paste(f"'{path}'"))
        await explorer.until(lambda: explorer.screen.actions.compare.original is not None)
        assert "clipboard holds no latent" not in explorer.notices
        if explorer.screen.actions.search.running:
            assert "searching my dog.png" in str(explorer.screen.query_one(StatusLine).render())
            await explorer.pilot.press("escape")
            assert "cancelled" in explorer.notices
        assert not explorer.screen.actions.search.running


async def test_what_is_no_picture_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear all")
    async with exploring() as explorer:
        await explorer.pilot.press("o")
        await explorer.until(lambda: bool(explorer.screen.query(Input)))
        explorer.screen.query_one(Input).value = "no such"
        await explorer.pilot.press("enter")
        await explorer.until(lambda: explorer.screen.query_one("#picture-prompt").has_class("-wrong"))
        explorer.screen.query_one(Input).value = str(tmp_path / "letter.png")
        await explorer.pilot.press("enter")
        await explorer.until(lambda: "not a picture that can be read" in explorer.notices)
        assert not explorer.screen.query(Input)


async def test_the_crop_is_moved_and_searched_for(tmp_path: Path) -> None:
    wide = Image.new("RGB", (60, 20), (0, 0, 255))
    wide.paste((255, 0, 0), (0, 0, 20, 20))
    wide.save(tmp_path / "wide.png")
    async with exploring(size=(120, 36)) as explorer:
        await explorer.pilot.press("O")
        assert "Open a picture first" in explorer.notices
        explorer.screen.post_message(events.Paste(str(tmp_path / "wide.png")))
        beside = explorer.screen.query_one("#compare-image", LiveImage)

        def color() -> list[int]:
            return [] if beside.presented is None else beside.presented.image[14, 14].tolist()

        await explorer.until(lambda: color() == [0, 0, 255])
        before = explorer.exploration.z
        await explorer.pilot.press("O", "shift+left")
        await explorer.until(lambda: color() == [255, 0, 0])
        status = explorer.screen.query_one(StatusLine)
        assert "cropping wide.png" in str(status.render())
        assert "←→↑↓ move  +- zoom  Enter search  Esc leave" in explorer.hints
        await explorer.pilot.press("enter")
        assert "crop" not in str(status.render())
        assert "←→ move" in explorer.hints
        await explorer.until(lambda: not explorer.screen.actions.search.running)
        assert color() == [255, 0, 0]
        await explorer.settle()
        assert explorer.exploration.z is not before or "Search failed" in explorer.notices


async def test_a_folder_of_pictures_becomes_bookmarks(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        picture(tmp_path, name)
    (tmp_path / "letter.png").write_text("Dear all")
    async with exploring(size=(120, 36)) as explorer:
        before = explorer.exploration.z
        explorer.screen.post_message(events.Paste(str(tmp_path)))
        await explorer.until(lambda: len(bookmarks(explorer)) == 2)
        assert [each.name for each in bookmarks(explorer)] == ["one", "two"]
        await explorer.until(lambda: explorer.screen.actions.pictures.batch is None)
        assert "2 pictures are bookmarks now" in explorer.notices
        assert "letter.png is not a picture" in explorer.notices
        assert explorer.exploration.z is before
        with ExactDecoder(explorer.exploration.bundle) as decoder:
            for each in bookmarks(explorer):
                np.testing.assert_array_equal(each.thumbnail, decoder.decode(each.z[None])[0])
