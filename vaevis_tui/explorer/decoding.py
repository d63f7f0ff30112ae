"""Opens models and decodes in threads, and reports to the event loop without blocking it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.engine.decoder import DecoderInfo
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import Frame
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.open_model import OpenModel
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.explorer.storage.model_data import ModelData, model_hash
from vaevis_tui.explorer.storage.own_directions import OwnDirections
from vaevis_tui.latent.directions import Directions
from vaevis_tui.models.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Opened:
    """A model was opened, or another decoder of it took over."""

    exploration: Exploration
    info: DecoderInfo


@dataclass(frozen=True, slots=True)
class Failed:
    """A model could not be opened, or the decoder of the model on show failed for good.

    Attributes:
        error: What went wrong.
        ref: The requested model, or None if it was the one on show.
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
    """A slice of the images that were requested from `Decoding.decode_tiles`.

    Attributes:
        exploration: The model.
        owner: Name of the requester.
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
    """Opens models in a thread and has them decoded in another; tells a listener what happens.

    It begins at once, before there is an app: opening a model then costs no time of its own while the app is
    imported and drawn. What happened before `listen` is kept, of frames the latest only.

    The listener is called from those threads, and must only forward the events.
    """

    def __init__(self, settings: ExplorerSettings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._listener: Callable[[EngineEvent], None] | None = None
        self._unheard: list[EngineEvent] = []
        self._worker: DecodeService | None = None
        self._explorations: dict[str, Exploration] = {}
        self._model = OpenModel()
        self._closed = False
        self._tickets = 0
        self._open_soon(settings.model, first=True)

    def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        """Send events to ``listener`` from now on, beginning with those that came before it."""
        with self._lock:
            self._listener = listener
            unheard, self._unheard = self._unheard, []
            for event in unheard:
                listener(event)

    @property
    def model(self) -> OpenModel:
        """The model on show, and its state."""
        with self._lock:
            return self._model

    @property
    def known(self) -> tuple[str, ...]:
        """Refs of the models to choose from: the catalog, and all that were opened."""
        with self._lock:
            return tuple(dict.fromkeys((*self._settings.catalog, *self._explorations)))

    def open(self, ref: str) -> None:
        """Open a model and switch to it; the one on show stays until then, and if that fails."""
        self._open_soon(ref, first=False)

    def reopen(self) -> None:
        """Reload the model on show from its files, and keep the point if it still fits."""
        exploration = self.model.exploration
        if exploration is not None:
            self._open_soon(exploration.ref, first=False, former=exploration)

    def _open_soon(self, ref: str, *, first: bool, former: Exploration | None = None) -> None:
        with self._lock:
            self._model = self._model.asked_for(ref)
        threading.Thread(target=self._open, args=(ref, first, former), name="open-model", daemon=True).start()

    def submit(self, exploration: Exploration) -> None:
        """Request the frame of an exploration's point, in place of any that is not being decoded yet."""
        with self._lock:
            if self._worker is not None and exploration is self._model.decoded:
                self._worker.submit(exploration.point, exploration)

    def decode_tiles(self, exploration: Exploration, owner: str, z: ArrayLike, *, priority: int = 0) -> int:
        """Request many images, decoded between frames, in place of the owner's last request.

        They come as `TilesDecoded`, in order, slice by slice.

        Args:
            exploration: The model on show.
            owner: Name of the requester; a new request replaces its last one.
            z: Latent vectors, (n, d), to be decoded as the controls are set now; or points.
            priority: Lower numbers go first.

        Returns:
            A ticket that no other call returns; 0 if the model is not on show, and no images will come.
        """
        with self._lock:
            if self._worker is None or exploration is not self._model.decoded:
                return 0
            self._tickets += 1
            ticket = self._tickets

            def decoded(start: int, images: NDArray[np.uint8]) -> None:
                self._tell(TilesDecoded(exploration, owner, ticket, start, images))

            self._worker.submit_batch(owner, exploration.points(z), decoded, priority=priority)
            return ticket

    def close(self) -> None:
        """Stop decoding; no event comes after this."""
        with self._lock:
            self._closed = True
            self._listener = None
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    # In the thread that opens

    def _open(self, ref: str, first: bool, former: Exploration | None) -> None:
        try:
            if former is not None:
                exploration = self._explore_anew(former)
            else:
                exploration = self._explorations.get(ref) or self._explore(ref, first)
            source = self._settings.decoder_source(exploration.bundle, self._settings.backend)
        except Exception as error:
            self._fail(error, ref)
            return
        with self._lock:
            if self._closed or self._model.opening != ref:
                return
            self._model = self._model.begun(exploration)
            source = replace(source, model=exploration)
            if self._worker is None:
                self._worker = DecodeService(source, self._decoded, self._failed, self._opened)
            else:
                self._worker.open(source)
            self._worker.submit(exploration.point, exploration)

    def _explore(self, ref: str, first: bool) -> Exploration:
        settings = self._settings
        bundle = settings.open_bundle(ref)
        z, resumed = (settings.start(bundle), settings.resumed) if first else (None, None)
        exploration = Exploration(
            ref,
            bundle,
            seed=settings.seed,
            z=z,
            speed=settings.speed,
            resumed=resumed,
            own=None if resumed is None else _own_directions(bundle),
        )
        exploration.notes = settings.start_notes(bundle) if first and resumed is None else ()
        return exploration

    def _explore_anew(self, former: Exploration) -> Exploration:
        """Reload a model whose files have changed; point, undo, rows and walk are kept if they still fit."""
        bundle, seed = self._settings.open_bundle(former.ref), self._settings.seed
        if (bundle.latent_dim, bundle.controls) != (former.bundle.latent_dim, former.bundle.controls):
            exploration = Exploration(former.ref, bundle, seed=seed, speed=former.speed)
        elif not former.moved:
            exploration = Exploration(former.ref, bundle, seed=seed, z=former.point, speed=former.speed)
        else:
            own, session = former.own_directions, former.session("")
            exploration = Exploration(former.ref, bundle, seed=seed, resumed=session, own=own)
            exploration.take_order(former)
        if former.walking:
            exploration.start_walk()
        return exploration

    # In the worker's threads

    def _opened(self, info: DecoderInfo) -> None:
        with self._lock:  # until the worker is assigned
            if self._worker is None:  # closed
                return
            exploration = self._worker.serving
            assert isinstance(exploration, Exploration)
            self._explorations[exploration.ref] = exploration
            self._model = self._model.served(exploration, info)
        self._tell(Opened(exploration, info))

    def _decoded(self, frame: Frame) -> None:
        assert isinstance(frame.tag, Exploration)
        self._tell(Decoded(frame.tag, frame))

    def _failed(self, error: Exception) -> None:
        with self._lock:
            opening = None if self._worker is None else self._worker.opening
            if not isinstance(opening, Exploration):
                self._model = self._model.failed(error)
        self._fail(error, opening.ref if isinstance(opening, Exploration) else None)

    def _fail(self, error: Exception, ref: str | None) -> None:
        with self._lock:
            if ref is not None:
                self._model = self._model.not_opened(ref, error)
        self._tell(Failed(error, ref))

    def _tell(self, event: EngineEvent) -> None:
        with self._lock:
            if self._closed:
                return
            if self._listener is not None:
                self._listener(event)
                return
            if isinstance(event, Decoded):
                self._unheard = [old for old in self._unheard if not isinstance(old, Decoded)]
            self._unheard.append(event)


def _own_directions(bundle: Bundle) -> Directions | None:
    """The person's directions on disk; errors are reported when `Keepsakes` are read."""
    try:
        return OwnDirections(ModelData(model_hash(bundle)), bundle.latent_dim).directions
    except UserError:
        return None
