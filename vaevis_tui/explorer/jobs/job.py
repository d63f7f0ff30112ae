"""Background work in a thread, with a decoder of its own, that can be cancelled."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.own_decoder import Cancelled, OwnDecoder
from vaevis_tui.explorer.settings import ExplorerSettings

Event = TypeVar("Event")


class Job(ABC, Generic[Event]):
    """Starts its thread when constructed; a subclass sets what `_work` needs before that.

    Args:
        settings: Where decoders come from.
        exploration: The model, as it was opened.
        listener: Called in the worker thread with every event; it must only pass it on.
        name: Of the thread.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        listener: Callable[[Event], None],
        name: str,
    ) -> None:
        self._settings, self._exploration = settings, exploration
        self._values = exploration.state.values
        self._listener = listener
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancel, if it has not ended; the listener hears nothing after this."""
        self._cancelled.set()

    def close(self) -> None:
        """Cancel, and wait until the thread has ended."""
        self.stop()
        self._thread.join()

    @abstractmethod
    def _work(self) -> None:
        """The work, in the thread; `Cancelled` ends it silently."""

    @abstractmethod
    def _failure(self, error: Exception) -> Event:
        """The event for work that ended with an error."""

    def _decoder(self) -> OwnDecoder:
        """A new decoder, which the caller closes; its methods raise `Cancelled` once the work is."""
        return OwnDecoder(self._settings, self._exploration.bundle, self._cancelled, self._values)

    def _tell(self, event: Event) -> None:
        if not self._cancelled.is_set():
            self._listener(event)

    def _run(self) -> None:
        try:
            self._work()
        except Cancelled:
            pass
        except Exception as error:
            self._tell(self._failure(error))
