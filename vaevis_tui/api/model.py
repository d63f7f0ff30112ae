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
from vaevis_tui.api.images import ImageArray, as_images
from vaevis_tui.api.latents import as_latents, as_rows
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.engine.decoder import Closing, Decoder, DecoderInfo, Images, Latents
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.errors import UserError
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.latent.axes import AxisSet, axis_sets
from vaevis_tui.latent.controls import changed, values_of
from vaevis_tui.latent.inversion import Inversion, invert
from vaevis_tui.latent.motion.journey import Ease, Journey
from vaevis_tui.latent.motion.paths import random_walk
from vaevis_tui.latent.motion.walk import unhurried_speed
from vaevis_tui.latent.plane import best_plane, plane_of_axes
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.models.card import ModelCard
from vaevis_tui.models.identity import decoder_hash, model_reference, other_decoder_note
from vaevis_tui.onnx_model.settings import with_values

if TYPE_CHECKING:
    from vaevis_tui.api.widget import ExplorerWidget


class Model(Closing):
    """A model that is ready: `vaevis_tui.load` opens one, and a ``with`` statement or `close` closes it.

    z, a latent vector, is float32 (d,), many are (n, d); images are uint8 (n, h, w, 3). A notebook shows what
    the verbs give, and all but images have ``save``. May be used from one thread at a time.
    """

    def __init__(self, bundle: Bundle, decoder: Decoder) -> None:
        self._bundle = bundle
        self._decoder = decoder
        self._encoder: Encoder | None = None
        self._values: tuple[float, ...] = ()
        """What the controls were set to; nothing: as the model was opened."""

    def __repr__(self) -> str:
        dim, (height, width) = self.info.latent_dim, self.info.image_size
        return f"<Model {self.title}: {dim} dimensions, {height} x {width} pixels, {self.info.backend}>"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken of a model of one's own and why, e.g. which values are black and white."""
        return self._bundle.notes

    @property
    def info(self) -> DecoderInfo:
        """Backend, adapter, latent and image size, and why this backend was taken."""
        return self._decoder.info

    @property
    def space(self) -> LatentSpace:
        """The latent space: statistics, principal axes, anchors."""
        return self._bundle.space

    @property
    def card(self) -> ModelCard | None:
        """The model card; None for a bare .onnx file."""
        return self._bundle.card

    @property
    def name(self) -> str:
        """Short name for people: the card's, or the file's without its ending."""
        return self._bundle.name

    @property
    def title(self) -> str:
        """The name, and the version that the card has."""
        return self.name if self.card is None else f"{self.name} {self.card.version}"

    @property
    def controls(self) -> dict[str, float]:
        """What the decoder takes beside z, by name, as it is set: a class, a number, the seed of noise."""
        found = self._bundle.controls
        return dict(zip((each.name for each in found), self._values or values_of(found), strict=True))

    def set(self, **values: float) -> None:
        """Set some of the controls, e.g. ``model.set(label=3)``; every image from now on has them so.

        Raises:
            ValueError: There is none of that name, or it cannot have that value.
        """
        self._values = changed(self._bundle.controls, tuple(self.controls.values()), values)

    def points(self, z: ArrayLike) -> Latents:
        """Latent vectors (..., d) and after them what the controls are set to; points stay what they are."""
        return with_values(np.asarray(z, np.float32), self.info.latent_dim, tuple(self.controls.values()))

    def settle(self, point: ArrayLike) -> Latents:
        """Set the controls as points (n, d + k) have them, by the first; their z, (n, d)."""
        array, dim = np.asarray(point, np.float32), self.info.latent_dim
        if array.shape[-1] > dim:
            self.set(**dict(zip(self.controls, array[0, dim:].tolist(), strict=True)))
        return array[:, :dim]

    def snapshot_info(self, z: ArrayLike, seed: int | None = None) -> SnapshotInfo:
        """What a PNG of one latent vector (d,) or point remembers: enough to open it again anywhere."""
        return SnapshotInfo(
            model=model_reference(self._bundle),
            version=self.card.version if self.card else "",
            z=tuple(float(value) for value in self.points(z)),
            seed=seed,
            backend=self.info.backend,
            decoder_hash=decoder_hash(self._bundle),
        )

    def differs_from(self, info: SnapshotInfo) -> str:
        """Why this is not the model that made a snapshot, one line; empty where it is, as far as is known."""
        return other_decoder_note(self._bundle, self.title, info.decoder_hash)

    def sample(self, seed: int | np.random.Generator, n: int = 1) -> Latents:
        """Latent vectors, float32 (n, d), from what the data occupy; a seed gives the same z everywhere."""
        return self.space.sample(seed, n)

    def decode(self, z: ArrayLike) -> ImageArray:
        """Decode latent vectors to images.

        Args:
            z: (n, d), or (d,) for one; anything that NumPy takes for numbers, used as float32. Of a model
                with controls their values may follow z, in the order of `controls`, for each image its own.

        Returns:
            uint8 (n, h, w, 3), with n = 1 for one vector; grey models repeat their channel.

        Raises:
            ValueError: z is not numbers, has another shape, or holds NaN or infinities.
            EngineError: the device failed, and so did onnxruntime in its place.
        """
        return as_images(self._decode(as_latents(z, self.info.latent_dim, len(self._bundle.controls))))

    def _decode(self, z: Latents) -> Images:
        return self._decoder.decode(with_values(z, self.info.latent_dim, self._values))

    def from_sigma(self, sigma: ArrayLike) -> Latents:
        """Latent vectors of sigma coordinates, (..., d): standard deviations of the data from their mean."""
        return self.space.from_sigma(sigma)

    def encode(self, images: ArrayLike) -> Latents:
        """Encode images to latent vectors, by the model's encoder.

        Args:
            images: uint8 (n, h, w, 3), or (h, w, 3) for one, of the model's size.

        Returns:
            Posterior means, float32 (n, d), with n = 1 for one image.

        Raises:
            ValueError: The images have another type or shape.
            UserError: The model has no encoder, or one that is not supported.
            EngineError: The encoder failed.
        """
        if self._encoder is None:
            self._encoder = Encoder(self._bundle)
        array = np.asarray(images)
        return self._encoder.encode(array[None] if array.ndim == 3 else array)

    def invert(self, image: ArrayLike) -> Inversion:
        """Find the latent vector whose decode comes nearest to an image; see `vaevis_tui.latent.inversion`.

        It begins where the model's encoder, if it has one, puts the image, and takes some hundred decodes.

        Args:
            image: uint8 (h, w, 3), of the model's size, cropped as its training images were.

        Returns:
            The vector, float32 (d,), and how far its decode is from the image.

        Raises:
            ValueError: The image has another type or shape.
            UserError: The model's encoder is not one that is supported.
            EngineError: The device failed, and so did onnxruntime in its place.
        """
        pixels, wanted = np.asarray(image), (*self.info.image_size, 3)
        if pixels.dtype != np.uint8 or pixels.shape != wanted:
            raise ValueError(f"the image is {pixels.dtype} {pixels.shape}; uint8 {wanted} is expected")
        start = None if self._bundle.encoder_path is None else self.encode(pixels)[0]
        return invert(self._decode, self.space, pixels, start)

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
        """Random samples in rows and columns; see `sample`."""
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
            plane = plane.through(as_latents(z, self.info.latent_dim)[0])
        return tables.plane_map(self, plane, extent or plane.extent(), *tiles)

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
        start = self.sample(seed)[0] if z is None else as_latents(z, self.info.latent_dim)[0]
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

    def _points(self, z: ArrayLike) -> Latents:
        return self.points(as_latents(z, self.info.latent_dim, len(self._bundle.controls)))

    def _here(self, z: ArrayLike | None) -> Latents:
        return self.space.first_look if z is None else as_latents(z, self.info.latent_dim)[0]

    def _rows(self, names: Sequence[str]) -> list[tuple[AxisSet, int]]:
        return tables.find_rows(self.axes, names) if names else tables.default_rows(self.axes)

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        self._decoder.close()
        self._encoder = None
