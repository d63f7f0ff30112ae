"""The lower lane to the decoder: many images for one owner, decoded in slices while no frame is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.engine.decoder import Decoder, EngineError, Images, Interruptible

SLICE_SECONDS = 0.004
"""About how long a slice of a batch takes where an image takes less: a new z waits no longer than that."""

SLICE_IMAGES = 16
"""Images in a slice at most, so that the first ones of a batch come early."""


@dataclass(slots=True)
class _Batch:
    """What one owner asked for.

    Attributes:
        z: float32 (n, d).
        on_images: Is told the index of a slice's first image, and its images, uint8 (k, h, w, 3).
        priority: The lowest goes first.
        done: Images that were decoded.
    """

    z: NDArray[np.float32]
    on_images: Callable[[int, Images], None]
    priority: int
    done: int = 0


class BatchLane:
    """The batches that wait, at most one an owner; each slice is of the most urgent.

    Args:
        lock: Guards the lane; held by whoever calls what says so.
    """

    def __init__(self, lock: threading.Condition) -> None:
        self._lock = lock
        self._batches: dict[str, _Batch] = {}
        self._running: Interruptible | None = None
        """What decodes a slice now, and can be interrupted."""
        self._image_seconds = SLICE_SECONDS
        """What an image of the last slice took; slices are as large as that allows."""

    def __bool__(self) -> bool:
        """Whether anything waits; under the lock."""
        return bool(self._batches)

    def put(self, owner: str, z: ArrayLike, on_images: Callable[[int, Images], None], priority: int) -> None:
        """Let a batch wait in place of the owner's former one; under the lock."""
        batch = _Batch(np.array(z, dtype=np.float32), on_images, priority)
        self._batches.pop(owner, None)
        if len(batch.z):
            self._batches[owner] = batch

    def clear(self) -> None:
        """Forget all; under the lock."""
        self._batches.clear()

    def interrupt(self) -> None:
        """Stop the slice that is being decoded, where that is possible; it is decoded again later."""
        if self._running is not None:
            self._running.interrupt()

    def decode_slice(self, decoder: Decoder, wanted: Callable[[], bool]) -> Callable[[], None] | None:
        """Decode a slice of the most urgent batch.

        Args:
            decoder: What decodes; nobody else uses it meanwhile.
            wanted: Whether a slice is still to be begun, asked under the lock.

        Returns:
            What tells the owner; None where the slice was interrupted or is of no use any more.

        Raises:
            EngineError: The device failed; the batch waits on.
            ValueError: The latents do not fit; the batch is forgotten.
        """
        with self._lock:
            if not self._batches or not wanted():
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
