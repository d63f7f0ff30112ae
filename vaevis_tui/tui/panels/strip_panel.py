"""The strip: what the selected row does, from -3 to +3 sigma through where one is, or class by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.tile_map import resized
from vaevis_tui.latent.controls import Control
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.panels.tile_image import ComposedFrame, RequestTiles, TileRequest, canvas_in
from vaevis_tui.tui.text import cut

SIGMAS = (-3, -2, -1, 0, 1, 2, 3)
"""Where on the axis the tiles are."""
OWNER, PRIORITY = "strip", 1
GAP = 1
"""Blanks about the name and the value at the scale's ends; without room for them they are left out."""


class StripPanel(Vertical):
    """Some decodes along the selected row, and a scale that says where on it one is.

    It asks for tiles when another axis, or another point beside it, is to be shown; moving along the axis
    itself only moves the mark. While tiles are on their way nothing else is asked for, so that a strip is
    completed even while one walks.
    """

    DEFAULT_CSS = "StripPanel { background: $background; }"

    @dataclass(eq=False)
    class Chosen(Message):
        """A tile was pressed: go to so many sigmas of the selected axis, or to a value of a control."""

        sigma: float

    def __init__(self, port: TerminalPort, request: RequestTiles) -> None:
        super().__init__(id="strip")
        self._port = port
        self._request = request
        self._image = LiveImage(port, priority=PRIORITY, id="strip-image")
        self._scale = Scale()
        self._exploration: Exploration | None = None
        self._shown: bytes = b""
        """What the tiles are of: another one needs other tiles."""
        self._on_way: TileRequest | None = None
        self._tiles: list[NDArray[np.uint8] | None] = [None] * len(SIGMAS)
        self._stops: tuple[float, ...] = SIGMAS
        """Where on the row the tiles are."""

    def compose(self) -> ComposeResult:
        """The tiles, and the scale below them."""
        yield self._image
        yield self._scale

    def show(self, exploration: Exploration) -> None:
        """Follow where an exploration stands."""
        if exploration is not self._exploration:
            self._exploration, self._shown, self._on_way = exploration, b"", None
            self._tiles = [None] * len(self._stops)
        state = exploration.state
        axis = state.axis_set.axes[state.selected]
        control = state.axis_set.control(state.selected)
        self._scale.axis = (axis.name, axis.low, axis.high)
        self._scale.value = state.coordinate
        stops = SIGMAS if control is None else control.stops(state.coordinate)
        same = control is not None and control == self._scale.control
        if same and state.coordinate in self._stops[1:-1]:
            stops = self._stops  # it moves on only where its end is reached
        self._scale.stops, self._scale.control = stops, control
        self._take_stops(stops)
        self._ask()

    def _take_stops(self, stops: tuple[float, ...]) -> None:
        if stops != self._stops:
            self._tiles = [None] * len(stops) if len(stops) != len(self._stops) else self._tiles
            self._stops, self._shown, self._on_way = stops, b"", None

    def _ask(self) -> None:
        exploration = self._exploration
        if exploration is None or not self.display or (self._on_way and not self._on_way.complete):
            return
        state = exploration.state
        # Along the row itself the strip stays the same, but for what float32 rounds.
        rest = np.round(state.axis_set.set(state.point, state.selected, 0.0), 4).tobytes()
        shown = f"{state.axis_set.key} {state.selected} ".encode() + rest
        if shown == self._shown:
            return
        z = state.axis_set.steps_along(state.point, state.selected, self._stops)
        ticket = self._request(OWNER, z, PRIORITY)
        if ticket:
            self._shown = shown
            self._on_way = TileRequest(ticket, np.arange(len(self._stops)))

    def ask_again(self) -> None:
        """Ask anew for tiles that have not come: of a model that is opened again."""
        if self._on_way and not self._on_way.complete:
            self._on_way, self._shown = None, b""
            self._ask()

    @property
    def complete(self) -> bool:
        """Whether every tile that was asked for has come."""
        return self._on_way is not None and self._on_way.complete

    def take(self, tiles: TilesDecoded) -> None:
        """A slice of the tiles has come."""
        if self._on_way is None or tiles.ticket != self._on_way.ticket:
            return
        first = all(tile is None for tile in self._tiles)
        for index, image in zip(self._on_way.take(tiles.start, len(tiles.images)), tiles.images, strict=True):
            self._tiles[index] = image
        if self._on_way.complete or first:
            self._paint()
        if self._on_way.complete:
            self._ask()

    def on_resize(self) -> None:
        """Make an image of the new size."""
        self._paint()

    def repaint(self) -> None:
        """Paint again, e.g. with other graphics; ask for what was not asked for while hidden."""
        self._paint()
        self._ask()

    def _paint(self) -> None:
        known = [tile for tile in self._tiles if tile is not None]
        columns, rows = self._image.size
        if not known or min(columns, rows) < 1:
            return
        canvas = canvas_in(self._port.renderer, columns, rows)
        self._scale.cells = canvas.left, canvas.columns
        _, background = self.background_colors
        frame = canvas.filled(background.rgb)
        for index, left, height, width in places(
            frame.shape[:2], known[0].shape[:2], canvas.scale, len(self._stops)
        ):
            tile = self._tiles[index]
            if tile is not None:
                frame[:height, left : left + width] = resized(tile, height, width)
        self._image.show(ComposedFrame(frame))

    def on_click(self, event: events.Click) -> None:
        """Go to the tile under the pointer."""
        event.stop()
        left, columns = self._scale.cells or (0, max(self.region.width, 1))
        tile = int((event.screen_offset.x - self.region.x - left + 0.5) / columns * len(self._stops))
        self.post_message(self.Chosen(float(self._stops[min(max(tile, 0), len(self._stops) - 1)])))


