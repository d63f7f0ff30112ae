"""The map: a plane through the latent space in decoded tiles, with what lies on it and where one is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.tile_map import (
    TileMap,
    draw_cursor,
    draw_density,
    draw_points,
    grid_of,
    label_colors,
)
from vaevis_tui.latent.plane import ANCHOR_AXES, Extent, Plane, best_plane, plane_of_axes
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.panels.tile_image import (
    ComposedFrame,
    RequestTiles,
    TileRequest,
    canvas_in,
    pixels_a_column,
)

OWNER, PRIORITY = "map", 2
TRAIL = 256
"""Points of the way that are drawn."""
TILE_COLUMNS, DETAILED_TILE_COLUMNS, DETAILED = 10, 12, 64
"""Columns of cells of the narrowest tile, and of that of images at least so many pixels wide."""
ZOOM = 1.5
FURTHEST = 4
"""How often one can zoom out from the whole."""


class MapPanel(Container):
    """Tiles, anchors, the way one came and a cursor; tells where the pointer asks to go.

    The plane holds the point that one is at: where that moves off it, by a row or at random, the parallel
    plane through the point is decoded once it rests. What is visible stays until then.
    """

    DEFAULT_CSS = "MapPanel { background: $background; }"

    @dataclass(eq=False)
    class Chosen(Message):
        """The pointer asks for a point; messages of one press to release share their ``gesture``."""

        z: NDArray[np.float32]
        gesture: int

        def can_replace(self, message: Message) -> bool:
            """Only the newest place of the pointer matters."""
            return isinstance(message, MapPanel.Chosen) and message.gesture == self.gesture

    def __init__(self, port: TerminalPort, request: RequestTiles) -> None:
        super().__init__(id="map")
        self._port = port
        self._request = request
        self._image = LiveImage(port, priority=PRIORITY, id="map-image")
        self._exploration: Exploration | None = None
        self._plane: Plane | None = None
        self._extent: Extent = (-1.0, 1.0, -1.0, 1.0)
        self._zoomed = 0
        self._tiles: TileMap | None = None
        self._on_way: TileRequest | None = None
        self._values: tuple[float, ...] = ()
        """What controls are set to in the images of the tiles."""
        self._trail: deque[tuple[float, float]] = deque(maxlen=TRAIL)
        self._dragging = False
        self._gesture = 0

    def compose(self) -> ComposeResult:
        """One live image."""
        yield self._image

    # What it shows

    def show(self, exploration: Exploration, *, moving: bool = False) -> None:
        """Follow where an exploration stands.

        Args:
            exploration: Of a model of two dimensions at least.
            moving: Whether it goes on at once, as a walk does: tiles are then left as they are.
        """
        if exploration.bundle.latent_dim < 2:
            return
        if exploration is not self._exploration:
            self._exploration = exploration
            self._trail.clear()
            self.show_plane(best_plane(exploration.bundle.space))
        assert self._plane is not None
        u, v = self._plane.project(exploration.z).tolist()
        if not self._trail or self._trail[-1] != (u, v):
            self._trail.append((u, v))
        self._keep_in_sight(u, v)
        other = exploration.state.values != self._values
        if other or (not moving and float(self._plane.distance(exploration.z)) > 1e-3):
            self._values = exploration.state.values
            self._plane = self._plane.through(exploration.z)
            self._rebuild()
        self._paint()

    def show_plane(self, plane: Plane) -> None:
        """Show another plane, as far as anchors and data reach."""
        self._plane = plane
        self._zoomed = 0
        self._extent = plane.extent()
        self._trail.clear()
        self._title()
        self._rebuild()

    def next_plane(self) -> None:
        """Change between the best plane of all and that of the selected row and the one below it."""
        exploration, plane = self._exploration, self._plane
        if exploration is None or plane is None or exploration.bundle.latent_dim == 2:
            return
        state = exploration.state
        order = [row for row in state.axis_set.order.tolist() if row < state.axis_set.count]
        here = order.index(state.selected) if state.selected in order else 0
        other = order[here + 1] if here + 1 < len(order) else order[here - 1]
        rows = plane_of_axes(state.axis_set, order[here], other, exploration.z)
        same = (plane.u_name, plane.v_name) == (rows.u_name, rows.v_name)
        self.show_plane(best_plane(exploration.bundle.space) if same else rows)
        self.show(exploration)

    def _title(self) -> None:
        exploration, plane = self._exploration, self._plane
        if exploration is None or plane is None:
            return
        axes = plane.u_name, plane.v_name
        self.border_title = f"map: {'the plane of the examples' if axes == ANCHOR_AXES else ' × '.join(axes)}"
        colors = label_colors(exploration.bundle.space.anchors.labels)
        # Black on each of the colours can be read in any theme.
        names = "".join(f"[black on rgb({r},{g},{b})] {name} [/]" for name, (r, g, b) in colors.items())
        self.border_subtitle = names if len(colors) > 1 else ""

    def _keep_in_sight(self, u: float, v: float) -> None:
        """Pan by whole tiles where the point has left the visible part."""
        left, right, bottom, top = self._extent
        if self._tiles is None or (left <= u <= right and bottom <= v <= top):
            return
        du, dv = self._tiles.step
        columns_off = round((u - (left + right) / 2) / du) if not left <= u <= right else 0
        rows_off = round((v - (bottom + top) / 2) / dv) if not bottom <= v <= top else 0
        self._extent = self._tiles.panned(columns_off, rows_off)
        self._rebuild()

    @property
    def complete(self) -> bool:
        """Whether every visible tile is decoded."""
        return self._tiles is not None and self._tiles.complete

    @property
    def view(self) -> tuple[Plane, Extent] | None:
        """The plane, and its visible part; None before it has shown anything."""
        return None if self._plane is None else (self._plane, self._extent)

    # Moving in it

    def step(self, right: float, up: float) -> NDArray[np.float32] | None:
        """The point so many units of the plane further, float32 (d,); None where there is no map."""
        if self._exploration is None or self._plane is None:
            return None
        return self._plane.move(self._exploration.z, right, up)

    def zoom(self, steps: int) -> None:
        """Zoom in about the cursor, out where negative."""
        if self._tiles is None or self._exploration is None or self._plane is None:
            return
        self._zoomed = max(self._zoomed + steps, -FURTHEST)
        u, v = self._plane.project(self._exploration.z).tolist()
        self._extent = self._tiles.zoomed(ZOOM**steps, (u, v))
        self._rebuild()
        self._paint()

    def fit(self) -> None:
        """Show all again."""
        if self._plane is not None:
            self._extent, self._zoomed = self._plane.extent(), 0
            self._rebuild()
            self._paint()

    # Tiles

    def _rebuild(self) -> None:
        """Begin anew with tiles for plane, extent and size."""
        exploration, plane = self._exploration, self._plane
        columns, rows = self._image.size
        if exploration is None or plane is None or min(columns, rows) < 2:
            return
        canvas = canvas_in(self._port.renderer, columns, rows)
        bundle = exploration.bundle
        width = (DETAILED_TILE_COLUMNS if bundle.image_width >= DETAILED else TILE_COLUMNS) * canvas.scale
        height = max(round(width * bundle.image_height / bundle.image_width), 1)
        grid = grid_of(canvas.height, canvas.width, (height, width))
        # As large as fills the image: the proportions of a tile are the picture's to within a pixel.
        tile = canvas.height // grid[0], canvas.width // grid[1]
        former, self._tiles = self._tiles, TileMap(plane, self._extent, grid, tile)
        if former is not None:
            self._tiles.take_over(former)
        self._on_way = None
        self._ask()

    def _ask(self) -> None:
        if self._tiles is None or not self.display or self._on_way is not None:
            return
        missing = self._tiles.missing
        if len(missing):
            ticket = self._request(OWNER, self._tiles.latents(missing), PRIORITY)
            self._on_way = TileRequest(ticket, missing) if ticket else None

    def ask_again(self) -> None:
        """Ask anew for tiles that have not come: of a model that is opened again."""
        if self._on_way and not self._on_way.complete:
            self._on_way = None
            self._ask()

    def take(self, tiles: TilesDecoded) -> None:
        """A slice of the tiles has come."""
        if self._on_way is None or self._tiles is None or tiles.ticket != self._on_way.ticket:
            return
        self._tiles.put(self._on_way.take(tiles.start, len(tiles.images)), tiles.images)
        self._paint()

    def on_resize(self) -> None:
        """Make tiles of the new size."""
        self.call_after_refresh(self.repaint)

    def repaint(self) -> None:
        """Begin anew, e.g. with other graphics or after having been hidden."""
        self._tiles = None
        self._rebuild()
        self._paint()

    def _paint(self) -> None:
        tiles, exploration = self._tiles, self._exploration
        if tiles is None or exploration is None:
            return
        image = tiles.image()
        k = pixels_a_column(self._port.renderer.graphics)
        anchors = exploration.bundle.space.anchors
        if len(anchors):
            colors = label_colors(anchors.labels)
            points = tiles.pixel_of(anchors.z)
            if colors:
                draw_points(image, points, [colors[label] for label in anchors.labels], k // 3)
            elif k > 2:  # larger pixels would hide the tiles, whose shade tells as much
                draw_density(image, points, k // 8)
        if len(self._trail) > 1:
            way = tiles.pixel_at(np.array(self._trail))
            draw_points(image, way, [(255, 255, 255)] * len(way), k // 8)
        at = tiles.pixel_of(exploration.z)
        if k > 2:
            draw_cursor(image, at, (0, 0, 0), k // 3 + 1)
        draw_cursor(image, at, (255, 220, 120), max(k // 3, 1))
        self._image.show(ComposedFrame(image))

    # The pointer

    def under(self, x: float, y: float) -> tuple[float, float]:
        """The plane's coordinates so many columns and rows of cells into the image."""
        tiles, place = self._tiles, self._image.placement
        assert tiles is not None
        assert place is not None
        height, width = tiles.size
        return tiles.coordinates_at(y / place.rows * height, x / place.columns * width)

    def _choose(self, event: events.MouseEvent) -> None:
        exploration, plane = self._exploration, self._plane
        place = self._image.placement
        if exploration is None or plane is None or place is None or self._tiles is None:
            return
        x = event.screen_offset.x - self._image.region.x - place.left + 0.5
        y = event.screen_offset.y - self._image.region.y - place.top + 0.5
        u, v = self.under(x, y)
        here = plane.project(exploration.z)
        z = plane.move(exploration.z, u - float(here[0]), v - float(here[1]))
        self.post_message(self.Chosen(z, self._gesture))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the point under the pointer, and follow it until release."""
        if event.button == 1:
            event.stop()
            self._dragging = True
            self._gesture += 1
            self.capture_mouse()
            self._choose(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer while its button is down."""
        if self._dragging:
            event.stop()
            self._choose(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._dragging:
            event.stop()
            self._dragging = False
            self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in."""
        event.stop()
        self.zoom(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out."""
        event.stop()
        self.zoom(-1)
