from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Offset, Region
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from tests.tui.images.frames import FakeFrame, flat_frame, random_frame
from tests.tui.images.happenings import OFTEN, RARELY, STALLING, Happenings
from tests.tui.support import TickingClock
from tests.tui.textual.output import StallingDriver, Terminal, on_terminal
from vaevis_tui.terminal.cells.glyphs import ALL
from vaevis_tui.terminal.cells.halfblock import HalfBlocks
from vaevis_tui.terminal.cells.renderer import CellRenderer, cell_renderer
from vaevis_tui.terminal.cells.stream import CellStream
from vaevis_tui.terminal.cells.styles import At, Cells, CellStyle
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.color.palette import to_grey
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.pixels import RGB
from vaevis_tui.terminal.placement import fit, resample
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.tui.images.live_app import LiveApp
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.menus.overlay import Overlay
from vaevis_tui.tui.theme import complete

BACKGROUND = (16, 32, 48)
SIDE = 6
"""Columns of the widget beside the image."""


@dataclass(frozen=True)
class CountedCells:
    """Cells, and a note of every time that they are made to output."""

    cells: Cells
    counter: Counter[str]

    @property
    def shown(self) -> NDArray[np.uint8]:
        return self.cells.shown

    @property
    def halves(self) -> NDArray[np.uint8]:
        return self.cells.halves

    def stream(self, where: NDArray[np.intp], at: At, limit: int | None = None) -> CellStream:
        self.counter["streams"] += 1
        return self.cells.stream(where, at, limit)


@dataclass(frozen=True)
class Counted:
    """A way to draw, and how often what was drawn."""

    style: CellStyle
    counter: Counter[str] = field(default_factory=Counter, compare=False)

    @property
    def grid(self) -> tuple[int, int]:
        return self.style.grid

    @property
    def ladder(self) -> tuple[Quality, ...]:
        return self.style.ladder

    def render(self, pixels: NDArray[np.uint8], quality: Quality, background: RGB) -> Cells:
        return CountedCells(self.style.render(pixels, quality, background), self.counter)


class Veil(ModalScreen[None]):
    CSS = "Veil { background: #000000 50%; }"


MENU = Region(6, 2, 10, 6)


class Menu(Overlay[None]):
    CSS = f"""
    Menu {{ background: transparent; }}
    Menu Static {{ width: {MENU.width}; height: {MENU.height}; background: #0000aa; }}
    """

    def __init__(self, offset: Offset = MENU.offset) -> None:
        super().__init__()
        self._offset = offset

    def compose(self) -> ComposeResult:
        yield (menu := Static())
        menu.styles.offset = self._offset


class PictureApp(LiveApp[None]):
    CSS = f"""
    Screen {{ layers: base top; background: #102030; overflow: hidden; }}
    LiveImage {{ background: #102030; }}
    #side {{ width: {SIDE}; height: 100%; background: #aa0000; }}
    #patch {{ layer: top; offset: 4 3; width: 9; height: 2; background: #00aa00; }}
    """

    def __init__(
        self, mode: ColorMode | None = None, graphics: Graphics = Graphics.HALF, **arguments: Any
    ) -> None:
        super().__init__()
        self.counter: Counter[str] = Counter()
        medium = cell_renderer(graphics, mode or ColorMode())
        renderer = replace(medium, style=Counted(medium.style, self.counter))
        placeholder = arguments.pop("placeholder", "")
        self.port = TerminalPort(renderer=renderer, **{"clock": TickingClock()} | arguments)
        self.image = LiveImage(self.port, placeholder=placeholder)
        self.seen: list[object] = []

    def get_css_variables(self) -> dict[str, str]:
        return complete(super().get_css_variables(), self.current_theme)

    @property
    def drawn(self) -> int:
        """How many pictures were drawn."""
        return self.counter["streams"]

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.image
            yield Static(id="side")

    def on_live_image_presented(self, message: LiveImage.Presented) -> None:
        assert message.control is self.image
        self.seen.append(message.frame)


async def show(terminal: Terminal, frame: FakeFrame) -> None:
    """Show a frame and wait until it is on the screen."""
    image = terminal.app.query_one(LiveImage)
    image.show(frame)
    await terminal.until(lambda: image.presented is frame)