def places(
    size: tuple[int, int], tile: tuple[int, int], gap: int, count: int = len(SIGMAS)
) -> list[tuple[int, int, int, int]]:
    """Index, left edge, height and width in pixels of each tile in an image of that size.

    Args:
        size: Height and width of the image in pixels.
        tile: Height and width of a decoded image.
        gap: Pixels between tiles at least.
        count: How many there are.
    """
    slot = size[1] / count
    width = max(min(int(slot) - gap, size[0] * tile[1] // tile[0]), 1)
    height = min(max(round(width * tile[0] / tile[1]), 1), size[0])
    return [(i, int(slot * i + (slot - width) / 2), height, width) for i in range(count)]


class Scale(Widget):
    """One line below the tiles: their sigmas or values, and a mark where one is."""

    DEFAULT_CSS = "Scale { height: 1; background: $background; color: $quiet; }"

    axis: reactive[tuple[str, str, str]] = reactive(("", "", ""))
    """Name of the axis, and what one sees at its ends; the name, and the value, stand at the line's."""
    value: reactive[float] = reactive(0.0)
    stops: reactive[tuple[float, ...]] = reactive(SIGMAS)
    control: reactive[Control | None] = reactive(None)
    """Of the row; None where it is an axis."""

    cells: reactive[tuple[int, int] | None] = reactive(None)
    """Column that the tiles begin at, and columns that they take; None for all."""

    def render(self) -> Content:
        """The line."""
        width = self.content_size.width
        cells = [" "] * width
        start, columns = self.cells or (0, width)
        slot, last = columns / len(self.stops), len(self.stops) - 1

        def put(text: str, centre: float) -> range:
            left = min(max(int(centre - len(text) / 2 + 0.5), 0), max(width - len(text), 0))
            cells[left : left + len(text)] = list(text)[:width]
            return range(left, left + len(text))

        name, low, high = self.axis
        labels = []
        for index, stop in enumerate(self.stops):
            label = (
                cut(self.control.text(stop), int(slot)) if self.control else f"{stop:+.0f}σ" if stop else "0"
            )
            if index == 0 and low:
                label = _end((low, label), int(slot))
            elif index == last and high:
                label = _end((label, high), int(slot))
            labels.append(put(label, start + slot * (index + 0.5)))
        value = self.control.text(self.value) if self.control else f"{self.value:+.2f}"
        for left, text in ((GAP, name), (width - len(value) - GAP, value)):
            end = slice(left, left + len(text))
            around = cells[max(left - GAP, 0) : end.stop + GAP]
            if 2 * len(text) < width and not "".join(around).strip():
                cells[end] = list(text)
        apart = (self.stops[-1] - self.stops[0]) / last if last else 1.0
        tiles = (self.value - self.stops[0]) / (apart or 1.0)
        mark = min(max(int(start + slot * (tiles + 0.5)), 0), max(width - 1, 0))
        line = Content("".join(cells)[:width])
        if (label_there := next((each for each in labels if mark in each), None)) is not None:
            return line.stylize("$accent bold", label_there.start, label_there.stop)
        return Content.assemble(line[:mark], ("▲", "$accent bold"), line[mark + 1 :])


def _end(parts: tuple[str, str], width: int) -> str:
    """Where an end is and what one sees there; without room for both, as much of it as has room."""
    texts = ("  ".join(parts), *sorted(parts, key=len, reverse=True))
    return next((text for text in texts if len(text) <= width), cut(texts[-1], width))
