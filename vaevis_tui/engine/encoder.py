"""From images to latent vectors, by the encoder that a bundle may have; on the CPU, through onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import EngineError, Images, Latents
from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.runtime import open_session, reason_of

if TYPE_CHECKING:
    from vaevis_tui.models.bundle import Bundle


class Encoder:
    """q(z|x): of each image the mean of its latent vectors. May be used from one thread at a time.

    Attributes:
        note: What was taken of somebody's encoder, for people; or nothing.

    Args:
        bundle: A model that has an encoder.

    Raises:
        UserError: It has none, or one that is not supported.
    """

    def __init__(self, bundle: Bundle) -> None:
        path = bundle.encoder_path
        if path is None:
            raise UserError(f"model {bundle.name} has no encoder; a bundle with encoder.onnx has one")
        self._shape = (bundle.image_height, bundle.image_width, 3)
        self._channels, self._dim = bundle.channels, bundle.latent_dim
        self.note = ""
        if bundle.shipped:
            model: str | bytes = str(path)
        else:
            found = bundle.read_encoder(path)
            model = found.model.SerializeToString()
            self.note = found.decisions.note
        self._session = open_session(model, path, bundle.multiply_adds, accelerated=False)
        self._input: str = self._session.get_inputs()[0].name
        self._output: str = self._session.get_outputs()[0].name

    def encode(self, images: Images) -> Latents:
        """Latent vectors whose decodes should look like some images.

        Args:
            images: uint8 (n, h, w, 3), of the model's size; of a grey model the first channel counts.

        Returns:
            Posterior means, float32 (n, d).

        Raises:
            ValueError: The images have another type or shape.
            EngineError: The encoder failed.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != self._shape:
            raise ValueError(
                f"images are {images.dtype} {images.shape}; uint8 (n, {self._shape[0]}, "
                f"{self._shape[1]}, 3) is expected"
            )
        values = images[..., : self._channels].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
        found = np.empty((len(images), self._dim), np.float32)
        for row in range(len(values)):
            found[row] = self._run(values[row : row + 1])
        return found

    def _run(self, image: NDArray[np.float32]) -> Latents:
        try:
            (mean,) = self._session.run([self._output], {self._input: image})[0]
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            raise EngineError(reason_of(error)) from error
        if mean.shape != (self._dim,) or not np.isfinite(mean).all():
            raise EngineError(f"the encoder did not make {self._dim} finite numbers of the image")
        return np.asarray(mean, np.float32)
