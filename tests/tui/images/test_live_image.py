"""A live image shows the newest frame, whatever happens around it."""

from __future__ import annotations

import random

import numpy as np
import pytest
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import Static

from tests.tui.images.frames import FakeFrame, flat_frame, random_frame
from tests.tui.images.happenings import OFTEN, RARELY, STALLING, Happenings
from tests.tui.images.live_image_picture import BACKGROUND, SIDE, Menu, PictureApp, Veil, expected, show
from tests.tui.support import TickingClock
from tests.tui.textual.output import on_terminal
from vaevis_tui.terminal.cells.glyphs import ALL
from vaevis_tui.terminal.cells.halfblock import HalfBlocks
from vaevis_tui.terminal.cells.renderer import CellRenderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.color.xterm_palette import to_grey
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.placement import fit
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.tui.images.live_image import LiveImage


class TestPicture:
    @pytest.mark.parametrize("size", [(40, 12), (80, 24), (23, 9), (7, 1), (10, 30)])
    @pytest.mark.parametrize("image", [(16, 16), (5, 7), (33, 20)])
    async def test_the_terminal_shows_the_pixels(self, size: tuple[int, int], image: tuple[int, int]) -> None:
        frame = random_frame(0, *image)
        async with on_terminal(PictureApp(), size=size) as terminal:
            await show(terminal, frame)
            assert (terminal.pixels() == expected(frame, *size)).all()

    async def test_it_follows_every_resize(self) -> None:
        frame = random_frame(1)
        async with on_terminal(PictureApp()) as terminal:
            await show(terminal, frame)
            for size in [(80, 30), (20, 5), (41, 13), (8, 2)]:
                await terminal.resize(*size)
                assert (terminal.pixels() == expected(frame, *size)).all()

    async def test_pictures_may_change_their_size(self) -> None:
        async with on_terminal(PictureApp()) as terminal:
            for frame in (random_frame(0, 4, 4), random_frame(1, 64, 20), random_frame(2, 3, 30)):
                await show(terminal, frame)
                assert (terminal.pixels() == expected(frame, 40, 12)).all()

    async def test_what_has_not_changed_is_not_written(self) -> None:
        first = random_frame(0)
        picture = first.image.copy()
        picture[8] = 0
        async with on_terminal(PictureApp()) as terminal:
            await show(terminal, first)
            terminal.pixels()
            cells = HalfBlocks(ColorMode()).render(first.image, Quality("exact"), BACKGROUND)
            whole = len(cells.stream(np.arange(8 * 16), (0, 0)).text)
            await show(terminal, FakeFrame(picture))
            assert 0 < sum(map(len, terminal.driver.written)) < whole / 4
            assert (terminal.pixels() == expected(FakeFrame(picture), 40, 12)).all()

    async def test_the_same_picture_again_costs_no_output(self) -> None:
        async with on_terminal(PictureApp()) as terminal:
            await show(terminal, flat_frame(1, 2, 3))
            terminal.pixels()
            await show(terminal, flat_frame(1, 2, 3))
            assert terminal.driver.take() == ""

    async def test_no_color_shows_greys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        frame = random_frame(0)
        async with on_terminal(PictureApp(ColorMode(grey=True))) as terminal:
            await show(terminal, frame)
            shown = terminal.pixels()
            grey = expected(FakeFrame(to_grey(frame.image)), 40, 12)
            place = fit(16, 16, 40 - SIDE, 12)
            box = np.s_[2 * place.top : 2 * place.top + place.height, place.left : place.left + place.width]
            assert (shown[box] == grey[box]).all()
            assert (shown == shown[..., :1]).all()

    async def test_a_screenshot_holds_every_colour(self) -> None:
        frame = random_frame(0, 6, 6)
        async with PictureApp().run_test(size=(40, 12)) as pilot:
            image = pilot.app.query_one(LiveImage)
            image.show(frame)
            await pilot.pause()
            screenshot = pilot.app.export_screenshot()
        for color in frame.image.reshape(-1, 3).tolist():
            assert f"#{bytes(color).hex()}" in screenshot

    async def test_the_placeholder_shows_until_there_is_a_picture(self) -> None:
        app = PictureApp(placeholder="opening")
        async with app.run_test(size=(40, 12)) as pilot:
            assert "opening" in app.export_screenshot()
            assert app.image.placement is None
            app.image.placeholder = "nearly"
            await pilot.pause()
            assert "nearly" in app.export_screenshot()
            app.image.show(random_frame(0))
            await pilot.pause()
            assert "nearly" not in app.export_screenshot()
            assert app.image.placement == fit(16, 16, 40 - SIDE, 12)

    async def test_a_frame_may_come_before_there_is_room(self) -> None:
        app = PictureApp()
        frame = random_frame(0)
        app.image.show(frame)
        async with on_terminal(app) as terminal:
            await terminal.until(lambda: app.image.presented is frame)
            assert (terminal.pixels() == expected(frame, 40, 12)).all()


