"""Decoders that can be held and fail, and the news of a decode service."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from vaevis_tui.engine.batches import SLICE_SECONDS
from vaevis_tui.engine.decoder import Decoder, DecoderInfo, DecodeTimes, EngineError, Images, Latents
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame

TIMEOUT = 20.0
"""Seconds until a wait is given up: far more than anything here takes."""


class StubDecoder:
    """Paints z[0] everywhere, and can be held in the middle of a decode."""

    def __init__(self, name: str = "stub", dim: int = 2) -> None:
        self.info = DecoderInfo(name, "none", "float32", dim, 4, 4, 1)
        self.times = DecodeTimes(compute=0.001)
        self.decoded: list[float] = []
        self.began = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        self.failure: Exception | None = None
        self.closed = threading.Event()
        self.thread: threading.Thread | None = None

    def decode(self, z: Latents) -> Images:
        self.thread = threading.current_thread()
        self.began.release()
        assert self.go_on.wait(TIMEOUT)
        if self.failure is not None:
            raise self.failure
        if z.shape != (1, self.info.latent_dim):
            raise ValueError(f"z has shape {z.shape}")
        self.decoded.append(float(z[0, 0]))
        return np.full((1, 4, 4, 3), z[0, 0], np.uint8)

    def wait_until_decoding(self) -> None:
        assert self.began.acquire(timeout=TIMEOUT)

    def close(self) -> None:
        self.closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PipelinedStub(StubDecoder):
    """Begins with what follows when it is let go on; can be held once more while an image is read back."""

    def __init__(self, name: str = "stub", dim: int = 2) -> None:
        super().__init__(name, dim)
        self.begun: list[float | None] = []
        self.free = threading.Semaphore(0)
        self.read_back = threading.Event()
        self.read_back.set()
        self.failure_while_reading: Exception | None = None

    def decode_on(self, z: Latents, following: Callable[[], Latents | None]) -> Images:
        images = self.decode(z)
        found = following()
        self.begun.append(None if found is None else float(found[0, 0]))
        self.free.release()
        assert self.read_back.wait(TIMEOUT)
        if self.failure_while_reading is not None:
            raise self.failure_while_reading
        return images


class CancellableStub(StubDecoder):
    def cancel(self) -> None:
        self.failure = EngineError("cancelled")
        self.go_on.set()


class BatchStub(StubDecoder):
    """Takes any number at once; a slice is 4 images, and can be interrupted while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.times = DecodeTimes(compute=4 * SLICE_SECONDS / 4)
        self.interrupted = threading.Event()
        self.slices: list[list[float]] = []

    def decode(self, z: Latents) -> Images:
        if len(z) == 1:
            return super().decode(z)
        return np.stack([super(BatchStub, self).decode(each[None])[0] for each in z])

    def decode_unless_interrupted(self, z: Latents) -> Images | None:
        self.slices.append(z[:, 0].tolist())
        self.interrupted.clear()
        images = self.decode(z)
        return None if self.interrupted.is_set() else images

    def interrupt(self) -> None:
        self.interrupted.set()
        self.go_on.set()


class EngineEvent:
    """What a worker called back, in order."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Frame | Exception | DecoderInfo] = queue.Queue()
        self.put = self._queue.put

    def next(self) -> Frame | Exception | DecoderInfo:
        return self._queue.get(timeout=TIMEOUT)

    def frame(self) -> Frame:
        found = self.next()
        assert isinstance(found, Frame), found
        return found

    def opened(self) -> DecoderInfo:
        found = self.next()
        assert isinstance(found, DecoderInfo), found
        return found

    def error(self) -> Exception:
        found = self.next()
        assert isinstance(found, Exception), found
        return found

    def assert_none(self) -> None:
        assert self._queue.empty()


Start = Callable[..., DecodeService]


def fails_with(error: Exception) -> Callable[..., Decoder]:
    def fail(*_: object) -> Decoder:
        raise error

    return fail


def source(decoder: StubDecoder, **others: Any) -> DecoderSource:
    return DecoderSource(lambda: decoder, **others)
