"""The thread that decodes: the latest z wins, nothing queues, a failed device is replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.engine.decoder import Decoder, DecoderInfo, DecodeTimes, EngineError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture and what it shows.

    Attributes:
        number: Counts from 1 over the life of the worker, across models.
        z: The latent vector, float32 (d,).
        picture: uint8 (h, w, 3).
        times: Where the decode spent its time.
        tag: What `DecodeWorker.submit` was given with z.
    """

    number: int
    z: NDArray[np.float32]
    picture: NDArray[np.uint8]
    times: DecodeTimes
    tag: object = None


@dataclass(frozen=True, slots=True)
class DecoderSource:
    """How to come by a decoder of one model; all three are called in threads of the worker's.

    Attributes:
        open: Opens the decoder to start with. Raises UserError or EngineError.
        fallback: Opens a humbler one after an EngineError, whose text it is given as the reason to show.
        upgrade: Opens a better one that takes longer to open; runs beside decoding, after the first picture.
    """

    open: Callable[[], Decoder]
    fallback: Callable[[str], Decoder] | None = None
    upgrade: Callable[[], Decoder] | None = None


@runtime_checkable
class Cancellable(Protocol):
    """A decoder whose running `decode` another thread can cut short."""

    def cancel(self) -> None:
        """Make a running decode, and every later one, raise EngineError soon."""
        ...


