"""The one owner of the decoder: the latest z wins, batches fill the gaps, a failed device is replaced."""

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
"""Seconds an image from which a slice of even one image would hold up the next z."""


@dataclass(frozen=True, slots=True)
class _Request:
    z: NDArray[np.float32]
    tag: object


@dataclass(frozen=True, slots=True)
class _Upgrade:
    """What came of `DecoderSource.upgrade`: a decoder, or why there is none."""

    source: DecoderSource
    decoder: Decoder | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What `DecoderSource.check` found wrong with a decoder's first image, and whose that was."""

    decoder: Decoder
    error: Exception


class DecodeService(Closing):
    """Owns a thread that owns the decoder: opens, decodes, replaces and closes it there.

    Two lanes lead to the decoder. `submit` overwrites a z that was not begun yet, so no frame is more than
    one decode behind the keys; a `Pipelined` decoder begins with the latest z when the device is free, while
    an image is read back. Below it, `submit_batch` asks for many images, which are decoded in slices whenever
    no z waits. A new z stops the slice of an `Interruptible` decoder, and waits for that of any other.

    Callbacks run in the worker's thread, and none begins after `close` was called. They must not wait for the
    thread that calls `close`.

    Args:
        source: The first model.
        on_frame: Called with every decoded image.
        on_error: Called with what went wrong: UserError or EngineError where a model could not be opened (the
            one before it, if any, then goes on) or its last decoder failed, ValueError where z does not fit.
        on_open: Called with the decoder's info whenever another decoder begins to serve.
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
        """Guards what other threads touch: the orders below, and the decoder and its info."""
        self._closing = False
        self._to_open: DecoderSource | None = source
        self._request: _Request | None = None
        self._begun: _Request | None = None
        """What a decoder began with while the image before was read back."""
        self._batches = BatchLane(self._changed)
        self._upgrade: _Upgrade | None = None
        self._verdict: _Verdict | None = None
        self._decoder: Decoder | None = None
        self._info: DecoderInfo | None = None
        # The worker thread's own:
        self._source = source
        self._opening: DecoderSource | None = None
        self._may_fall_back = False
        self._beside: list[Callable[[Decoder, Frame], None]] = []
        """What the first image of a source starts, in threads of its own."""
        self._frames = 0
        self._batch_decoder: Decoder | None = None
        """Of the source, once it was needed."""
        self._last: _Request | None = None
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self._thread.start()

    @property
    def info(self) -> DecoderInfo | None:
        """The decoder that serves now and why it was taken; None before the first and after the last."""
        with self._changed:
            return self._info

    @property
    def serving(self) -> object:
        """`DecoderSource.model` of the decoder that serves; to be asked by callbacks."""
        return self._source.model

    @property
    def opening(self) -> object:
        """`DecoderSource.model` of what is being opened, None when nothing is; to be asked by callbacks."""
        return None if self._opening is None else self._opening.model

    def submit(self, z: ArrayLike, tag: object = None) -> None:
        """Ask for the image of one latent vector (d,), in place of any that was not begun yet."""
        request = _Request(np.array(z, dtype=np.float32), tag)
        with self._changed:
            self._request = request
            self._wake()

    def submit_batch(
        self, owner: str, z: ArrayLike, on_images: Callable[[int, Images], None], *, priority: int = 0
    ) -> None:
        """Ask for many images, in place of what the same owner asked for before.

        Args:
            owner: Who asks.
            z: Latent vectors, (n, d).
            on_images: Called in the worker's thread with each slice, in order: the index of its first image
                and the images, uint8 (k, h, w, 3). Not called any more once the batch was replaced, or the
                model was.
            priority: Batches with a lower one go first.
        """
        with self._changed:
            self._batches.put(owner, z, on_images, priority)
            self._wake()

    def _wake(self) -> None:
        """Have the worker look for what is to be done next, also in the middle of a slice; under the lock."""
        self._batches.interrupt()
        self._changed.notify()

    def open(self, source: DecoderSource) -> None:
        """Change to another model; what was submitted before is forgotten.

        If it cannot be opened, `on_error` is told, what was submitted meanwhile is forgotten too, and the
        former model goes on.
        """
        with self._changed:
            self._to_open = source
            self._forget_requests()
            self._wake()

    def _forget_requests(self) -> None:
        self._request = self._begun = None
        self._batches.clear()

    def close(self, timeout: float = 1.0) -> None:
        """Stop the thread and give the decoder back; closing twice is harmless.

        A running decode is cancelled where the decoder can do that. One that still takes longer than
        ``timeout`` seconds is left to end by itself, and its image is dropped.
        """
        with self._changed:
            self._closing = True
            decoder = self._decoder
            self._wake()
        if isinstance(decoder, Cancellable):
            decoder.cancel()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    # What follows runs in the worker thread.

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
        """Wait for the next thing to do, the most far-reaching first; None when closing."""
        with self._changed:
            while not self._closing:
                if self._to_open is not None:
                    source, self._to_open = self._to_open, None
                    return lambda: self._change_model(source)
                if self._upgrade is not None:
                    upgrade, self._upgrade = self._upgrade, None
                    return lambda: self._take(upgrade)
                if self._verdict is not None:
                    verdict, self._verdict = self._verdict, None
                    return lambda: self._apply_check(verdict)
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

    def _tell(self, callback: Callable[[], None]) -> None:
        """Call back, unless closing; what a callback raises is told like any other error."""
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
            self._tell(lambda: self._on_error(failure))
            self._opening = None
            return
        self._source, self._opening = source, None
        if self._batch_decoder is not None:
            self._batch_decoder.close()
            self._batch_decoder = None
        self._may_fall_back = fallback is not None
        self._beside = []
        if source.upgrade is not None:
            self._beside.append(lambda decoder, frame: self._prepare_upgrade(source, frame))
        if source.check is not None and fallback is source.fallback:
            self._beside.append(lambda decoder, frame: self._check(source, decoder, frame))
        self._serve(decoder)

    def _serve(self, decoder: Decoder | None) -> None:
        """Put a decoder in the place of the one before, which is closed."""
        info = None if decoder is None else decoder.info
        with self._changed:
            former, self._decoder, self._info = self._decoder, decoder, info
        if former is not None:
            former.close()
        if info is not None:
            self._tell(lambda: self._on_open(info))

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
            self._tell(lambda: self._on_error(failure))
            return
        self._frames += 1
        self._last = request
        frame = Frame(self._frames, request.z, image, decoder.times, request.tag)
        self._tell(lambda: self._on_frame(frame))
        beside, self._beside = self._beside, []
        for job in beside:
            threading.Thread(target=job, args=(decoder, frame), name="beside-decode", daemon=True).start()

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
            self._tell(partial(self._on_error, error))
        else:
            if tell is not None:
                self._tell(tell)

    def _decoder_of_batches(self) -> Decoder:
        serving, open_batches = self._decoder, self._source.batches
        assert serving is not None
        if isinstance(serving, Interruptible) or serving.times.total < SLOW or open_batches is None:
            return serving
        if self._batch_decoder is None:
            self._batch_decoder = open_batches()
        return self._batch_decoder

    def _following(self) -> NDArray[np.float32] | None:
        """The latest z, (1, d), for the decoder to begin with; nothing where it is about to be replaced."""
        with self._changed:
            if self._closing or self._to_open or self._upgrade or self._verdict:
                return None
            self._begun, self._request = self._request, None
            return None if self._begun is None else self._begun.z[None]

    def _fall_back(self, error: EngineError, request: _Request | None) -> None:
        """Replace a decoder that failed, and ask it for the image that is owed unless a newer z waits."""
        if self._closing:
            return
        fallback = self._source.fallback if self._may_fall_back else None
        self._may_fall_back, self._beside = False, []
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
        self._tell(lambda: self._on_error(failure))

    def _prepare_upgrade(self, source: DecoderSource, frame: Frame) -> None:
        """Open and verify the better decoder; in a thread of its own, since it takes many images' time."""
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

    def _take(self, upgrade: _Upgrade) -> None:
        """Let the better decoder serve, or say why there is none; unless the model was changed meanwhile."""
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
            self._tell(lambda: self._on_open(info))

    def _check(self, source: DecoderSource, decoder: Decoder, frame: Frame) -> None:
        """Judge the first image; in a thread of its own, since images go on meanwhile."""
        assert source.check is not None
        try:
            source.check(frame.z, frame.image)
        except Exception as error:
            with self._changed:
                self._verdict = _Verdict(decoder, error)
                self._changed.notify()

    def _apply_check(self, verdict: _Verdict) -> None:
        """Replace the decoder that was judged, if it still serves, and have its last image made anew."""
        error = verdict.error
        if not isinstance(error, EngineError):
            self._tell(lambda: self._on_error(error))
        elif verdict.decoder is self._decoder:
            assert self._last is not None
            self._fall_back(error, self._last)
