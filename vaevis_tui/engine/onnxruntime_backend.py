"""The backend that runs everywhere: onnxruntime, on the best provider that the installed wheel has."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import DecoderInfo, DecodeTimes, EngineError, Latents, Pictures
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.models.card import one_line

if TYPE_CHECKING:
    import onnxruntime

PROVIDERS = (
    "CUDAExecutionProvider",
    "CoreMLExecutionProvider",
    "DmlExecutionProvider",
    "CPUExecutionProvider",
)
"""From best to the one that is always there."""


class OnnxRuntimeDecoder:
    """Decodes through onnxruntime. Keeps the contract of `vaevis_tui.engine.decoder.Decoder`.

    Args:
        model: A bundle, or the path of one or of a bare .onnx file.
        reason: Why this backend was taken, for `DecoderInfo.reason`.

    Raises:
        UserError: the model is not one that is supported.
    """

    def __init__(self, model: Bundle | Path, reason: str = "") -> None:
        bundle = model if isinstance(model, Bundle) else open_bundle(model)
        self._session: onnxruntime.InferenceSession | None = _session(bundle)
        self._input = self._session.get_inputs()[0].name
        self._times = DecodeTimes()
        self._info = DecoderInfo(
            backend="onnxruntime",
            adapter=self._session.get_providers()[0],
            precision="float32",
            latent_dim=bundle.latent_dim,
            image_height=bundle.image_height,
            image_width=bundle.image_width,
            channels=bundle.channels,
            reason=reason,
        )

    @property
    def info(self) -> DecoderInfo:
        """What decodes, and what it makes."""
        return self._info

    @property
    def times(self) -> DecodeTimes:
        """Where the last `decode` spent its time."""
        return self._times

    def decode(self, z: Latents) -> Pictures:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `Decoder.decode`."""
        began = time.perf_counter()
        if self._session is None:
            raise EngineError("the decoder is closed")
        z = np.ascontiguousarray(z, np.float32)
        if z.ndim != 2 or z.shape[1] != self._info.latent_dim:
            raise ValueError(f"z has shape {z.shape}; (n, {self._info.latent_dim}) is supported")
        if not np.isfinite(z).all():
            raise ValueError("z holds NaN or infinities")
        try:
            (images,) = self._session.run(None, {self._input: z})
        except Exception as error:
            raise EngineError(f"onnxruntime: {one_line(str(error))}") from error
        computed = time.perf_counter()
        pictures = to_pictures(images)
        self._times = DecodeTimes(0.0, computed - began, time.perf_counter() - computed)
        return pictures

    def close(self) -> None:
        """Free the session; closing twice is harmless."""
        self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def to_pictures(images: NDArray[np.float32]) -> Pictures:
    """Float images (n, 1 or 3, h, w) to uint8 (n, h, w, 3): round(255 * clip(y, 0, 1)), ties to even."""
    scaled = np.rint(np.clip(images, 0, 1) * np.float32(255)).astype(np.uint8)
    return np.ascontiguousarray(
        np.broadcast_to(np.moveaxis(scaled, 1, 3), (*scaled.shape[:1], *scaled.shape[2:], 3))
    )


def _session(bundle: Bundle) -> Any:
    import onnxruntime

    available = onnxruntime.get_available_providers()
    providers = [name for name in PROVIDERS if name in available]
    try:
        return onnxruntime.InferenceSession(str(bundle.decoder_path), providers=providers)
    except Exception as error:
        raise UserError(f"{bundle.decoder_path}: onnxruntime: {one_line(str(error))}") from None