class DecodeWorker:
    """Owns a thread that owns the decoder; opens, decodes, replaces and closes it there.

    `submit` overwrites a z that was not begun yet, so no picture is more than one decode behind the keys.
    Callbacks run in the worker's threads, one at a time, and none begins after `close` has returned; they
    must not wait for the thread that calls `close`.

    Args:
        source: The first model.
        on_frame: Called with every decoded picture.
        on_error: Called with what went wrong: UserError or EngineError where a model could not be opened (the
            one before it, if any, then goes on), ValueError where z does not fit the model.
        on_open: Called with the decoder's info whenever another decoder begins to serve.
    """

    def __init__(
        self,
        source: DecoderSource,
        on_frame: Callable[[Frame], None],
        on_error: Callable[[Exception], None],
        on_open: Callable[[DecoderInfo], None] | None = None,
    ) -> None:
        self._on_frame = on_frame
        self._on_error = on_error
        self._on_open = on_open
        self._changed = threading.Condition()
        # Guarded by _changed:
        self._closing = False
        self._source = source
        self._to_open: DecoderSource | None = source
        self._slot: tuple[NDArray[np.float32], object] | None = None
        self._upgraded: Decoder | str | None = None
        self._decoder: Decoder | None = None
        self._info: DecoderInfo | None = None
        # Used by the worker thread alone:
        self._frames = 0
        self._may_fall_back = False
        self._may_upgrade = False
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self._thread.start()

    @property
    def info(self) -> DecoderInfo | None:
        """The decoder that serves now, with why it was taken; None before the first one is open."""
        with self._changed:
            return self._info

    def submit(self, z: ArrayLike, tag: object = None) -> None:
        """Ask for the picture of one latent vector (d,), in place of any that was not begun yet."""
        vector = np.array(z, dtype=np.float32)
        with self._changed:
            self._slot = (vector, tag)
            self._changed.notify_all()

    def open(self, source: DecoderSource) -> None:
        """Change to another model; what was submitted for the former one is forgotten.

        If it cannot be opened, `on_error` is told and the former model goes on.
        """
        with self._changed:
            self._to_open = source
            self._slot = None
            self._changed.notify_all()

    def close(self, timeout: float = 1.0) -> None:
        """Stop the thread and give the decoder back; closing twice is harmless.

        A decode that runs longer than ``timeout`` seconds is left to end by itself; its picture is dropped.
        """
        with self._changed:
            self._closing = True
            decoder = self._decoder
            self._changed.notify_all()
        if isinstance(decoder, Cancellable):
            decoder.cancel()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- the worker thread ----

    def _run(self) -> None:
        try:
            while self._step():
                pass
        finally:
            with self._changed:
                leftover = self._upgraded
                self._upgraded = None
            if leftover is not None and not isinstance(leftover, str):
                leftover.close()
            if self._decoder is not None:
                self._decoder.close()

    def _step(self) -> bool:
        """Wait for one thing to do and do it; False when closing."""
        with self._changed:
            self._changed.wait_for(self._has_work)
            if self._closing:
                return False
            source, self._to_open = self._to_open, None
            upgraded, self._upgraded = self._upgraded, None
            request = None
            if source is None and upgraded is None:
                request, self._slot = self._slot, None
        if source is not None:
            self._open(source)
        if upgraded is not None:
            self._take_upgrade(upgraded, stale=source is not None)
        if request is not None:
            self._decode(*request)
        return True

    def _has_work(self) -> bool:
        return bool(
            self._closing
            or self._to_open is not None
            or self._upgraded is not None
            or (self._slot is not None and self._decoder is not None)
        )

    def _open(self, source: DecoderSource) -> None:
        try:
            try:
                decoder = source.open()
                self._may_fall_back = source.fallback is not None
            except EngineError as error:
                if source.fallback is None:
                    raise
                decoder = source.fallback(str(error))
                self._may_fall_back = False
        except Exception as error:
            with self._changed:
                if self._to_open is None:
                    self._slot = None  # it was meant for the model that did not open
            self._report(error)
            return
        with self._changed:
            self._source = source
        self._may_upgrade = source.upgrade is not None
        self._install(decoder, decoder.info)

    def _install(self, decoder: Decoder | None, info: DecoderInfo | None) -> None:
        with self._changed:
            former, self._decoder = self._decoder, decoder
            self._info = info
        if former is not None:
            former.close()
        if info is not None and self._on_open is not None:
            self._call(self._on_open, info)

    def _decode(self, z: NDArray[np.float32], tag: object) -> None:
        decoder = self._decoder
        if decoder is None:
            return
        try:
            picture = decoder.decode(z[None])[0]
        except EngineError as error:
            self._fall_back(error, z, tag)
            return
        except Exception as error:
            self._report(error)
            return
        self._frames += 1
        self._call(self._on_frame, Frame(self._frames, z, picture, decoder.times, tag))
        if self._may_upgrade:
            self._may_upgrade = False
            self._start_upgrade()

    def _fall_back(self, error: EngineError, z: NDArray[np.float32], tag: object) -> None:
        """Replace the failed decoder and ask again for the picture that it owed, unless a newer z waits."""
        fallback = self._source.fallback
        self._may_upgrade = False
        if not self._may_fall_back or fallback is None:
            self._install(None, None)
            self._report(error)
            return
        self._may_fall_back = False
        self._install(None, None)
        try:
            decoder = fallback(str(error))
        except Exception as second:
            self._report(second)
            return
        self._install(decoder, decoder.info)
        with self._changed:
            if self._slot is None and self._to_open is None:
                self._slot = (z, tag)

    def _call(self, callback: Callable[[_T], None], value: _T) -> None:
        """Run a callback unless closing; what it raises is a fault of the program and is reported as such."""
        with self._changed:
            if self._closing:
                return
        try:
            callback(value)
        except Exception as error:
            self._on_error(error)

    def _report(self, error: Exception) -> None:
        with self._changed:
            if self._closing:
                return
        self._on_error(error)

    # ---- the upgrade ----

    def _start_upgrade(self) -> None:
        source = self._source
        threading.Thread(
            target=self._prepare_upgrade, args=(source,), name="decode-upgrade", daemon=True
        ).start()

    def _prepare_upgrade(self, source: DecoderSource) -> None:
        assert source.upgrade is not None
        result: Decoder | str
        try:
            result = source.upgrade()
        except Exception as error:
            result = str(error)
        with self._changed:
            if not self._closing and self._source is source and self._to_open is None:
                self._upgraded = result
                self._changed.notify_all()
                return
        if not isinstance(result, str):
            result.close()

    def _take_upgrade(self, upgraded: Decoder | str, *, stale: bool) -> None:
        if isinstance(upgraded, str):
            if self._decoder is not None and self._info is not None and not stale:
                self._install_reason(upgraded)
        elif stale:
            upgraded.close()
        else:
            self._install(upgraded, upgraded.info)

    def _install_reason(self, reason: str) -> None:
        with self._changed:
            if self._info is None:
                return
            self._info = info = replace(self._info, reason=reason)
        if self._on_open is not None:
            self._call(self._on_open, info)
