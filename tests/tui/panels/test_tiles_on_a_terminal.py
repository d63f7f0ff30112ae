"""Strip, filmstrip and map, read back from the terminal that shows them: each tile is what `decode` makes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.terminal.dotscreen import DotScreen
from tests.tui.support import ExactDecoder, TickingClock, make_bundle, make_settings, making_app
from tests.tui.textual.output import Terminal, on_terminal
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.tile_map import SHADE
from vaevis_tui.latent.plane import density_levels
from vaevis_tui.latent.space import Anchors
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import Graphics, KittyGraphics
from vaevis_tui.terminal.images.kitty import KittyImages
from vaevis_tui.terminal.images.sixel import Sixels
from vaevis_tui.terminal.surface import Renderer
from vaevis_tui.tui.explorer import ExplorerScreen
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.strip_panel import SIGMAS, StripPanel, places
from vaevis_tui.tui.panels.tile_image import canvas_in

SIZE = 120, 42
CELL = 16, 8
"""Dots: a pixel that is composed is a dot, where dots are shown."""
SIDE = 4
"""Pixels along a side of a decoded image: each is in every tile as several dots, and none is an average."""
SIXEL_ERROR = 2
"""Sixels give colours in hundredths."""

NOTHING = infer_support([], brand="unknown", multiplexer=None)
RENDERERS: dict[str, Renderer] = {
    "half": cell_renderer(Graphics.HALF, ColorMode()),
    "sixel": Sixels(ColorMode(), replace(NOTHING, sixel_registers=256, cell=CELL)),
    "kitty": KittyImages(ColorMode(), replace(NOTHING, kitty=KittyGraphics(False, True), cell=CELL)),
    "kitty in text": KittyImages(ColorMode(), replace(NOTHING, kitty=KittyGraphics(True, True), cell=CELL)),
}

LETTER = 255, 0, 255
"""What letters are taken for: no decoded image has it."""


class TextAndDots(DotScreen):
    """A terminal whose letters are seen, too, so that a tile on which some lie is none."""

    def _halves(self, x: int, y: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return super()._halves(x, y) if self.screen.buffer[y][x].data in "▀▄█ " else (LETTER, LETTER)


class Shown:
    """The explorer's panels on a terminal, and the dots of it."""

    def __init__(self, terminal: Terminal, renderer: Renderer) -> None:
        screen = terminal.app.screen
        assert isinstance(screen, ExplorerScreen)
        assert screen.exploration is not None
        self.terminal = terminal
        self.screen = screen
        self.renderer = renderer
        self._dots = TextAndDots(*SIZE, CELL)

    @property
    def exploration(self) -> Exploration:
        assert self.screen.exploration is not None
        return self.screen.exploration

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        with ExactDecoder(self.exploration.bundle) as decoder:
            return decoder.decode(z)

    async def settle(self) -> None:
        """Until every panel is complete and every image is exact."""
        one = self.screen.query_one
        panels = one(StripPanel), one(FilmstripPanel), one(MapPanel)
        await self.terminal.rest()
        await self.terminal.until(lambda: all(each.complete for each in panels if each.display))
        await self.terminal.rest()

    def dots_of(self, selector: str) -> NDArray[np.uint8]:
        """What the terminal shows where an image is, without its margins."""
        image = self.screen.query_one(selector, LiveImage)
        assert image._newest is not None
        height, width, _ = image._newest.image.shape
        place = self.renderer.place(height, width, *image.size)
        top, left = image.region.y + place.top, image.region.x + place.left
        self._dots.feed(self.terminal.driver.take())
        rows = slice(top * CELL[0], (top + place.rows) * CELL[0])
        return self._dots.dots()[rows, left * CELL[1] : (left + place.columns) * CELL[1]]


@asynccontextmanager
async def shown(renderer: Renderer, *keys: str) -> AsyncIterator[Shown]:
    """The explorer at rest after some keys."""
    bundle = make_bundle(height=SIDE, width=SIDE)
    none = Anchors(np.zeros((0, bundle.latent_dim), np.float32), (), np.zeros(0, np.int64))
    bundle = replace(bundle, space=replace(bundle.space, anchors=none))  # which lie on the map's tiles
    with making_app(make_settings(bundle, clock=TickingClock())) as app:
        async with on_terminal(app, size=SIZE) as terminal:
            screen = app.screen
            assert isinstance(screen, ExplorerScreen)
            await terminal.until(
                lambda: screen.exploration and screen.exploration.axis_set.effects is not None
            )
            app.port.renderer = renderer
            screen.work.widgets.repaint_tiles()
            panels = Shown(terminal, renderer)
            for key in keys:
                await terminal.pilot.press(key)
                await panels.settle()
            yield panels