def expected(frame: FakeFrame, columns: int, rows: int) -> NDArray[np.uint8]:
    """All pixels of the terminal: the picture amid background, and the widget beside it."""
    pixels = np.full((2 * rows, columns, 3), BACKGROUND, np.uint8)
    pixels[:, columns - SIDE :] = (0xAA, 0, 0)
    height, width, _ = frame.image.shape
    place = fit(height, width, columns - SIDE, rows)
    top = 2 * place.top
    shown = resample(frame.image, place.height, place.width)
    pixels[top : top + place.height, place.left : place.left + place.width] = shown
    return pixels


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


class TestOverlays:
    async def test_a_widget_on_top_covers_its_part_and_no_more(self) -> None:
        async with on_terminal(PictureApp()) as terminal:
            await show(terminal, random_frame(0))
            patch = Static(id="patch")
            await terminal.app.mount(patch)
            await terminal.pilot.pause()
            for seed in range(3):
                frame = random_frame(seed)
                await show(terminal, frame)
                covered = expected(frame, 40, 12)
                covered[6:10, 4:13] = (0, 0xAA, 0)
                assert (terminal.pixels() == covered).all()
            await patch.remove()
            await terminal.pilot.pause()
            assert (terminal.pixels() == expected(frame, 40, 12)).all()

    async def test_behind_a_screen_it_rests_and_then_shows_the_newest(self) -> None:
        app = PictureApp()
        async with on_terminal(app) as terminal:
            await show(terminal, flat_frame(0xF8, 0x08, 0x88))
            app.push_screen(Veil())
            await terminal.until(lambda: isinstance(app.screen, Veil))
            await terminal.pilot.pause()
            veiled = terminal.pixels()
            assert veiled[11, 17].tolist() == pytest.approx([0x7C, 0x04, 0x44], abs=2)

            rows = app.counter["rows"]
            frames = [random_frame(seed) for seed in range(5)]
            for frame in frames:
                app.image.show(frame)
                await terminal.pilot.pause()
            assert app.counter["rows"] == rows
            assert app.image.slot.dropped == 4
            assert (terminal.pixels() == veiled).all()

            app.pop_screen()
            await terminal.until(lambda: app.image.presented is frames[-1])
            assert (terminal.pixels() == expected(frames[-1], 40, 12)).all()

    async def test_a_menu_costs_its_own_cells(self) -> None:
        app = PictureApp()
        frame = random_frame(0, 48, 64)
        async with on_terminal(app, size=(80, 24)) as terminal:
            await show(terminal, frame)
            await terminal.until(lambda: app.image.exact)
            terminal.pixels()
            await app.push_screen(Menu())
            await terminal.pilot.pause()
            opening = sum(map(len, terminal.driver.written))
            with_menu = expected(frame, 80, 24)
            with_menu[2 * MENU.y : 2 * MENU.bottom, MENU.x : MENU.right] = (0, 0, 0xAA)
            assert (terminal.pixels() == with_menu).all()
            app.pop_screen()
            await terminal.pilot.pause()
            closing = sum(map(len, terminal.driver.written))
            assert (terminal.pixels() == expected(frame, 80, 24)).all()
            assert opening < 20 * MENU.area
            assert closing < 2 * 40 * MENU.area, "each cell of noise takes up to 40 bytes"

    async def test_what_a_menu_hid_is_all_that_is_drawn_coarser_on_a_slow_link(self) -> None:
        clock = TickingClock()
        app = PictureApp(clock=clock, link=Link(clock, ceiling=8000))
        frame = random_frame(0, 48, 64)
        async with on_terminal(app, size=(80, 24)) as terminal:
            await show(terminal, frame)
            await terminal.until(lambda: app.image.exact)
            await app.push_screen(Menu())
            await terminal.pilot.pause()
            terminal.pixels()
            app.pop_screen()
            await terminal.until(lambda: terminal.driver.written)
            first = sum(map(len, terminal.driver.written))
            around = expected(frame, 80, 24)
            hidden = np.s_[2 * MENU.y : 2 * MENU.bottom, MENU.x : MENU.right]
            around[hidden] = terminal.pixels()[hidden]
            assert (terminal.pixels() == around).all()
            await terminal.until(lambda: app.image.exact)
            assert first + sum(map(len, terminal.driver.written)) < 2 * 40 * MENU.area
            assert (terminal.pixels() == expected(frame, 80, 24)).all()

    async def test_a_menu_over_a_menu_comes_and_goes(self) -> None:
        app = PictureApp()
        frame = random_frame(0, 48, 64)
        async with on_terminal(app, size=(80, 24)) as terminal:
            await show(terminal, frame)
            await app.push_screen(Menu())
            await app.push_screen(Menu(Offset(30, 3)))
            await terminal.pilot.pause()
            second = Region(30, 3, *MENU.size)
            both = expected(frame, 80, 24)
            for menu in (MENU, second):
                both[2 * menu.y : 2 * menu.bottom, menu.x : menu.right] = (0, 0, 0xAA)
            assert (terminal.pixels() == both).all()
            for left in ([MENU], []):
                app.pop_screen()
                await terminal.pilot.pause()
                shown = expected(frame, 80, 24)
                for menu in left:
                    shown[2 * menu.y : 2 * menu.bottom, menu.x : menu.right] = (0, 0, 0xAA)
                assert (terminal.pixels() == shown).all()


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


