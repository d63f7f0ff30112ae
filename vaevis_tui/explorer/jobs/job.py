"""Work in a thread beside the explorer, with a decoder of its own, that may be given up."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.own_decoder import Cancelled, OwnDecoder
from vaevis_tui.explorer.settings import ExplorerSettings

News = TypeVar("News")


class Job(ABC, Generic[News]):
    """Begins at once: what the work needs is set before this is made.

    Args:
        settings: Where decoders come from.
        exploration: The model, as it was opened.
        listener: Called in the thread that works; must only pass on what it is told.
        name: Of the thread.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        listener: Callable[[News], None],
        name: str,
    ) -> None:
        self._settings, self._exploration = settings, exploration
        self._values = exploration.state.values
        self._listener = listener
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up, if it has not ended; nothing is told after this."""
        self._unwanted.set()

    def close(self) -> None:
        """Give up, and wait until the thread has ended."""
        self.stop()
        self._thread.join()

    @abstractmethod
    def _work(self) -> None:
        """Do it, in the thread; `Cancelled` ends it without a word."""

    @abstractmethod
    def _failure(self, error: Exception) -> News:
        """What to tell where the work ended by an error."""

    def _decoder(self) -> OwnDecoder:
        """Opened anew, for the one who asks to close; it ends the work that is given up."""
        return OwnDecoder(self._settings, self._exploration.bundle, self._unwanted, self._values)

    def _tell(self, news: News) -> None:
        if not self._unwanted.is_set():
            self._listener(news)

    def _run(self) -> None:
        try:
            self._work()
        except Cancelled:
            pass
        except Exception as error:
            self._tell(self._failure(error))
