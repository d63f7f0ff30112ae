"""A second decoder, for background work that can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from vaevis_tui.engine.decoder import DecoderWrapper, Images, Latents
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.onnx_model.extra_inputs import with_values

AT_ONCE = 16
"""Images decoded between two looks at whether the work was cancelled."""


class Cancelled(Exception):  # noqa: N818  (it is no error)
    """The work was cancelled."""


class OwnDecoder(DecoderWrapper):
    """Decodes by onnxruntime, whatever the explorer decodes with: a GPU is not opened twice.

    Args:
        settings: Where decoders come from.
        bundle: The model.
        cancelled: Once it is set, `decode` raises `Cancelled`.
        values: What controls are set to, unless it decodes points.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        bundle: Bundle,
        cancelled: threading.Event,
        values: Sequence[float] = (),
    ) -> None:
        self._values = values
        self._decoder = settings.decoder_source(bundle, "onnxruntime").open()
        self._cancelled = cancelled

    def check(self) -> None:
        """Raise if the work was cancelled.

        Raises:
            Cancelled: It was.
        """
        if self._cancelled.is_set():
            raise Cancelled

    def decode(self, z: Latents) -> Images:
        """Decode z (n, d) or points, some at a time.

        Raises:
            Cancelled: The work was cancelled.
        """
        parts, z = [], with_values(z, self.info.latent_dim, self._values)
        for block in np.split(z, range(AT_ONCE, len(z), AT_ONCE)):
            self.check()
            parts.append(self._decoder.decode(block))
        return np.concatenate(parts)
