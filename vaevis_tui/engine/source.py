"""What goes into the decode service and what comes out: how to open a model, and frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import Decoder, DecodeTimes


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded image and what it shows.

    Attributes:
        number: Counts from 1 over the life of the worker, across models.
        z: The latent vector, float32 (d,).
        image: uint8 (h, w, 3).
        times: Where the decode spent its time.
        tag: What `DecodeService.submit` was given with z.
    """

    number: int
    z: NDArray[np.float32]
    image: NDArray[np.uint8]
    times: DecodeTimes
    tag: object = None


@dataclass(frozen=True, slots=True)
class DecoderSource:
    """How to come by a decoder of one model; the worker calls these in threads of its own.

    Attributes:
        open: Opens the decoder to start with. Raises UserError or EngineError.
        fallback: Opens a simpler one after an EngineError; is given its text, to show as the reason.
        upgrade: Opens a better one that takes longer to open, and sees that it makes of z what the frame, the
            first one, shows; runs beside decoding. Raises UserError or EngineError where there is none.
        check: Judges that first image, uint8 (h, w, 3), by its z, float32 (d,), beside decoding too. Raises
            EngineError where the decoder is to be replaced.
        batches: Opens an `Interruptible` decoder, which decodes batches where the one that serves is slow and
            cannot be interrupted: a new z would have to wait for it.
        model: What the caller knows the model by, for `DecodeService.serving` and `opening`.
    """

    open: Callable[[], Decoder]
    fallback: Callable[[str], Decoder] | None = None
    upgrade: Callable[[Frame], Decoder] | None = None
    check: Callable[[NDArray[np.float32], NDArray[np.uint8]], None] | None = None
    batches: Callable[[], Decoder] | None = None
    model: object = None


@runtime_checkable
class Cancellable(Protocol):
    """A decoder whose running `decode` another thread can cut short."""

    def cancel(self) -> None:
        """Make a running decode, and every later one, raise EngineError soon."""
        ...
