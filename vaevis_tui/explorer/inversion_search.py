"""Looking for the point of a picture while the explorer is on: in a thread, with a decoder of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.own_decoder import Cancelled, OwnDecoder
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.export.picture import PictureFile
from vaevis_tui.latent.inversion import Inversion, approach


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """A point that is nearer than the one before.

    Attributes:
        exploration: Where it was looked for.
        found: The point.
        last: Whether there is none nearer.
    """

    exploration: Exploration
    found: Inversion
    last: bool


@dataclass(frozen=True, slots=True)
class SearchFailed:
    """Nothing could be looked for."""

    error: Exception


class InversionSearch:
    """Looks for one picture, and tells every better point on the way.

    Args:
        settings: Where decoders come from.
        exploration: The model, as it was opened.
        picture: What to look for.
        listener: Called in the thread that looks; must only pass on what it is told.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        picture: PictureFile,
        listener: Callable[[SearchProgress | SearchFailed], None],
    ) -> None:
        self._settings, self._exploration, self._picture = settings, exploration, picture
        self._listener = listener
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._look, name="seek", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up, if it has not ended; nothing is told after this."""
        self._unwanted.set()

    def close(self) -> None:
        """Give up, and wait until the thread has ended."""
        self.stop()
        self._thread.join()

    def _look(self) -> None:
        bundle = self._exploration.bundle
        try:
            wanted = self._picture.fitted(bundle.image_height, bundle.image_width, grey=bundle.channels == 1)
            start = None if bundle.encoder_path is None else Encoder(bundle).encode(wanted[None])[0]
            with OwnDecoder(self._settings, bundle, self._unwanted) as decoder:
                best: Inversion | None = None
                for found in approach(decoder.decode, bundle.space, wanted, start):
                    best = found
                    self._tell(SearchProgress(self._exploration, found, last=False))
                if best is not None:
                    self._tell(SearchProgress(self._exploration, best, last=True))
        except Cancelled:
            pass
        except Exception as error:
            self._tell(SearchFailed(error))

    def _tell(self, news: SearchProgress | SearchFailed) -> None:
        if not self._unwanted.is_set():
            self._listener(news)
