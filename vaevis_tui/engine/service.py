"""The decode service owns the decoder: the latest z wins, batches fill the gaps, a lost GPU is replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.engine.batches import BatchLane
from vaevis_tui.engine.decoder import (
    Closing,
    Decoder,
    DecoderInfo,
    EngineError,
    Images,
    Interruptible,
    Pipelined,
)
from vaevis_tui.engine.source import Cancellable, DecoderSource, Frame

SLOW = 0.008
"""Seconds an image from which even a slice of one image would delay the next z too long."""


@dataclass(frozen=True, slots=True)
class _Request:
    z: NDArray[np.float32]
    tag: object


@dataclass(frozen=True, slots=True)
class _Upgrade:
    """Outcome of `DecoderSource.upgrade`: a decoder, or the reason why there is none."""

    source: DecoderSource
    decoder: Decoder | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _FailedCheck:
    """What `DecoderSource.check` raised about a decoder's first image."""

    decoder: Decoder
    error: Exception


class DecodeService(Closing):
    """Owns a thread that owns the decoder, and opens, decodes, replaces and closes it there.

    Requests come in two lanes. `submit` overwrites a z that is not being decoded yet, so no frame is more
    than one decode behind the keys; a `Pipelined` decoder starts on the latest z as soon as the device is
    free, while the previous image is read back. `submit_batch` asks for many images, which are decoded in
    slices while no z waits. A new z interrupts the slice of an `Interruptible` decoder; it has to wait for
    that of any other.

    Callbacks run in the worker thread, and none starts after `close` was called. They must not wait for the
    thread that calls `close`.

    Args:
        source: The first model.
        on_frame: Called with every decoded image.
        on_error: Called with the exception: UserError or EngineError if a model could not be opened (the
            previous one then goes on) or its last decoder failed, ValueError if z has the wrong shape.
        on_open: Called with the decoder's info whenever another decoder takes over.
    """

    def __init__(
        self,
        source: DecoderSource,
        on_frame: Callable[[Frame], None],
        on_error: Callable[[Exception], None],
        on_open: Callable[[DecoderInfo], None] = lambda info: None,
    ) -> None:
        self._on_frame = on_frame
        self._on_error = on_error
        self._on_open = on_open
        self._changed = threading.Condition()
        """Guards what other threads touch: the requests below, the decoder and its info."""
        self._closing = False
        self._to_open: DecoderSource | None = source
        self._request: _Request | None = None
        self._begun: _Request | None = None
        """What a pipelined decoder started on while the previous image was read back."""
        self._batches = BatchLane(self._changed)
        self._upgrade: _Upgrade | None = None
        self._failed_check: _FailedCheck | None = None
        self._decoder: Decoder | None = None
        self._info: DecoderInfo | None = None
        # Used by the worker thread only:
        self._source = source
        self._opening: DecoderSource | None = None
        self._may_fall_back = False
        self._after_first_frame: list[Callable[[Decoder, Frame], None]] = []
        """Upgrade and check: they start with the first frame of a source, each in a thread."""
        self._frames = 0
        self._batch_decoder: Decoder | None = None
        """From `DecoderSource.batches`, once it was needed."""
        self._last: _Request | None = None
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self._thread.start()

    @property
    def info(self) -> DecoderInfo | None:
        """The current decoder, and why it was taken; None before the first and after the last."""
        with self._changed:
            return self._info

    @property
    def serving(self) -> object:
        """`DecoderSource.model` of the current decoder; for callbacks only."""
        return self._source.model

    @property
    def opening(self) -> object:
        """`DecoderSource.model` of the model that is being opened, or None; for callbacks only."""
        return None if self._opening is None else self._opening.model

    def submit(self, z: ArrayLike, tag: object = None) -> None:
        """Ask for the image of one latent vector (d,), in place of any that is not being decoded yet."""
        request = _Request(np.array(z, dtype=np.float32), tag)
        with self._changed:
            self._request = request
            self._wake()

    def submit_batch(
        self, owner: str, z: ArrayLike, on_images: Callable[[int, Images], None], *, priority: int = 0
    ) -> None:
        """Ask for many images, in place of the owner's previous batch.

        Args:
            owner: Who asks.
            z: Latent vectors, (n, d).
            on_images: Called in the worker thread with each slice, in order: the index of its first image
                and the images, uint8 (k, h, w, 3). Not called once the batch or the model was replaced.
            priority: Lower numbers go first.
        """
        with self._changed:
            self._batches.put(owner, z, on_images, priority)
            self._wake()

    def _wake(self) -> None:
        """Wake the worker, also from the middle of a slice. Call with the lock held."""
        self._batches.interrupt()
        self._changed.notify()

    def open(self, source: DecoderSource) -> None:
        """Change to another model, and drop what was submitted before.

        If it cannot be opened, `on_error` is called, requests for it are dropped, and the previous model goes
        on.
        """
        with self._changed:
            self._to_open = source
            self._forget_requests()
            self._wake()

    def _forget_requests(self) -> None:
        self._request = self._begun = None
        self._batches.clear()

    def close(self, timeout: float = 1.0) -> None:
        """Stop the thread and close the decoder; closing twice is harmless.

        A running decode is cancelled if the decoder is `Cancellable`. If it still takes longer than
        ``timeout`` seconds, it ends by itself later, and its image is dropped.
        """
        with self._changed:
            self._closing = True
            decoder = self._decoder
            self._wake()
        if isinstance(decoder, Cancellable):
            decoder.cancel()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    # The rest runs in the worker thread.

    def _run(self) -> None:
        try:
            while (work := self._next()) is not None:
                work()
        finally:
            with self._changed:
                self._closing = True
                better = None if self._upgrade is None else self._upgrade.decoder
            for decoder in (self._decoder, self._batch_decoder, better):
                if decoder is not None:
                    decoder.close()

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next task: models before decoders before frames before batches. None when closing."""
        with self._changed:
            while not self._closing:
                if self._to_open is not None:
                    source, self._to_open = self._to_open, None
                    return lambda: self._change_model(source)
                if self._upgrade is not None:
                    upgrade, self._upgrade = self._upgrade, None
                    return lambda: self._apply_upgrade(upgrade)
                if self._failed_check is not None:
                    failed, self._failed_check = self._failed_check, None
                    return lambda: self._apply_check(failed)
                if self._decoder is not None:
                    if self._begun is not None:
                        begun, self._begun = self._begun, None
                        return lambda: self._decode(begun)
                    if self._request is not None:
                        request, self._request = self._request, None
                        return lambda: self._decode(request)
                    if self._batches:
                        return self._decode_slice
                self._changed.wait()
        return None

    def _call(self, callback: Callable[[], None]) -> None:
        """Run a callback unless closing; pass what it raises to `on_error`."""
        if self._closing:
            return
        try:
            callback()
        except Exception as error:
            self._on_error(error)

    def _change_model(self, source: DecoderSource) -> None:
        fallback, self._opening = source.fallback, source
        try:
            try:
                decoder = source.open()
            except EngineError as error:
                if fallback is None:
                    raise
                decoder, fallback = fallback(str(error)), None
        except Exception as error:
            with self._changed:
                if self._to_open is None:
                    self._forget_requests()
            failure = error
            self._call(lambda: self._on_error(failure))
            self._opening = None
            return
        self._source, self._opening = source, None
        if self._batch_decoder is not None:
            self._batch_decoder.close()
            self._batch_decoder = None
        self._may_fall_back = fallback is not None
        self._after_first_frame = []
        if source.upgrade is not None:
            self._after_first_frame.append(lambda decoder, frame: self._open_upgrade(source, frame))
        if source.check is not None and fallback is source.fallback:
            self._after_first_frame.append(lambda decoder, frame: self._check(source, decoder, frame))
        self._serve(decoder)

    def _serve(self, decoder: Decoder | None) -> None:
        """Replace the current decoder, and close it."""
        info = None if decoder is None else decoder.info
        with self._changed:
            former, self._decoder, self._info = self._decoder, decoder, info
        if former is not None:
            former.close()
        if info is not None:
            self._call(lambda: self._on_open(info))

    def _decode(self, request: _Request) -> None:
        decoder = self._decoder
        assert decoder is not None
        try:
            if isinstance(decoder, Pipelined):
                image = decoder.decode_on(request.z[None], self._following)[0]
            else:
                image = decoder.decode(request.z[None])[0]
        except EngineError as error:
            self._fall_back(error, request)
            return
        except Exception as error:
            failure = error
            self._call(lambda: self._on_error(failure))
            return
        self._frames += 1
        self._last = request
        frame = Frame(self._frames, request.z, image, decoder.times, request.tag)
        self._call(lambda: self._on_frame(frame))
        jobs, self._after_first_frame = self._after_first_frame, []
        for job in jobs:
            threading.Thread(target=job, args=(decoder, frame), name="check-decoder", daemon=True).start()

    def _decode_slice(self) -> None:
        decoder: Decoder | None = None
        try:
            decoder = self._decoder_of_batches()
            tell = self._batches.decode_slice(decoder, lambda: self._request is None)
        except Exception as error:
            if isinstance(error, EngineError) and decoder is self._decoder:
                self._fall_back(error, None)
                return
            with self._changed:
                self._batches.clear()
            self._call(partial(self._on_error, error))
        else:
            if tell is not None:
                self._call(tell)

    def _decoder_of_batches(self) -> Decoder:
        serving, open_batches = self._decoder, self._source.batches
        assert serving is not None
        if isinstance(serving, Interruptible) or serving.times.total < SLOW or open_batches is None:
            return serving
        if self._batch_decoder is None:
            self._batch_decoder = open_batches()
        return self._batch_decoder

    def _following(self) -> NDArray[np.float32] | None:
        """The latest z, (1, d), for a pipelined decoder to start on; None if it is about to be replaced."""
        with self._changed:
            if self._closing or self._to_open or self._upgrade or self._failed_check:
                return None
            self._begun, self._request = self._request, None
            return None if self._begun is None else self._begun.z[None]

    def _fall_back(self, error: EngineError, request: _Request | None) -> None:
        """Replace a failed decoder, and decode the request again unless a newer z waits."""
        if self._closing:
            return
        fallback = self._source.fallback if self._may_fall_back else None
        self._may_fall_back, self._after_first_frame = False, []
        self._serve(None)
        failure: Exception = error
        if fallback is not None:
            try:
                self._serve(fallback(str(error)))
            except Exception as second:
                failure = second
            else:
                with self._changed:
                    self._request = self._request or self._begun or request
                    self._begun = None
                return
        self._call(lambda: self._on_error(failure))

    def _open_upgrade(self, source: DecoderSource, frame: Frame) -> None:
        """Open and verify the better decoder; in a thread, since it takes the time of many images."""
        assert source.upgrade is not None
        try:
            upgrade = _Upgrade(source, source.upgrade(frame))
        except Exception as error:
            upgrade = _Upgrade(source, None, str(error))
        with self._changed:
            if not self._closing:
                self._upgrade = upgrade
                self._changed.notify()
                return
        if upgrade.decoder is not None:
            upgrade.decoder.close()

    def _apply_upgrade(self, upgrade: _Upgrade) -> None:
        """Switch to the better decoder, or report why there is none; unless the model has changed."""
        decoder = upgrade.decoder
        if upgrade.source is not self._source:
            if decoder is not None:
                decoder.close()
        elif decoder is not None:
            self._serve(decoder)
        elif self._info is not None:
            info = replace(self._info, reason=upgrade.reason)
            with self._changed:
                self._info = info
            self._call(lambda: self._on_open(info))

    def _check(self, source: DecoderSource, decoder: Decoder, frame: Frame) -> None:
        """Check the first image; in a thread, since decoding goes on."""
        assert source.check is not None
        try:
            source.check(frame.z, frame.image)
        except Exception as error:
            with self._changed:
                self._failed_check = _FailedCheck(decoder, error)
                self._changed.notify()

    def _apply_check(self, failed: _FailedCheck) -> None:
        """Replace the decoder that failed its check, if it is still current, and redo its last image."""
        error = failed.error
        if not isinstance(error, EngineError):
            self._call(lambda: self._on_error(error))
        elif failed.decoder is self._decoder:
            assert self._last is not None
            self._fall_back(error, self._last)
