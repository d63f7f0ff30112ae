"""A decoder beside the explorer's own, for work in another thread that may be given up."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np

from vaevis_tui.engine.decoder import Decoder, DecoderInfo, DecodeTimes, Images, Latents
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.onnx_model.settings import with_values

AT_ONCE = 16
"""Images that are decoded before it is seen whether anybody still wants them."""


class Cancelled(Exception):  # noqa: N818  (it is no error)
    """The work was given up."""


class OwnDecoder:
    """Decodes by onnxruntime, whatever the explorer decodes with: a GPU is not opened twice.

    Args:
        settings: Where decoders come from.
        bundle: The model.
        unwanted: Once it is set, `decode` raises `Cancelled`.
        values: What controls are set to, unless it decodes points.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        bundle: Bundle,
        unwanted: threading.Event,
        values: Sequence[float] = (),
    ) -> None:
        self._values = values
        self._decoder: Decoder = settings.decoder_source(bundle, "onnxruntime").open()
        self._unwanted = unwanted

    @property
    def info(self) -> DecoderInfo:
        """What decodes."""
        return self._decoder.info

    @property
    def times(self) -> DecodeTimes:
        """Of the last images."""
        return self._decoder.times

    def check(self) -> None:
        """See that the work is still wanted.

        Raises:
            Cancelled: It was given up.
        """
        if self._unwanted.is_set():
            raise Cancelled

    def decode(self, z: Latents) -> Images:
        """Decode z (n, d) or points, some at a time.

        Raises:
            Cancelled: The work was given up.
        """
        parts, z = [], with_values(z, self.info.latent_dim, self._values)
        for block in np.split(z, range(AT_ONCE, len(z), AT_ONCE)):
            self.check()
            parts.append(self._decoder.decode(block))
        return np.concatenate(parts)

    def close(self) -> None:
        """Free the decoder."""
        self._decoder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