class TestPacing:
    async def test_frames_that_cannot_go_are_dropped_unencoded_and_the_newest_is_shown(self) -> None:
        app = PictureApp()
        frames = [random_frame(seed) for seed in range(10)]
        async with on_terminal(app, stalling=True) as terminal:
            driver = terminal.driver
            assert isinstance(driver, StallingDriver)
            for frame in frames:
                app.image.show(frame)
                await terminal.pilot.pause()
            assert app.drawn == driver.stalled == 2
            assert app.image.slot.dropped == 7
            assert app.image.presented is None

            driver.release()
            await terminal.until(lambda: app.drawn == 3)
            assert app.image.presented is frames[0]
            assert (terminal.pixels() == expected(frames[-1], 40, 12)).all()

            driver.release()
            driver.release()
            await terminal.until(lambda: app.image.presented is frames[-1])
            assert app.seen == [frames[0], frames[1], frames[9]]
            assert app.drawn == 3

    async def test_the_rate_is_limited_and_the_last_frame_is_shown_when_due(self) -> None:
        app = PictureApp(clock=time.perf_counter)
        frames = [random_frame(seed) for seed in range(20)]
        async with on_terminal(app) as terminal:
            for frame in frames:
                app.image.show(frame)
            assert app.drawn <= 2
            await terminal.until(lambda: app.image.presented is frames[-1])
            assert app.drawn <= 3

    async def test_after_being_suspended_nothing_is_waited_for_in_vain(self) -> None:
        app = PictureApp()
        async with on_terminal(app, stalling=True) as terminal:
            driver = terminal.driver
            assert isinstance(driver, StallingDriver)
            for seed in range(3):
                app.image.show(random_frame(seed))
            app.app_suspend_signal.publish(app)
            while driver.stalled:
                driver._marks.pop()
            last = random_frame(9)
            app.image.show(last)
            assert app.drawn == 2
            app.app_resume_signal.publish(app)
            driver.release()
            await terminal.until(lambda: app.image.presented is last)

    async def test_the_meter_hears_of_everything(self) -> None:
        clock = StillClock()
        link = Link(clock, window=1, max_rate=1e9)
        app = PictureApp(link=link, clock=clock)
        async with on_terminal(app, stalling=True) as terminal:
            driver = terminal.driver
            assert isinstance(driver, StallingDriver)
            for seed in range(3):
                clock.now += 0.01
                app.image.show(random_frame(seed))
            driver.release(seconds=0.003, size=4321)
            await terminal.until(lambda: app.image.presented is not None)
            stats = app.image.meter.snapshot()
            assert (stats.fps, stats.dropped, stats.frame_bytes) == (1, 1, 4321)
            assert stats.decode is not None
            assert stats.decode.median == pytest.approx(2)
            assert stats.write is not None
            assert stats.write.median == pytest.approx(3)
            assert stats.draw is not None


class StillClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


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
