"""A wgpu decoder whose kernels are measured while it decodes, for the next one."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from vaevis_tui.engine.decoder import (
    Decoder,
    DecoderWrapper,
    EngineError,
    Images,
    Latents,
    TuningMode,
)
from vaevis_tui.engine.wgpu.decoder import WgpuDecoder
from vaevis_tui.engine.wgpu.tuning.benchmark import BUDGET

QUIET = 0.3
"""Seconds without an image after which a processor that stands in for a GPU has time to measure; a GPU has
it between two images."""

EXIT_TIMEOUT = 1.0
"""Seconds that closing waits for the measurement that runs, which takes milliseconds."""


def open_tuned(
    model: Any, tuning: TuningMode, *, adapter: str | None = None, reason: str = "", budget: float = BUDGET
) -> Decoder:
    """Open a model on the wgpu backend.

    Args:
        model: As `WgpuDecoder` takes it.
        tuning: Which kernels decode.
        adapter: As `WgpuDecoder` takes it.
        reason: As `WgpuDecoder` takes it.
        budget: Seconds of work that measurements may take.

    Raises:
        UnsupportedGraph: The graph holds something the engine cannot compute (an `EngineError`).
        EngineError: There is no adapter, or it refuses the device, the memory or a shader.
    """

    def opened() -> WgpuDecoder:
        return WgpuDecoder(model, adapter=adapter, reason=reason, tuned=tuning != "off")

    if tuning == "background":
        return TunedDecoder(opened, budget)
    decoder = opened()
    if tuning == "upfront" and decoder.untuned and decoder.tune(budget=budget):
        decoder.close()
        decoder = opened()
    return decoder


class TunedDecoder(DecoderWrapper):
    """Decodes; after the first image another decoder is opened in a thread of its own, and measured there.

    What that finds is kept for the next decoder that is opened on this adapter. To exchange this one would be
    worth nothing on llvmpipe, where no measured kernel beats those expected to be fast (dog, mnist), and take
    a third device. May be used from one thread at a time.
    """

    def __init__(self, opened: Callable[[], WgpuDecoder], budget: float = BUDGET) -> None:
        """Open the decoder.

        Args:
            opened: Opens one with the kernels that are known to be best by then; also called in a thread.
            budget: Seconds of work that measurements may take.

        Raises:
            EngineError: Whatever that raises.
        """
        self._open, self._budget = opened, budget
        self._decoder: WgpuDecoder = opened()
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        """Guards what follows, which the measuring thread and the decoding one share."""
        self._decoding = False
        self._decoded_at = time.monotonic()
        self._settled = not self._decoder.untuned
        self._closing = False

    def decode(self, z: Latents) -> Images:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `WgpuDecoder.decode`."""
        with self._changed:
            self._decoding = True
        try:
            images = self._decoder.decode(z)
        finally:
            with self._changed:
                self._decoding = False
                self._decoded_at = time.monotonic()
                self._changed.notify_all()
        if self._thread is None and self._decoder.untuned:
            self._thread = threading.Thread(target=self._measure, name="tune", daemon=True)
            self._thread.start()
        return images

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the measurements are over; false where it took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._settled, timeout)

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(EXIT_TIMEOUT)
        super().close()

    # In the measuring thread

    def _measure(self) -> None:
        with contextlib.suppress(EngineError):  # what decodes goes on as it is
            if self._rest():
                with self._open() as spare:
                    spare.tune(self._rest, self._budget)
        with self._changed:
            self._settled = True
            self._changed.notify_all()

    def _rest(self) -> bool:
        """Wait until nothing is being decoded; false when closing."""
        quiet = 0.0 if self._decoder.hardware else QUIET
        with self._changed:
            while not self._closing:
                left = quiet - (time.monotonic() - self._decoded_at)
                if not self._decoding and left <= 0:
                    return True
                self._changed.wait(None if self._decoding else left)
        return False
