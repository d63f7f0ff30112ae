"""Between the threads that open and decode models and the event loop, which neither may hold up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.engine.decoder import Decoder, DecoderInfo
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.settings import ExplorerSettings


@dataclass(frozen=True, slots=True)
class Opened:
    """A model began to be served, or another decoder took it over."""

    exploration: Exploration
    info: DecoderInfo


@dataclass(frozen=True, slots=True)
class Failed:
    """A model could not be opened, or the decoder of the model on show failed for good.

    Attributes:
        error: What went wrong.
        ref: The model that was asked for, or None if it was the one on show.
    """

    error: Exception
    ref: str | None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A frame of the model on show."""

    exploration: Exploration
    frame: Frame


@dataclass(frozen=True, slots=True)
class TilesDecoded:
    """A slice of the images that `Decoding.decode_tiles` was asked for.

    Attributes:
        exploration: The model.
        owner: Who asked.
        ticket: What `Decoding.decode_tiles` returned for them.
        start: Index of the first.
        images: uint8 (k, h, w, 3).
    """

    exploration: Exploration
    owner: str
    ticket: int
    start: int
    images: NDArray[np.uint8]


EngineEvent = Opened | Failed | Decoded | TilesDecoded


class Decoding:
    """Opens models in a thread and has them decoded in another; tells the news to whoever listens.

    It begins at once, before there is an app: opening a model then costs no time of its own while the app is
    imported and drawn. What happened before `listen` is kept, of frames the latest only.

    The listener is called from those threads, and must only pass on what it is told.
    """

    def __init__(self, settings: ExplorerSettings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._listener: Callable[[EngineEvent], None] | None = None
        self._unheard: list[EngineEvent] = []
        self._worker: DecodeService | None = None
        self._explorations: dict[str, Exploration] = {}
        self._wanted: str | None = None
        """The model being opened, None when there is none."""
        self._current: Exploration | None = None
        """Whose latent vectors the worker takes."""
        self._served: Exploration | None = None
        """Whose decoder the worker holds; touched by its thread alone."""
        self._failure: Exception | None = None
        self._closed = False
        self._tickets = 0
        self._open_soon(settings.model, first=True)

    def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        """Tell the news from now on to ``listener``, beginning with what happened so far."""
        with self._lock:
            self._listener = listener
            unheard, self._unheard = self._unheard, []
            for news in unheard:
                listener(news)

    @property
    def failure(self) -> Exception | None:
        """Why the first model was not opened, if it was not: then there is nothing to explore."""
        with self._lock:
            return self._failure

    @property
    def opening(self) -> str | None:
        """The model that is being opened, or None."""
        with self._lock:
            return self._wanted

    @property
    def known(self) -> tuple[str, ...]:
        """Refs of the models to choose from: the catalog, and whatever else was opened."""
        with self._lock:
            return tuple(dict.fromkeys((*self._settings.catalog, *self._explorations)))

    @property
    def exploration(self) -> Exploration | None:
        """Of the model on show, or about to be; None until one was opened."""
        with self._lock:
            return self._current

    def open(self, ref: str) -> None:
        """Open a model and go to it; the one on show goes on until then, and if that fails."""
        self._open_soon(ref, first=False)

    def _open_soon(self, ref: str, *, first: bool) -> None:
        with self._lock:
            self._wanted = ref
        threading.Thread(target=self._open, args=(ref, first), name="open-model", daemon=True).start()

    def submit(self, exploration: Exploration) -> None:
        """Ask for the frame of where an exploration stands, in place of any that was not begun."""
        with self._lock:
            if self._worker is not None and exploration is self._current:
                self._worker.submit(exploration.z, exploration)

    def decode_tiles(self, exploration: Exploration, owner: str, z: ArrayLike, *, priority: int = 0) -> int:
        """Ask for many images between the frames, in place of what the same owner asked for before.

        They come as `TilesDecoded`, in order, slice by slice.

        Args:
            exploration: The model on show.
            owner: Who asks.
            z: Latent vectors, (n, d).
            priority: What has a lower one comes first.

        Returns:
            A number that no other call returns; 0 where the model is not on show, and nothing will come.
        """
        with self._lock:
            if self._worker is None or exploration is not self._current:
                return 0
            self._tickets += 1
            ticket = self._tickets

            def decoded(start: int, images: NDArray[np.uint8]) -> None:
                self._tell(TilesDecoded(exploration, owner, ticket, start, images))

            self._worker.submit_batch(owner, z, decoded, priority=priority)
            return ticket

    def close(self) -> None:
        """Stop decoding; no news comes after this."""
        with self._lock:
            self._closed = True
            self._listener = None
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    # In the thread that opens

    def _open(self, ref: str, first: bool) -> None:
        try:
            exploration = self._explorations.get(ref) or self._explore(ref, first)
            source = self._settings.decoder_source(exploration.bundle, self._settings.backend)
        except Exception as error:
            self._fail(error, ref)
            return
        with self._lock:
            if self._closed or self._wanted != ref:
                return
            self._current = exploration
            served = self._serve(source, exploration)
            if self._worker is None:
                self._worker = DecodeService(served, self._decoded, self._failed, self._opened)
            else:
                self._worker.open(served)
            self._worker.submit(exploration.z, exploration)

    def _explore(self, ref: str, first: bool) -> Exploration:
        settings = self._settings
        bundle = settings.open_bundle(ref)
        z, resumed = (settings.start(bundle), settings.resumed) if first else (None, None)
        exploration = Exploration(ref, bundle, seed=settings.seed, z=z, speed=settings.speed, resumed=resumed)
        exploration.notes = settings.start_notes(bundle) if first and resumed is None else ()
        return exploration

    def _serve(self, source: DecoderSource, exploration: Exploration) -> DecoderSource:
        """The source, noting whose decoder the worker holds from then on."""

        def opened() -> Decoder:
            decoder = source.open()
            self._served = exploration
            return decoder

        def fallen_back(reason: str) -> Decoder:
            assert source.fallback is not None
            decoder = source.fallback(reason)
            self._served = exploration
            return decoder

        return replace(source, open=opened, fallback=fallen_back if source.fallback else None)

    # In the worker's threads

    def _opened(self, info: DecoderInfo) -> None:
        served = self._served
        assert served is not None
        with self._lock:
            self._current = self._explorations[served.ref] = served
            if self._wanted == served.ref:
                self._wanted = None
        self._tell(Opened(served, info))

    def _decoded(self, frame: Frame) -> None:
        assert isinstance(frame.tag, Exploration)
        self._tell(Decoded(frame.tag, frame))

    def _failed(self, error: Exception) -> None:
        with self._lock:
            ref = self._wanted
            self._current = self._served or self._current  # what did not open is not gone to
        self._fail(error, ref)

    def _fail(self, error: Exception, ref: str | None) -> None:
        with self._lock:
            if ref is not None and self._wanted == ref:
                self._wanted = None
            if not self._explorations:
                self._failure = error
        self._tell(Failed(error, ref))

    def _tell(self, news: EngineEvent) -> None:
        with self._lock:
            if self._closed:
                return
            if self._listener is not None:
                self._listener(news)
                return
            if isinstance(news, Decoded):
                self._unheard = [old for old in self._unheard if not isinstance(old, Decoded)]
            self._unheard.append(news)
