"""A model that is ready: decode, encode, invert, and what is made of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.api import tables
from vaevis_tui.api.animations import Animation
from vaevis_tui.api.codec import Codec
from vaevis_tui.api.latents import as_latent, as_latents, as_rows
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.errors import UserError
from vaevis_tui.latent.axes import AxisSet, axis_sets
from vaevis_tui.latent.motion.journey import Ease, Journey
from vaevis_tui.latent.motion.paths import random_walk
from vaevis_tui.latent.motion.walk import unhurried_speed
from vaevis_tui.latent.plane import best_plane, plane_of_axes

if TYPE_CHECKING:
    from vaevis_tui.api.widget import ExplorerWidget


class Model(Codec):
    """A model that is ready: `vaevis_tui.load` opens one, and a ``with`` statement or `close` closes it.

    z, a latent vector, is float32 (d,), many are (n, d); images are uint8 (n, h, w, 3). A notebook shows what
    the verbs give, and all but images have ``save``. May be used from one thread at a time.
    """

    def reconstructions(
        self, pictures: ArrayLike, z: ArrayLike | None = None, names: Sequence[str] = ()
    ) -> ImageGrid:
        """Pictures above what the model makes of them.

        Args:
            pictures: uint8 (n, h, w, 3), of the model's size.
            z: Their latent vectors, (n, d); None encodes them.
            names: One a picture, written above it.

        Raises:
            ValueError: The pictures or vectors have another type or shape.
            UserError: The model has no encoder, and no vectors were given.
        """
        array = np.asarray(pictures)
        latents = self.encode(array) if z is None else as_latents(z, self.info.latent_dim)
        return tables.reconstructions(self, array, latents, names)

    def grid(self, seed: int = 0, rows: int = 4, columns: int = 6) -> ImageGrid:
        """Random samples in rows and columns; see `sample`.

        Raises:
            ValueError: There are no rows or no columns, or the seed is negative.
        """
        return tables.samples(self, seed, rows, columns)

    def interpolate(
        self, start: ArrayLike, end: ArrayLike, steps: int = 9, *, ease: Ease = "none"
    ) -> ImageGrid:
        """Ways from some latent vectors to others, a row each, by slerp in whitened coordinates.

        Args:
            start: (d,) or (rows, d); or points.
            end: The same.
            steps: Images of a row, at least 2.
            ease: ``"ends"`` for smaller steps at both ends.

        Raises:
            ValueError: The vectors do not fit the model or each other.
        """
        return tables.interpolation(self, self._points(start), self._points(end), steps, ease)

    def journey(
        self,
        stops: ArrayLike,
        frames: int = 96,
        *,
        loop: bool = True,
        ease: Ease = "stops",
        rate: float = 24.0,
    ) -> Animation:
        """A tour through some latent vectors, at a speed that looks constant.

        Args:
            stops: (n, d), n at least 2; or points.
            frames: How many.
            loop: Whether it goes back to the first one.
            ease: Whether it slows down nowhere (``"none"``), at its ends or at every stop.
            rate: Frames a second.

        Raises:
            ValueError: The stops are too few or do not fit the model, or a number is out of range.
        """
        way = Journey(self.space, self._points(stops), loop=loop, ease=ease)
        samples = way.samples()
        images = np.asarray(self.decode(samples.reshape(-1, samples.shape[-1])))
        way = way.measured(images.reshape(*samples.shape[:2], *images.shape[1:]))
        z = tables.along(way, np.linspace(0, 1, frames, endpoint=not loop))
        return Animation(self.decode, z, self.info.image_size, rate, loop)

    @cached_property
    def axes(self) -> tuple[AxisSet, ...]:
        """What can be moved along: dimensions, principal axes, and directions where the model has some."""
        return axis_sets(self.space)

    def traverse(
        self,
        rows: Sequence[str] = (),
        sigmas: Sequence[float] = (-3, -2, -1, 0, 1, 2, 3),
        *,
        z: ArrayLike | None = None,
    ) -> ImageGrid:
        """What axes do to an image: a row an axis, a column a coordinate of it.

        Args:
            rows: Names of axes, ``"z7"``, ``"axis 2"`` or a direction's, or of sets of them,
                ``"dimensions"``, ``"axes"`` or ``"directions"``. None: directions, or eight principal axes.
            sigmas: Coordinates on the axis, in standard deviations of the data from their mean.
            z: What is moved, (d,); None is an example of the data.

        Raises:
            ValueError: There is no such axis, or z does not fit the model.
        """
        return tables.traversal(self, self._here(z), self._rows(rows), sigmas)

    def swing(
        self,
        rows: Sequence[str] = (),
        ends: tuple[float, float] = (-3, 3),
        frames: int = 96,
        *,
        z: ArrayLike | None = None,
        rate: float = 24.0,
    ) -> Animation:
        """What `traverse` shows, in time: all axes side by side, from one coordinate to another and back.

        Args:
            rows: As of `traverse`.
            ends: Coordinates on the axes, in sigma from the mean.
            frames: How many, at least 2; it slows down at the ends, and the last one leads to the first.
            z: As of `traverse`.
            rate: Frames a second.

        Raises:
            ValueError: There is no such axis, or z does not fit the model.
        """
        return self.animate(tables.back_and_forth(self._here(z), self._rows(rows), ends, frames), rate=rate)

    def map(
        self,
        rows: Sequence[str] = (),
        *,
        tiles: tuple[int, int] = (12, 12),
        extent: tuple[float, float, float, float] | None = None,
        z: ArrayLike | None = None,
    ) -> ImageGrid:
        """A plane through the space, in tiles.

        Args:
            rows: Two axes of one set, the first to the right; none for a two-dimensional model's own
                plane, or the one that shows most of the anchors.
            tiles: Columns and rows.
            extent: Left, right, bottom and top, in sigmas of the axes; None shows the data.
            z: Through which latent vector, (d,); None for the mean.

        Raises:
            ValueError: There are no such axes, or z does not fit the model.
        """
        plane = plane_of_axes(*tables.two_rows(self.axes, rows)) if rows else best_plane(self.space)
        if z is not None:
            plane = plane.through(as_latent(z, self.info.latent_dim))
        columns, down = tiles
        return tables.plane_map(self, plane, extent or plane.extent(), columns, down)

    def animate(self, z: ArrayLike, *, rate: float = 24.0, loop: bool = True) -> Animation:
        """Latent vectors as frames: (n, d), or (n, k, d) for k images side by side.

        Raises:
            ValueError: z is not numbers or has another shape, or the rate is not above 0.
        """
        vectors = as_rows(z, self.info.latent_dim, len(self._bundle.controls))
        return Animation(self.decode, vectors, self.info.image_size, rate, loop)

    def walk(
        self,
        seed: int = 0,
        frames: int = 96,
        *,
        z: ArrayLike | None = None,
        rate: float = 24.0,
        speed: float | None = None,
        loop: bool = True,
    ) -> Animation:
        """A random walk where the data lie.

        Args:
            seed: Of the walk, and of where it begins.
            frames: How many.
            z: Where it begins instead, (d,).
            rate: Frames a second.
            speed: Whitened standard deviations a second; None suits the eye.
            loop: Whether the last frame leads to the first.

        Raises:
            ValueError: A number is out of range, or z does not fit the model.
        """
        start = self.sample(seed)[0] if z is None else as_latent(z, self.info.latent_dim)
        pace = unhurried_speed(self.space) if speed is None else speed
        way = random_walk(self.space, start, seed, frames, rate=rate, speed=pace, loop=loop)
        return Animation(self.decode, way, self.info.image_size, rate, loop)

    def widget(self, z: ArrayLike | None = None, *, height: int = 640) -> ExplorerWidget:
        """The explorer in a cell of a Jupyter notebook; its ``z`` is the latent on show, both ways.

        Args:
            z: Where it begins, (d,); None at an example of the data.
            height: Of the cell, in CSS pixels, 240 at least.

        Raises:
            UserError: anywidget is not installed.
            ValueError: z does not fit the model.
        """
        if importlib.util.find_spec("anywidget") is None:
            raise UserError("widget needs anywidget; install it with: pip install 'vaevis-tui[notebook]'")
        from vaevis_tui.api.widget import ExplorerWidget

        return ExplorerWidget(self._bundle, self._decoder, self._here(z), height)

    def _rows(self, names: Sequence[str]) -> list[tuple[AxisSet, int]]:
        return tables.find_rows(self.axes, names) if names else tables.default_rows(self.axes)