class TestLiveLane:
    async def test_it_draws_the_cells_that_changed_and_makes_no_rows(self) -> None:
        app = PictureApp()
        frame = random_frame(0)
        async with on_terminal(app) as terminal:
            await show(terminal, frame)
            terminal.pixels()
            rows = app.counter["rows"]
            for step in range(5):
                frame.image[step, step] = (step, 0, 0)
                frame = FakeFrame(frame.image)
                await show(terminal, frame)
                assert 0 < sum(map(len, terminal.driver.written)) < 120
                assert (terminal.pixels() == expected(frame, 40, 12)).all()
            assert app.counter["rows"] == rows

    async def test_what_is_drawn_beside_the_picture_costs_no_rows(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            await show(terminal, random_frame(0))
            rows = app.counter["rows"]
            for seed in range(3):
                frame = random_frame(seed)
                app.query_one("#side", Static).update(" " * seed)
                await show(terminal, frame)
                assert (terminal.pixels() == expected(frame, 40, 12)).all()
            assert app.counter["rows"] == rows

    async def test_it_draws_around_what_lies_on_the_picture(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            await show(terminal, random_frame(0))
            patch = Static(id="patch")
            await app.mount(patch)
            await terminal.pilot.pause()
            rows = app.counter["rows"]
            for seed in range(3):
                frame = random_frame(seed)
                await show(terminal, frame)
                covered = expected(frame, 40, 12)
                covered[6:10, 4:13] = (0, 0xAA, 0)
                assert (terminal.pixels() == covered).all()
            assert app.counter["rows"] == rows
            await patch.remove()
            await terminal.pilot.pause()
            assert (terminal.pixels() == expected(frame, 40, 12)).all()

    async def test_a_repaint_is_of_the_frame_on_show_and_nothing_is_drawn_twice(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            await show(terminal, random_frame(0))
            frame = random_frame(1)
            await show(terminal, frame)
            app.refresh()
            await terminal.pilot.pause()
            assert (terminal.pixels() == expected(frame, 40, 12)).all()
            await show(terminal, FakeFrame(frame.image))
            assert terminal.driver.take() == ""

    async def test_a_screenshot_holds_every_colour(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            await show(terminal, random_frame(0, 6, 6))
            frame = random_frame(1, 6, 6)
            await show(terminal, frame)
            screenshot = app.export_screenshot()
            for color in frame.image.reshape(-1, 3).tolist():
                assert f"#{bytes(color).hex()}" in screenshot
            await show(terminal, random_frame(2, 6, 6))
            assert (terminal.pixels() == expected(random_frame(2, 6, 6), 40, 12)).all()

    async def test_an_update_is_one_write_that_leaves_the_cursor_where_it_was(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            app._sync_available = True
            await show(terminal, random_frame(0))
            terminal.pixels()
            await show(terminal, random_frame(1))
            (output,) = terminal.driver.written
            assert output.startswith("\x1b[?2026h\x1b7\x1b[")
            assert output.endswith("\x1b[m\x1b8\x1b[?2026l")
            cursor = terminal._screen.screen.cursor
            before = cursor.x, cursor.y
            terminal.pixels()
            cursor = terminal._screen.screen.cursor
            assert (cursor.x, cursor.y) == before


@pytest.mark.parametrize("lane", ["fast", "slow"])
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_the_terminal_ends_up_showing_the_last_frame(seed: int, lane: str) -> None:
    """Frames, resizes, overlays, screens and repaints in any order, on a terminal that takes its time.

    Where the way is slow, pictures are not exact at first.
    """
    chance = random.Random(seed)
    clock = TickingClock()
    link = Link(clock, budget=20_000 if lane == "slow" else None, asks=False)
    app = PictureApp(link=link, clock=clock)
    size = 40, 12

    async def resize(columns: int, rows: int) -> None:
        nonlocal size
        size = columns, rows
        await terminal.resize(columns, rows)

    async def open_menu() -> None:
        await happenings.over(Menu(Offset(chance.randint(0, 30), chance.randint(0, 8))))

    async with on_terminal(app, size=size, stalling=True) as terminal:
        happenings = Happenings(
            terminal,
            app.image,
            chance,
            Veil,
            resize,
            (SIDE + 1, 1),
            (60, 20),
            first_seed=1000 * seed,
            others={"menu": open_menu},
        )
        frame = await happenings.run(25, random_frame(seed), [*OFTEN, *STALLING, *RARELY, "menu"])
        await happenings.settle(frame)
        assert (terminal.pixels() == expected(frame, *size)).all()


@pytest.mark.parametrize("budget", [None, 20_000], ids=["fast", "slow"])
@pytest.mark.parametrize("graphics", [Graphics.QUADRANT, Graphics.OCTANT, Graphics.BRAILLE])
async def test_other_characters_end_up_showing_the_last_frame(
    graphics: Graphics, budget: float | None
) -> None:
    chance = random.Random(graphics)
    clock = TickingClock()
    app = PictureApp(graphics=graphics, link=Link(clock, budget=budget, asks=False), clock=clock)
    async with on_terminal(app, size=(46, 14)) as terminal:
        happenings = Happenings(terminal, app.image, chance, Veil, terminal.resize, (SIDE + 1, 1), (60, 20))
        frame = await happenings.run(15, random_frame(0, 24, 24), [*OFTEN, *RARELY])
        await happenings.settle(frame)
        terminal._feed()
        medium, place = app.image.renderer, app.image.placement
        assert isinstance(medium, CellRenderer)
        assert place is not None
        pixels = medium.style.render(medium.pixels(frame.image, place), medium.style.ladder[0], BACKGROUND)
        glyphs = ALL[graphics]
        shown = terminal._screen.cells(glyphs, place.top, place.left, place.rows, place.columns)
        assert (shown == pixels.shown).all()


async def test_messages_bubble_to_the_app() -> None:
    messages: list[Message] = []
    app = PictureApp()
    async with app.run_test(message_hook=messages.append) as pilot:
        app.image.show(random_frame(0))
        await pilot.pause()
    assert any(isinstance(message, LiveImage.Presented) for message in messages)
