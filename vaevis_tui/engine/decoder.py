"""The contract that every backend keeps: a latent vector in, an image out, and where the time went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import EngineError as EngineError
from vaevis_tui.latent.arrays import unfit_latents
from vaevis_tui.onnx_model.extra_inputs import ExtraInput, filled

Latents = NDArray[np.float32]
"""Latent vectors, float32 of shape (n, d)."""

Images = NDArray[np.uint8]
"""Decoded images, uint8 of shape (n, h, w, 3)."""


TuningMode = Literal["off", "cached", "upfront", "background"]
"""Which of several kernels the wgpu backend takes.

``"off"``: those expected to be the fastest. ``"cached"``: those that an earlier session measured.
Measured now:
``"upfront"``, before the first image, and ``"background"``, while decoding goes on."""


@dataclass(frozen=True, slots=True)
class DecoderInfo:
    """What decodes, and what it makes.

    Attributes:
        backend: ``"wgpu"`` or ``"onnxruntime"``.
        adapter: The device as its driver names it, e.g. ``"llvmpipe (LLVM 15.0.6, 256 bits)"`` or
            ``"CPUExecutionProvider"``.
        precision: How weights are stored on the device, e.g. ``"float16"`` or ``"float32"``.
        latent_dim: Length d of a latent vector.
        image_height: Image height in pixels.
        image_width: Image width in pixels.
        channels: Channels of the model's own output, 1 or 3; images always have three.
        reason: Why this backend was taken, one clause for people, e.g. ``"no hardware GPU found"``.
    """

    backend: str
    adapter: str
    precision: str
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    reason: str = ""

    @property
    def image_size(self) -> tuple[int, int]:
        """Image size as (height, width) in pixels."""
        return self.image_height, self.image_width


@dataclass(frozen=True, slots=True)
class DecodeTimes:
    """Seconds that the last decode spent in each stage, on the wall clock of the calling thread.

    Attributes:
        submit: Handing z and the commands to the device.
        compute: Waiting for the device, the copy back included where the backend cannot tell them apart.
        unpack: From what came back to uint8 (n, h, w, 3).
    """

    submit: float = 0.0
    compute: float = 0.0
    unpack: float = 0.0

    @property
    def total(self) -> float:
        """Seconds from call to return."""
        return self.submit + self.compute + self.unpack


class Decoder(Protocol):
    """A model that is ready to decode; it owns its device and is closed by whoever opened it.

    A decoder may be used from one thread at a time.
    """

    @property
    def info(self) -> DecoderInfo:
        """What decodes, and what it makes."""
        ...

    @property
    def times(self) -> DecodeTimes:
        """Where the last `decode` spent its time."""
        ...

    def decode(self, z: Latents) -> Images:
        """Decode latent vectors, float32 (n, d), to images, uint8 (n, h, w, 3); grey repeats its channel.

        Of a model with controls z may be points, which say what these are set to (`onnx_model.extra_inputs`).

        Pixels are ``round(255 * clip(y, 0, 1))`` of the graph's output y, ties to even. No latents, no
        images.

        Raises:
            ValueError: z has another shape than (n, d), or holds NaN or infinities.
            EngineError: the device failed; the decoder must be closed and another opened.
        """
        ...

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Closing:
    """What is closed at the end of a ``with``."""

    def close(self) -> None:
        """Give back what it owns; closing twice is harmless."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DecoderWrapper(Closing):
    """A decoder that has another, ``_decoder``, decode."""

    _decoder: Decoder

    @property
    def info(self) -> DecoderInfo:
        """What decodes now, and what it makes."""
        return self._decoder.info

    @property
    def times(self) -> DecodeTimes:
        """Where the last decode spent its time."""
        return self._decoder.times

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        self._decoder.close()


@runtime_checkable
class Pipelined(Protocol):
    """A decoder that computes one image while the one before is read back."""

    def decode_on(self, z: Latents, following: Callable[[], Latents | None]) -> Images:
        """Decode as `Decoder.decode` does, and begin with the next latents as soon as the device is free.

        Args:
            z: float32 (n, d); of no cost to the device where the call before began with it.
            following: Called when the device is done with z, before its images are read: what to begin
                with, or None.

        Raises:
            ValueError, EngineError: As `Decoder.decode`, about z; what is wrong with the following shows when
                its turn comes.
        """
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A decoder that another thread can make leave a batch between two operators, and that then goes on."""

    def decode_unless_interrupted(self, z: Latents) -> Images | None:
        """Decode as `Decoder.decode` does; None where `interrupt` was called meanwhile."""
        ...

    def interrupt(self) -> None:
        """Stop a running `decode_unless_interrupted` soon; nothing if none runs."""
        ...


def checked_latents(z: Latents, dim: int, controls: Sequence[ExtraInput] = ()) -> Latents:
    """Latent vectors as a decoder takes them, float32 (n, d) in C order, with what its controls are set to.

    Raises:
        ValueError: z has another shape, or holds NaN, infinities or numbers beyond `LARGEST_LATENT`.
    """
    vectors = filled(np.ascontiguousarray(z, np.float32), dim, controls)
    if unfit := unfit_latents(vectors):
        raise ValueError(f"z {unfit}")
    return vectors


_PLAIN_WORDS = {
    "Parent device is lost": "the device was lost",
    "Not enough memory left": "the device has no memory left",
}


def in_plain_words(message: str) -> str:
    """What wgpu says, as a person would say it, for what happens on healthy machines too."""
    return next((plain for said, plain in _PLAIN_WORDS.items() if said in message), message)
