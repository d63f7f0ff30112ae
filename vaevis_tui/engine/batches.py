"""The batch lane of the decode service: many images for one owner, decoded in slices between frames."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.engine.decoder import Decoder, EngineError, Images, Interruptible

SLICE_SECONDS = 0.004
"""Target duration of a slice, if one image takes less: the longest that a new z waits."""

SLICE_IMAGES = 16
"""Most images in a slice, so that the first ones of a batch come early."""


@dataclass(slots=True)
class _Batch:
    """A batch of one owner.

    Attributes:
        z: float32 (n, d).
        on_images: Called with the index of a slice's first image, and its images, uint8 (k, h, w, 3).
        priority: The lowest number goes first.
        done: How many images are decoded.
    """

    z: NDArray[np.float32]
    on_images: Callable[[int, Images], None]
    priority: int
    done: int = 0


class BatchLane:
    """The waiting batches, at most one an owner; the most urgent one gets the next slice.

    Args:
        lock: Guards the lane. Methods marked "under the lock" need the caller to hold it.
    """

    def __init__(self, lock: threading.Condition) -> None:
        self._lock = lock
        self._batches: dict[str, _Batch] = {}
        self._running: Interruptible | None = None
        """The decoder of the running slice, if it can be interrupted."""
        self._image_seconds = SLICE_SECONDS
        """Seconds an image of the last slice took; it sets the size of the next."""

    def __bool__(self) -> bool:
        """Whether a batch waits; under the lock."""
        return bool(self._batches)

    def put(self, owner: str, z: ArrayLike, on_images: Callable[[int, Images], None], priority: int) -> None:
        """Queue a batch in place of the owner's previous one; under the lock."""
        batch = _Batch(np.array(z, dtype=np.float32), on_images, priority)
        self._batches.pop(owner, None)
        if len(batch.z):
            self._batches[owner] = batch

    def clear(self) -> None:
        """Drop all batches; under the lock."""
        self._batches.clear()

    def interrupt(self) -> None:
        """Interrupt the running slice if possible; it is decoded again later."""
        if self._running is not None:
            self._running.interrupt()

    def decode_slice(self, decoder: Decoder, may_start: Callable[[], bool]) -> Callable[[], None] | None:
        """Decode a slice of the most urgent batch.

        Args:
            decoder: The decoder to use; nobody else may use it meanwhile.
            may_start: Whether to start at all, called under the lock.

        Returns:
            A callback that passes the images to the owner; None if the slice was interrupted or is obsolete.

        Raises:
            EngineError: The device failed; the batch stays queued.
            ValueError: The latents have the wrong shape; the batch is dropped.
        """
        with self._lock:
            if not self._batches or not may_start():
                return None
            owner, batch = min(self._batches.items(), key=lambda item: item[1].priority)
            self._running = decoder if isinstance(decoder, Interruptible) else None
        count = min(max(int(SLICE_SECONDS / self._image_seconds), 1), SLICE_IMAGES)
        z = batch.z[batch.done : batch.done + count]
        images: Images | None = None
        forget = False
        try:
            if isinstance(decoder, Interruptible):
                images = decoder.decode_unless_interrupted(z)
            else:
                images = decoder.decode(z)
            forget = images is not None and batch.done + len(z) == len(batch.z)
        except EngineError:
            raise
        except Exception:
            forget = True
            raise
        finally:
            with self._lock:
                self._running = None
                current = self._batches.get(owner) is batch
                if current and forget:
                    del self._batches[owner]
        if images is None:
            return None
        self._image_seconds = max(decoder.times.total / len(z), 1e-6)
        start, batch.done = batch.done, batch.done + len(z)
        return partial(batch.on_images, start, images) if current else None
