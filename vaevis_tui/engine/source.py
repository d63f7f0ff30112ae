"""Input and output of the decode service: how to open a model, and decoded frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import Decoder, DecodeTimes


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded image with its latent vector.

    Attributes:
        number: Counts from 1 over the life of the service, across models.
        z: The latent vector, float32 (d,).
        image: uint8 (h, w, 3).
        times: Where the decode spent its time.
        tag: The tag that was passed to `DecodeService.submit`.
    """

    number: int
    z: NDArray[np.float32]
    image: NDArray[np.uint8]
    times: DecodeTimes
    tag: object = None


@dataclass(frozen=True, slots=True)
class DecoderSource:
    """How to open the decoders of one model; the service calls these in threads of its own.

    Attributes:
        open: Opens the first decoder. Raises UserError or EngineError.
        fallback: Opens a simpler one after an EngineError; takes the error's text, to show as the reason.
        upgrade: Opens a better one that takes longer to open, and verifies it against the first frame; runs
            in the background. Raises UserError or EngineError if there is none.
        check: Verifies the first image, uint8 (h, w, 3), of a z, float32 (d,), in the background. Raises
            EngineError if the decoder must be replaced.
        batches: Opens an `Interruptible` decoder for batches, in case the current one is slow and cannot be
            interrupted: a new z would have to wait for it.
        model: The caller's own handle of the model, for `DecodeService.serving` and `opening`.
    """

    open: Callable[[], Decoder]
    fallback: Callable[[str], Decoder] | None = None
    upgrade: Callable[[Frame], Decoder] | None = None
    check: Callable[[NDArray[np.float32], NDArray[np.uint8]], None] | None = None
    batches: Callable[[], Decoder] | None = None
    model: object = None


@runtime_checkable
class Cancellable(Protocol):
    """A decoder whose running `decode` another thread can cancel."""

    def cancel(self) -> None:
        """Make a running decode, and every later one, raise EngineError soon."""
        ...
