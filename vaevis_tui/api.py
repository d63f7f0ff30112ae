"""Decoding from Python: ``with vaevis_tui.load("mnist") as model: images = model.decode(z)``."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.engine.decoder import Decoder, DecoderInfo, Images, Latents, TuningMode
from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.engine.select import open_decoder
from vaevis_tui.latent.inversion import Inversion, invert
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.models.card import ModelCard


def load(model: str | Path, backend: str = "auto", tuning: TuningMode = "cached") -> Model:
    """Open a model for decoding; close it, or use it in a ``with`` statement.

    Args:
        model: Name of a shipped model, or the path of a bundle or of a bare .onnx decoder.
        backend: ``"auto"``, ``"wgpu"`` or ``"onnxruntime"``.
        tuning: Which of several kernels wgpu takes: those that an earlier session measured on this GPU
            (``"cached"``); ``"upfront"`` measures what was not measured yet, for up to two seconds,
            ``"background"`` does so while it decodes, ``"off"`` takes those that should be good.

    Raises:
        UserError: there is no such model or backend, or a file is not what it should be.
    """
    bundle = open_bundle(model)
    return Model(bundle, open_decoder(bundle, backend, tuning))


class Model:
    """A model that is ready to decode. May be used from one thread at a time."""

    def __init__(self, bundle: Bundle, decoder: Decoder) -> None:
        self._bundle = bundle
        self._decoder = decoder
        self._encoder: Encoder | None = None

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

    def sample(self, seed: int | np.random.Generator, n: int = 1) -> Latents:
        """Latent vectors, float32 (n, d), from what the data occupy; a seed gives the same z everywhere."""
        return self.space.sample(seed, n)

    def decode(self, z: ArrayLike) -> Images:
        """Decode latent vectors to images.

        Args:
            z: (n, d), or (d,) for one; anything that NumPy takes for numbers, used as float32.

        Returns:
            uint8 (n, h, w, 3), with n = 1 for one vector; grey models repeat their channel.

        Raises:
            ValueError: z is not numbers, has another shape, or holds NaN or infinities.
            EngineError: the device failed, and so did onnxruntime in its place.
        """
        vectors = _numbers(z)
        dim = self.info.latent_dim
        if vectors.ndim not in (1, 2) or vectors.shape[-1] != dim:
            raise ValueError(f"z has shape {vectors.shape}; ({dim},) or (n, {dim}) is expected")
        return self._decoder.decode(np.atleast_2d(vectors))

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

        It begins with what the model's encoder makes of the image, where there is one, and takes some
        hundred decodes.

        Args:
            image: uint8 (h, w, 3), of the model's size; one of another size wants to be cropped and resized
                as the model's training images were.

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
        return invert(self._decoder.decode, self.space, pixels, start)

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        self._decoder.close()
        self._encoder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _numbers(z: ArrayLike) -> Latents:
    try:
        array = np.asarray(z)
    except ValueError:  # rows of unequal length
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise ValueError("z is no array of numbers; real ones of shape (d,) or (n, d) are expected")
    with np.errstate(over="ignore"):  # what is too large for float32 is refused as infinite
        return array.astype(np.float32)
