"""A map of a plane through the latent space: decoded tiles, what lies on it, and where one is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.plane import Extent, Plane, density_levels
from vaevis_tui.terminal.placement import resample

MOST_TILES = 150
"""Tiles of one map: as many as an image a tile decodes in about a second."""

COARSE = 2
"""The first pass decodes every second tile of every second row, and shows it four times."""

UNKNOWN = 24
"""Grey of a tile that was not decoded yet."""

SHADE = 0.4
"""Share of its brightness that a tile loses where the model has seen no data."""

DENSITY, DENSITY_MOST = 0.4, 0.6
"""Of what a pixel lacks to white, the share that one point without a label adds of the most that many add."""

LABEL_COLORS: tuple[tuple[int, int, int], ...] = (
    (255, 99, 97),
    (102, 194, 255),
    (120, 220, 120),
    (255, 190, 80),
    (200, 140, 255),
    (90, 230, 210),
    (255, 140, 200),
    (200, 210, 90),
    (150, 170, 255),
    (230, 230, 230),
)
"""One a label, in the order in which the labels come; they begin anew where there are more labels."""


def grid_of(height: int, width: int, tile: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of tiles, as many as fit and at most `MOST_TILES`, for an image of a map.

    Args:
        height: Pixels that there are for the map.
        width: The same.
        tile: Height and width in pixels of the smallest tile.
    """
    rows, columns = max(height // tile[0], 1), max(width // tile[1], 1)
    shrink = max(1.0, math.sqrt(rows * columns / MOST_TILES))
    rows = min(max(int(rows / shrink), 1), MOST_TILES)
    return rows, min(max(int(columns / shrink), 1), MOST_TILES // rows)


class TileMap:
    """What is known of one view of a plane.

    Args:
        plane: Through the latent space.
        extent: The visible part: left, right, bottom and top in the plane's coordinates.
        grid: Rows and columns of tiles.
        tile: Height and width of a tile in pixels.
    """

    def __init__(self, plane: Plane, extent: Extent, grid: tuple[int, int], tile: tuple[int, int]) -> None:
        self.plane = plane
        self.extent = extent
        self.grid = grid
        self.tile = tile
        rows, columns = grid
        u, v = plane.tile_centres(extent, columns, rows)
        self._u, self._v = np.meshgrid(u, v)
        levels = density_levels(plane.density(self._u, self._v)) / np.float32(255)
        self._light = (1 - SHADE + SHADE * levels).astype(np.float32)
        self._tiles = np.full((rows, columns, *tile, 3), UNKNOWN, np.uint8)
        self._known = np.zeros(grid, np.bool_)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of `image`."""
        return self.grid[0] * self.tile[0], self.grid[1] * self.tile[1]

    @property
    def missing(self) -> NDArray[np.intp]:
        """Indices of tiles that are not decoded, the coarse ones first, each pass from the middle out."""
        rows, columns = self.grid
        y, x = np.divmod(np.arange(rows * columns), columns)
        coarse = (y % COARSE == 0) & (x % COARSE == 0)
        off_centre = np.hypot((y + 0.5) / rows - 0.5, (x + 0.5) / columns - 0.5)
        order = np.lexsort((off_centre, ~coarse))
        return order[~self._known.reshape(-1)[order]]

    @property
    def complete(self) -> bool:
        """Whether every tile is decoded."""
        return bool(self._known.all())

    def latents(self, indices: ArrayLike) -> Latent:
        """What to decode for tiles, (n,) to float32 (n, d)."""
        at = np.asarray(indices, np.intp)
        return self.plane.at(self._u.reshape(-1)[at], self._v.reshape(-1)[at])

    def put(self, indices: ArrayLike, images: NDArray[np.uint8]) -> None:
        """Take in decoded tiles.

        Args:
            indices: Which, (n,).
            images: uint8 (n, h, w, 3), of any size.
        """
        height, width = self.tile
        for index, image in zip(np.asarray(indices).tolist(), images, strict=True):
            y, x = divmod(index, self.grid[1])
            self._tiles[y, x] = resized(image, height, width)
            self._known[y, x] = True

    def take_over(self, former: TileMap) -> None:
        """Keep what another view of the same plane has decoded at the same places.

        The same view of a plane beside it stands in until tiles of this one are decoded.
        """
        if former.tile != self.tile:
            return
        if former.plane is not self.plane:
            if (former.grid, former.extent) == (self.grid, self.extent):
                self._tiles[:] = former._tiles
            return
        places = {
            (round(u, 6), round(v, 6)): index
            for index, (u, v) in enumerate(
                zip(former._u.reshape(-1).tolist(), former._v.reshape(-1).tolist(), strict=True)
            )
            if former._known.reshape(-1)[index]
        }
        for index, (u, v) in enumerate(
            zip(self._u.reshape(-1).tolist(), self._v.reshape(-1).tolist(), strict=True)
        ):
            found = places.get((round(u, 6), round(v, 6)))
            if found is not None:
                y, x = divmod(index, self.grid[1])
                self._tiles[y, x] = former._tiles[divmod(found, former.grid[1])]
                self._known[y, x] = True

    def image(self) -> NDArray[np.uint8]:
        """The tiles as one image, uint8 (height, width, 3), darker where there are no data."""
        rows, columns = self.grid
        y, x = np.mgrid[:rows, :columns]
        coarse_y, coarse_x = y - y % COARSE, x - x % COARSE
        stands_in = ~self._known & self._known[coarse_y, coarse_x]
        source_y, source_x = np.where(stands_in, coarse_y, y), np.where(stands_in, coarse_x, x)
        tiles = self._tiles[source_y, source_x] * self._light[..., None, None, None]
        return np.asarray(np.rint(tiles.swapaxes(1, 2).reshape(*self.size, 3)), np.uint8)

    def pixel_of(self, points: ArrayLike) -> Coordinates:
        """Where latents lie on the image: z (..., d) to y and x in pixels, float64 (..., 2)."""
        return self.pixel_at(self.plane.project(points))

    def pixel_at(self, coordinates: ArrayLike) -> Coordinates:
        """The same of coordinates (u, v) of the plane, (..., 2)."""
        left, right, bottom, top = self.extent
        u, v = np.moveaxis(np.asarray(coordinates, np.float64), -1, 0)
        height, width = self.size
        return np.stack(((top - v) / (top - bottom) * height, (u - left) / (right - left) * width), axis=-1)

    def coordinates_at(self, y: float, x: float) -> tuple[float, float]:
        """The plane's coordinates (u, v) under a pixel of the image."""
        left, right, bottom, top = self.extent
        height, width = self.size
        return left + x / width * (right - left), top - y / height * (top - bottom)

    @property
    def step(self) -> tuple[float, float]:
        """The plane's units of one tile, along u and v."""
        left, right, bottom, top = self.extent
        return (right - left) / self.grid[1], (top - bottom) / self.grid[0]

    def panned(self, columns: int, rows: int) -> Extent:
        """The extent so many tiles further right and up: `take_over` then keeps what stays visible."""
        left, right, bottom, top = self.extent
        du, dv = self.step
        return left + columns * du, right + columns * du, bottom + rows * dv, top + rows * dv

    def zoomed(self, factor: float, about: tuple[float, float]) -> Extent:
        """The extent made smaller by a factor, with a point (u, v) staying where it is."""
        left, right, bottom, top = self.extent
        u, v = about
        return (
            u + (left - u) / factor,
            u + (right - u) / factor,
            v + (bottom - v) / factor,
            v + (top - v) / factor,
        )


def resized(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """An image (h, w, 3) at another size: the average over each pixel's area, or the nearest pixel."""
    if image.shape[:2] == (height, width):
        return image
    if image.shape[0] >= height and image.shape[1] >= width:
        return resample(image, height, width)
    y = np.arange(height) * image.shape[0] // height
    x = np.arange(width) * image.shape[1] // width
    return np.asarray(image[y[:, None], x])


def label_colors(labels: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """A colour for each label, in the order of their names; none where hardly any two share one."""
    names = sorted(set(labels))
    if len(names) > 2 * len(LABEL_COLORS):
        return {}
    return {name: LABEL_COLORS[index % len(LABEL_COLORS)] for index, name in enumerate(names)}


def draw_points(
    image: NDArray[np.uint8], points: Coordinates, colors: Iterable[tuple[int, int, int]], radius: int
) -> None:
    """Draw discs with dark rims on an image, in place.

    Args:
        image: uint8 (h, w, 3).
        points: y and x in pixels, (n, 2); those outside are left out.
        colors: One a point.
        radius: In pixels; 0 is a single pixel without a rim.
    """
    for (y, x), color in zip(np.floor(points).astype(int).tolist(), colors, strict=True):
        if not (0 <= y < image.shape[0] and 0 <= x < image.shape[1]):
            continue
        if radius == 0:
            image[y, x] = color
            continue
        reach = radius + 1
        top, left = max(y - reach, 0), max(x - reach, 0)
        part = image[top : y + reach + 1, left : x + reach + 1]
        rows, columns = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
        distance = (rows - y) ** 2 + (columns - x) ** 2
        part[distance <= reach * reach + 1] = 16
        part[distance <= radius * radius] = color


def draw_density(image: NDArray[np.uint8], points: Coordinates, radius: int) -> None:
    """Brighten an image in place where points lie, the more the more there are: what is below stays visible.

    Args:
        image: uint8 (h, w, 3).
        points: y and x in pixels, (n, 2); those outside are left out.
        radius: Of a point, in pixels; 0 is a single one.
    """
    height, width = image.shape[:2]
    at = np.floor(points).astype(int)
    at = at[((at >= 0) & (at < (height, width))).all(axis=1)]
    reach = np.arange(-radius, radius + 1)
    disc = np.argwhere(np.add.outer(reach**2, reach**2) <= radius * radius) - radius
    each = (at[:, None] + disc).reshape(-1, 2)
    each = each[((each >= 0) & (each < (height, width))).all(axis=1)]
    counts = np.zeros((height, width))
    np.add.at(counts, (each[:, 0], each[:, 1]), 1)
    share = DENSITY_MOST * (1 - (1 - DENSITY) ** counts)[..., None]
    image[...] = np.rint(image + (255 - image) * share)


def draw_cursor(
    image: NDArray[np.uint8], at: Coordinates, color: tuple[int, int, int], thickness: int
) -> None:
    """Draw a cross with an open middle at y and x in pixels, (2,), in place; at the border if outside."""
    height, width = image.shape[:2]
    y = int(np.clip(at[0], 0, height - 1))
    x = int(np.clip(at[1], 0, width - 1))
    arm, gap = 3 * thickness, thickness
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        for distance in range(gap, arm + 1):
            top, left = y + dy * distance, x + dx * distance
            across = thickness - 1
            part = image[
                max(top - across * abs(dx), 0) : top + across * abs(dx) + 1,
                max(left - across * abs(dy), 0) : left + across * abs(dy) + 1,
            ]
            if 0 <= top < height and 0 <= left < width:
                part[...] = color
