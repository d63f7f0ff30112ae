"""The filmstrip: bookmarks, and after them where one was, the latest first; to go back anywhere."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

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
from vaevis_tui.explorer.storage.bookmarks import thumbnail
from vaevis_tui.explorer.tile_map import resized
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.panels.tile_image import Canvas, ComposedFrame, RequestTiles, TileRequest, canvas_in
from vaevis_tui.tui.text import cut

OWNER, PRIORITY = "filmstrip", 2
LABEL_COLUMNS = 8
"""Columns of a place at least, so that its label can be read."""
AT_ONCE = 32
"""Thumbnails that are asked for together at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place on the filmstrip.

    Attributes:
        key: Names it, e.g. a bookmark's id or a visit's number.
        label: For people.
        z: float32 (d,).
        image: Thumbnail, uint8 (h, w, 3); None where it must be decoded.
        here: Whether the point on show is this one.
        kept: Whether it is a bookmark.
    """

    key: Hashable
    label: str
    z: NDArray[np.float32]
    image: NDArray[np.uint8] | None = None
    here: bool = False
    kept: bool = False


class FilmstripPanel(Vertical):
    """Thumbnails side by side with a cursor among them; as many as fit, those around the cursor."""

    DEFAULT_CSS = "FilmstripPanel { background: $background; }"

    @dataclass(eq=False)
    class Chosen(Message):
        """A place was pressed: go there."""

        place: Place

    def __init__(self, port: TerminalPort, request: RequestTiles) -> None:
        super().__init__(id="filmstrip")
        self._port = port
        self._request = request
        self._image = LiveImage(port, priority=1, id="filmstrip-image")
        self._labels = Labels()
        self._places: tuple[Place, ...] = ()
        self._cursor = 0
        self._first = 0
        """The place at the left edge."""
        self._thumbnails: dict[Hashable, NDArray[np.uint8]] = {}
        self._on_way: tuple[TileRequest, list[Hashable]] | None = None
        self._tile = (1, 1)
        """Height and width of the model's images in pixels."""
        self._painted: object = None
        """What is on show: the same is not composed again."""
        self._painted_images: list[NDArray[np.uint8] | None] = []
        self.has_arrows = False
        """Whether arrows move the cursor."""

    def compose(self) -> ComposeResult:
        """The thumbnails, and their labels below them."""
        yield self._image
        yield self._labels

    @property
    def complete(self) -> bool:
        """Whether every visible thumbnail is shown."""
        return all(self._known(place) is not None for place in self._places_in_sight())

    @property
    def places(self) -> tuple[Place, ...]:
        """All places, from left to right."""
        return self._places

    @property
    def cursor(self) -> int:
        """Index of the place that Enter goes to."""
        return self._cursor

    def clear(self) -> None:
        """Forget everything: another model is on show."""
        self._places, self._thumbnails, self._on_way = (), {}, None
        self._cursor = self._first = 0

    def show(self, places: Sequence[Place], tile: tuple[int, int]) -> None:
        """Show other places; the cursor stays at its place, if that is still there.

        Args:
            places: From left to right.
            tile: Height and width of the model's images in pixels.
        """
        before = self._places[self._cursor].key if self._places else None
        self._places, self._tile = tuple(places), tile
        self._image.display = bool(places)  # else the only row is that of the line below
        keys = [place.key for place in places]
        stays = self._cursor if before is None else keys.index(before) if before in keys else self._cursor
        self._cursor = min(stays, max(len(keys) - 1, 0))
        self._thumbnails = {key: image for key, image in self._thumbnails.items() if key in set(keys)}
        self._paint()
        self._ask()

    def move(self, places: int) -> None:
        """Move the cursor, e.g. by one to the right."""
        self._cursor = min(max(self._cursor + places, 0), max(len(self._places) - 1, 0))
        self._paint()
        self._ask()

    def choose(self) -> None:
        """Go to the place under the cursor."""
        if self._places:
            self.post_message(self.Chosen(self._places[self._cursor]))

    # Thumbnails

    def _known(self, place: Place) -> NDArray[np.uint8] | None:
        return place.image if place.image is not None else self._thumbnails.get(place.key)

    def _ask(self) -> None:
        if not self.display or (self._on_way and not self._on_way[0].complete):
            return
        missing = [place for place in self._places_in_sight() if self._known(place) is None][:AT_ONCE]
        if not missing:
            return
        ticket = self._request(OWNER, np.stack([place.z for place in missing]), PRIORITY)
        if ticket:
            self._on_way = TileRequest(ticket, np.arange(len(missing))), [place.key for place in missing]

    def ask_again(self) -> None:
        """Ask anew for thumbnails that have not come, of a model that is opened again."""
        if self._on_way and not self._on_way[0].complete:
            self._on_way = None
            self._ask()

    def take(self, tiles: TilesDecoded) -> None:
        """A slice of the thumbnails has come."""
        if self._on_way is None or tiles.ticket != self._on_way[0].ticket:
            return
        request, keys = self._on_way
        for index, image in zip(request.take(tiles.start, len(tiles.images)), tiles.images, strict=True):
            self._thumbnails[keys[index]] = thumbnail(image)
        if request.complete:
            self._paint()
            self._ask()

    # Drawing

    @property
    def slot(self) -> int:
        """Columns from one place to the next."""
        canvas = self._canvas
        tile = canvas.height * self._tile[1] / self._tile[0]
        return max(round(tile / canvas.scale) + 3, LABEL_COLUMNS)

    @property
    def _canvas(self) -> Canvas:
        columns, rows = self._image.size
        return canvas_in(self._port.renderer, max(columns, 1), max(rows, 1))

    def _places_in_sight(self) -> tuple[Place, ...]:
        count = max(self._canvas.columns // self.slot, 1)
        self._first = min(max(self._first, self._cursor - count + 1), self._cursor)
        self._first = max(min(self._first, len(self._places) - count), 0)
        return self._places[self._first : self._first + count]

    def on_resize(self) -> None:
        """Make an image of the new size."""
        self.repaint()

    def repaint(self) -> None:
        """Paint again, e.g. with other graphics; ask for what was not asked for while hidden."""
        self._painted = None
        self._paint()
        self._ask()

    def _paint(self) -> None:
        if not self._places:
            self._labels.shown = (), 1, None
        columns, rows = self._image.size
        if not self.display or not self._places or min(columns, rows) < 1:
            return
        sight = self._places_in_sight()
        cursor = self._cursor - self._first if self.has_arrows else None
        labels = tuple((place.label, place.here, place.kept) for place in sight)
        canvas, slot = self._canvas, self.slot
        k, height = canvas.scale, canvas.height
        self._labels.shown = (labels, slot, cursor)
        self._labels.left = canvas.left
        images = [self._known(place) for place in sight]
        painted = canvas, cursor, self._tile, [id(image) for image in images]
        if painted == self._painted:
            return
        self._painted, self._painted_images = painted, images  # which keeps their ids theirs
        _, background = self.background_colors
        frame = canvas.filled(background.rgb)
        for index, image in enumerate(images):
            left, right = index * slot * k, (index + 1) * slot * k
            if index == cursor:
                frame[:, left : right - k] = self._labels.accent
            if image is None:
                continue
            width = min(max(round(height * image.shape[1] / image.shape[0]), 1), right - left - 2 * k)
            high = min(max(round(width * image.shape[0] / image.shape[1]), 1), height)
            x, y = (left + right - k - width) // 2, (height - high) // 2
            part = frame[
                y : y + high, x : x + max(width, 0)
            ]  # the slot may lie partly beyond a narrow window
            if part.size:
                part[:] = resized(image, high, width)[: part.shape[0], : part.shape[1]]
        self._image.show(ComposedFrame(frame))

    def on_click(self, event: events.Click) -> None:
        """Go to the place under the pointer."""
        event.stop()
        index = self._first + (event.screen_offset.x - self.region.x - self._canvas.left) // self.slot
        if 0 <= index < len(self._places):
            self._cursor = index
            self.choose()


class Labels(Widget):
    """One line below the thumbnails: what each is called, and the cursor."""

    DEFAULT_CSS = """
    Labels {
        height: 1; background: $background; color: $quiet; text-wrap: nowrap;
        .labels--cursor { color: $accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"labels--cursor"}

    shown: reactive[tuple[tuple[tuple[str, bool, bool], ...], int, int | None]] = reactive(((), 1, None))
    """Label, whether one is there, and whether it is a bookmark, of each; columns of each; the cursor."""

    left: reactive[int] = reactive(0)
    """Empty columns before the first."""

    @property
    def accent(self) -> tuple[int, int, int]:
        """The colour of the cursor."""
        return self.get_component_styles("labels--cursor").color.rgb

    def render(self) -> Content:
        """The line."""
        labels, slot, cursor = self.shown
        if not labels:
            return Content(" b keeps a bookmark; every place that you leave comes here, too")
        parts = [Content(" " * self.left)]
        for index, (label, here, bookmark) in enumerate(labels):
            text = f"{cut(('● ' if here else '') + label, slot - 1):^{slot - 1}} "
            style = "$accent bold" if index == cursor else "$foreground" if bookmark else "$quiet"
            parts.append(Content.styled(text, style))
        return Content("").join(parts)
