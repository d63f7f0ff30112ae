"""What a model turns into what: latent vectors to images, and images to latent vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.api.images import ImageArray, as_images
from vaevis_tui.api.latents import as_latent, as_latents
from vaevis_tui.engine.decoder import Closing, Decoder, DecoderInfo, Images, Latents
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.latent.controls import changed, values_of
from vaevis_tui.latent.inversion import Inversion, invert
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.models.card import ModelCard
from vaevis_tui.models.identity import decoder_hash, model_reference, other_decoder_note
from vaevis_tui.onnx_model.extra_inputs import with_values


def snapshot_info(bundle: Bundle, point: Latents, seed: int | None, backend: str) -> SnapshotInfo:
    """What a PNG of one latent vector (d,) or point remembers: enough to open it again anywhere."""
    return SnapshotInfo(
        model=model_reference(bundle),
        version=bundle.card.version if bundle.card else "",
        z=tuple(point.tolist()),
        seed=seed,
        backend=backend,
        decoder_hash=decoder_hash(bundle),
    )


class Codec(Closing):
    """A model's decoder, its encoder if it has one, and its latent space.

    z, a latent vector, is float32 (d,), many are (n, d); images are uint8 (n, h, w, 3).
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
        """What a PNG of one latent vector (d,) or point remembers: enough to open it again anywhere.

        Raises:
            ValueError: z has another shape.
        """
        point = self.points(as_latent(z, self.info.latent_dim, len(self._bundle.controls)))
        return snapshot_info(self._bundle, point, seed, self.info.backend)

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
        pixels, expected = np.asarray(image), (*self.info.image_size, 3)
        if pixels.dtype != np.uint8 or pixels.shape != expected:
            raise ValueError(f"the image is {pixels.dtype} {pixels.shape}; uint8 {expected} is expected")
        start = None if self._bundle.encoder_path is None else self.encode(pixels)[0]
        return invert(self._decode, self.space, pixels, start)

    def _points(self, z: ArrayLike) -> Latents:
        return self.points(as_latents(z, self.info.latent_dim, len(self._bundle.controls)))

    def _here(self, z: ArrayLike | None) -> Latents:
        return self.space.first_look if z is None else as_latent(z, self.info.latent_dim)

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        self._decoder.close()
        self._encoder = None