def pixels(dots: NDArray[np.uint8], box: tuple[int, int, int, int], scale: int) -> NDArray[np.uint8]:
    """The pixels of a decoded image, each read in the middle of its dots, from a box of composed pixels.

    Args:
        dots: Of the composed image.
        box: Top, left, height and width of a tile in composed pixels.
        scale: Composed pixels a column of cells.
    """
    size = CELL[1] // scale
    middles = (np.arange(SIDE) + 0.5) / SIDE
    y, x = (begin + middles * length for begin, length in (box[::2], box[1::2]))
    return dots.take(y.astype(int) * size + size // 2, 0).take(x.astype(int) * size + size // 2, 1)


def assert_equal(shown: NDArray[np.uint8], expected: NDArray[np.uint8], renderer: Renderer) -> None:
    error = np.abs(shown.astype(int) - expected).max()
    assert error <= (SIXEL_ERROR if isinstance(renderer, Sixels) else 0)


every_renderer = pytest.mark.parametrize("renderer", RENDERERS.values(), ids=RENDERERS.keys())


@every_renderer
async def test_the_strip(renderer: Renderer) -> None:
    async with shown(renderer, "v", "down") as panels:
        state = panels.exploration.state
        tiles = panels.decode(state.axis_set.steps_along(state.z, state.selected, SIGMAS))
        assert len({tile.tobytes() for tile in tiles}) > 3
        dots = panels.dots_of("#strip-image")
        canvas = canvas_in(renderer, *panels.screen.query_one("#strip-image").size)
        for index, left, height, width in places((canvas.height, canvas.width), (SIDE, SIDE), canvas.scale):
            assert_equal(pixels(dots, (0, left, height, width), canvas.scale), tiles[index], renderer)


@every_renderer
async def test_the_filmstrip(renderer: Renderer) -> None:
    async with shown(renderer, "r", "b", "r", "r", "f", "escape") as panels:
        film = panels.screen.query_one(FilmstripPanel)
        tiles = panels.decode(np.stack([place.z for place in film.places]))
        assert len(tiles) == 4  # a bookmark, and three places, of which it is one
        assert len({tile.tobytes() for tile in tiles}) == 3
        dots, canvas = panels.dots_of("#filmstrip-image"), film._canvas
        slot, side = film.slot * canvas.scale, canvas.height
        for index, tile in enumerate(tiles):
            left = index * slot + (slot - canvas.scale - side) // 2
            assert_equal(pixels(dots, (0, left, side, side), canvas.scale), tile, renderer)


@every_renderer
async def test_the_map(renderer: Renderer) -> None:
    async with shown(renderer, "p") as panels:
        chart = panels.screen.query_one(MapPanel)
        assert chart.view is not None
        assert chart._tiles is not None
        plane, extent = chart.view
        (rows, columns), (height, width) = chart._tiles.grid, chart._tiles.tile
        u, v = (each.reshape(-1) for each in np.meshgrid(*plane.tile_centres(extent, columns, rows)))
        light = 1 - SHADE + SHADE * density_levels(plane.density(u, v)) / np.float32(255)
        tiles = panels.decode(plane.at(u, v))
        assert len({tile.tobytes() for tile in tiles}) > len(tiles) // 2 > 4
        dots = panels.dots_of("#map-image")
        canvas = canvas_in(renderer, *panels.screen.query_one("#map-image").size)
        under_the_cursor = 0
        here = chart._tiles.pixel_of(panels.exploration.z)
        for index, tile in enumerate(tiles):
            top, left = index // columns * height, index % columns * width
            if abs(top + height / 2 - here[0]) < height and abs(left + width / 2 - here[1]) < width:
                under_the_cursor += 1
                continue
            expected = np.rint(tile * light[index].astype(np.float32)).astype(np.uint8)
            assert_equal(pixels(dots, (top, left, height, width), canvas.scale), expected, renderer)
        assert 1 <= under_the_cursor <= 4
