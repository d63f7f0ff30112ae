"""A live image where pictures are dots: they come and go whole, and never lie on what is to be seen."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tests.terminal.dotscreen import DotScreen, stretched
from tests.terminal.sixels import filled
from tests.tui.images.frames import FakeFrame, random_frame
from tests.tui.images.happenings import OFTEN, RARELY, STALLING, Happenings
from tests.tui.support import TickingClock
from tests.tui.textual.output import Terminal, on_terminal
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.color.xterm_palette import to_grey
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import Graphics, KittyGraphics
from vaevis_tui.terminal.images.iterm2 import InlineImages
from vaevis_tui.terminal.images.kitty import KittyImages
from vaevis_tui.terminal.images.renderer import PixelRenderer
from vaevis_tui.terminal.images.sixel import SixelEncoder, Sixels
from vaevis_tui.terminal.link.link import Link
from vaevis_tui.terminal.surface import Renderer
from vaevis_tui.tui.images.graphics_switch import NAMES
from vaevis_tui.tui.images.live_app import LiveApp
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.menus.overlay import Overlay
from vaevis_tui.tui.theme import complete

pytestmark = pytest.mark.slow

CELL = (12, 6)
SIDE, BOTTOM = 6, 2
BACKGROUND, RED, GREEN = (0x10, 0x20, 0x30), (0xAA, 0, 0), (0, 0xAA, 0)
SIZE = (46, 16)

NOTHING = infer_support([], brand="unknown", multiplexer=None)


def kitty(*, placeholders: bool, frames: bool) -> KittyImages:
    support = replace(NOTHING, kitty=KittyGraphics(placeholders, frames), cell=CELL)
    return KittyImages(ColorMode(), support)


MEDIA = {
    "sixel": Sixels(ColorMode(), replace(NOTHING, sixel_registers=256, cell=CELL)),
    "iterm": InlineImages(ColorMode(), replace(NOTHING, iterm=True, cell=CELL)),
    "kitty": kitty(placeholders=False, frames=True),
    "kitty flipping": kitty(placeholders=False, frames=False),
    "kitty placeholders": kitty(placeholders=True, frames=True),
    "kitty placeholders flipping": kitty(placeholders=True, frames=False),
}
every_medium = pytest.mark.parametrize("medium", MEDIA.values(), ids=MEDIA.keys())


class DotsApp(LiveApp[None]):
    CSS = f"""
    Screen {{ layers: base top; background: #102030; overflow: hidden; }}
    LiveImage {{ background: #102030; }}
    #side {{ width: {SIDE}; height: 100%; background: #aa0000; }}
    #bottom {{ height: {BOTTOM}; background: #aa0000; }}
    #patch {{ layer: top; offset: 12 3; width: 9; height: 2; background: #00aa00; }}
    """

    def __init__(self, medium: PixelRenderer, **arguments: Any) -> None:
        super().__init__()
        self.port = TerminalPort(renderer=medium, **{"clock": TickingClock()} | arguments)
        self.image = LiveImage(self.port)

    def get_css_variables(self) -> dict[str, str]:
        return complete(super().get_css_variables(), self.current_theme)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.image
            yield Static(id="side")
        yield Static(id="bottom")


class Dots:
    """An app on a terminal that shows dots."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        assert isinstance(terminal.app, DotsApp)
        self.app = terminal.app
        self.screen = DotScreen(*SIZE, CELL)
        self.size = SIZE

    async def show(self, frame: FakeFrame) -> None:
        self.app.image.show(frame)
        await self.terminal.until(lambda: self.app.image.presented is frame and self.app.image.exact)

    async def resize(self, columns: int, rows: int) -> None:
        self.seen()
        self.screen.resize(columns, rows)
        self.size = columns, rows
        await self.terminal.pilot.resize_terminal(columns, rows)
        await self.terminal.pilot.pause()

    async def settle(self) -> None:
        """Let all be drawn that is to be drawn."""
        await self.terminal.rest()

    def seen(self) -> NDArray[np.uint8]:
        """What the terminal shows, in dots."""
        self.screen.feed(self.terminal.driver.take())
        return self.screen.dots()

    def expected(self, frame: FakeFrame, *, dots: bool = True) -> NDArray[np.uint8]:
        """What it should show."""
        columns, rows = self.size
        shown = np.full((rows * CELL[0], columns * CELL[1], 3), BACKGROUND, np.uint8)
        shown[:, (columns - SIDE) * CELL[1] :] = RED
        shown[max(rows - BOTTOM, 0) * CELL[0] :] = RED
        medium = self.app.image.renderer if dots else self.app.image.renderer.fallback
        height, width, _ = frame.image.shape
        place = medium.place(height, width, columns - SIDE, rows - BOTTOM)
        pixels = medium.pixels(frame.image, place)
        if isinstance(medium, Sixels):
            assert place.dots is not None
            drawn = filled(SixelEncoder().encode(pixels).shown, place.dots)
        elif dots:
            drawn = stretched(pixels, place.rows * CELL[0], place.columns * CELL[1])
        else:
            drawn = stretched(pixels, len(pixels) * CELL[0] // 2, pixels.shape[1] * CELL[1])
        top, left = place.top * CELL[0], place.left * CELL[1]
        shown[top : top + len(drawn), left : left + drawn.shape[1]] = drawn
        return shown


async def running(terminal: Terminal) -> Dots:
    dots = Dots(terminal)
    await dots.show(random_frame(0))
    return dots


@every_medium
async def test_the_terminal_shows_the_dots(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        for frame in (random_frame(0), random_frame(1), random_frame(2, 5, 9), random_frame(3, 200, 90)):
            await dots.show(frame)
            await dots.settle()  # on a busy machine the first of it is coarse
            assert (dots.seen() == dots.expected(frame)).all()
            assert not dots.screen.scrolled
        for size in ((60, 20), (20, 6), (33, 11)):
            await dots.resize(*size)
            await dots.settle()
            assert (dots.seen() == dots.expected(frame)).all()


@every_medium
async def test_a_frame_that_comes_while_a_layout_is_due_is_shown_after_it(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        await dots.settle()
        last = random_frame(1)
        with dots.app.batch_update():
            dots.app.image.show(last)
        await dots.settle()
        assert (dots.seen() == dots.expected(last)).all()


@every_medium
async def test_the_same_picture_again_costs_no_output(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        await dots.show(random_frame(1))
        dots.seen()
        await dots.show(random_frame(1))
        assert terminal.driver.take() == ""


@every_medium
async def test_what_lies_on_it_turns_it_into_half_blocks_for_a_while(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        patch = Static(id="patch")
        await dots.app.mount(patch)
        for seed in range(3):
            frame = random_frame(seed)
            await dots.show(frame)
            await dots.settle()
            covered = dots.expected(frame, dots=False)
            covered[3 * CELL[0] : 5 * CELL[0], 12 * CELL[1] : 21 * CELL[1]] = GREEN
            assert (dots.seen() == covered).all()
        await patch.remove()
        await dots.settle()
        assert (dots.seen() == dots.expected(frame)).all()


class Veil(ModalScreen[None]):
    CSS = "Veil { background: #000000 50%; }"


class Wall(Screen[None]):
    CSS = "Wall { background: #00aa00; }"

    def on_mount(self) -> None:
        image = self.app.screen_stack[0].query_one(LiveImage)
        image.hide()


@every_medium
@pytest.mark.parametrize("above", [Veil, Wall])
async def test_behind_a_screen_there_are_no_dots(medium: PixelRenderer, above: type[Screen[None]]) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        dots.seen()
        dots.app.push_screen(above())
        await terminal.until(lambda: isinstance(dots.app.screen, above))
        await terminal.pilot.pause(0.05)
        dots.seen()
        assert all("U" in keys for keys in dots.screen.kitty.placements.values())
        assert not dots.screen._placeholders
        assert not dots.screen._set.any()
        if above is Wall:
            assert (dots.seen() == GREEN).all()
        dots.app.pop_screen()
        await dots.settle()
        assert (dots.seen() == dots.expected(random_frame(0))).all()


class Menu(Overlay[None]):
    """A menu over the image's middle, which covers no more of it than it has to."""

    CSS = """
    Menu { align: left top; }
    #menu { offset: 12 3; width: 9; height: 4; background: #00aa00; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.box = Static(id="menu")

    def compose(self) -> ComposeResult:
        yield self.box


@every_medium
async def test_a_menu_takes_no_more_of_the_dots_than_it_covers(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        await dots.settle()
        frame = random_frame(0)
        whole = dots.expected(frame)
        assert (dots.seen() == whole).all()
        menu = Menu()
        dots.app.push_screen(menu)
        await terminal.until(lambda: dots.app.screen is menu and menu.box.size.height == 4)
        await dots.settle()
        stays = medium.support.kitty is None or medium.support.kitty.placeholders
        below = whole if stays else dots.expected(frame, dots=False)
        rows, columns = slice(3 * CELL[0], 7 * CELL[0]), slice(12 * CELL[1], 21 * CELL[1])
        below[rows, columns] = GREEN
        assert (dots.seen() == below).all()
        menu.box.styles.height = 2
        await dots.settle()
        gap = slice(5 * CELL[0], 7 * CELL[0])
        seen = dots.seen()
        assert (np.delete(seen, np.r_[gap], 0) == np.delete(below, np.r_[gap], 0)).all()
        assert (seen[gap, columns] != GREEN).any(axis=-1).all()
        dots.app.pop_screen()
        await dots.settle()
        assert (dots.seen() == dots.expected(frame)).all()


@every_medium
def test_in_a_multiplexer_a_menu_turns_dots_into_half_blocks(medium: PixelRenderer) -> None:
    surface = replace(medium, support=replace(medium.support, multiplexer="zellij")).surface(
        medium.place(6, 6, 6, 3), 1
    )
    placeholders = medium.support.kitty is not None and medium.support.kitty.placeholders
    assert (surface.intact is not None) == placeholders


@every_medium
async def test_other_media_take_its_place(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        others: list[Renderer] = [cell_renderer(Graphics.HALF, ColorMode()), *MEDIA.values(), medium]
        for other in others:
            dots.app.image.renderer = other
            await dots.settle()
            is_dots = isinstance(other, PixelRenderer)
            assert (dots.seen() == dots.expected(random_frame(0), dots=is_dots)).all()


async def test_greys_where_colours_are_not_wanted() -> None:
    medium = replace(MEDIA["kitty"], colors=ColorMode(grey=True))
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        await dots.show(random_frame(4))
        grey = dots.expected(FakeFrame(to_grey(random_frame(4).image)))
        assert (dots.seen() == grey).all()


@every_medium
async def test_a_screenshot_shows_half_blocks(medium: PixelRenderer) -> None:
    async with on_terminal(DotsApp(medium), size=SIZE) as terminal:
        dots = await running(terminal)
        frame = FakeFrame(np.full((6, 6, 3), (9, 99, 199), np.uint8))
        await dots.show(frame)
        assert "#0963c7" in dots.app.export_screenshot()
        await dots.settle()
        assert (dots.seen() == dots.expected(frame)).all()


async def test_pictures_of_kittys_are_deleted_before_the_terminal_is_given_back() -> None:
    async with on_terminal(DotsApp(MEDIA["kitty"]), size=SIZE) as terminal:
        dots = await running(terminal)
        dots.seen()
        assert dots.screen.kitty.images
        dots.screen.feed(dots.app.image.teardown_output())
        assert not dots.screen.kitty.images


@pytest.mark.parametrize(("seed", "budget"), [(0, None), (1, 30_000)], ids=["fast", "slow"])
@every_medium
async def test_whatever_happens_the_terminal_ends_up_showing_the_last_frame(
    medium: PixelRenderer, seed: int, budget: float | None
) -> None:
    """Frames, resizes, overlays, screens, repaints and media in any order, on a terminal that is slow."""
    chance = random.Random(seed)
    clock = TickingClock()
    app = DotsApp(medium, link=Link(clock, budget=budget, asks=False), clock=clock)

    def change_renderer() -> None:
        others: list[Renderer] = [*MEDIA.values(), medium.fallback]
        app.image.renderer = chance.choice(others)

    async with on_terminal(app, size=SIZE, stalling=True) as terminal:
        dots = Dots(terminal)
        smallest, largest = (SIDE + 1, BOTTOM + 1), (50, 20)
        happenings = Happenings(
            terminal,
            app.image,
            chance,
            Menu if seed else Veil,
            dots.resize,
            smallest,
            largest,
            first_seed=1000 * seed,
            others={"medium": change_renderer},
        )
        frame = await happenings.run(20, random_frame(seed), [*OFTEN, *STALLING, *RARELY, "medium"])
        app.image.renderer = medium
        await happenings.settle(frame)
        assert (dots.seen() == dots.expected(frame)).all()


def test_every_kind_of_graphics_has_a_name_for_people() -> None:
    assert NAMES.keys() == set(Graphics), "name it in NAMES of tui/images/graphics_switch.py"
