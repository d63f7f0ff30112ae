"""Looking for the point of a picture while the explorer is on: in a thread, with a decoder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vaevis_tui.engine.encoder import Encoder
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.job import Job
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


class InversionSearch(Job[SearchProgress | SearchFailed]):
    """Looks for one picture, and tells every better point on the way.

    Args:
        settings: Where decoders come from.
        exploration: The model, as it was opened.
        picture: What to look for.
        listener: Called with each event in the searching thread; must only forward it.
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        exploration: Exploration,
        picture: PictureFile,
        listener: Callable[[SearchProgress | SearchFailed], None],
    ) -> None:
        self._picture = picture
        super().__init__(settings, exploration, listener, "seek")

    def _work(self) -> None:
        bundle = self._exploration.bundle
        target = self._picture.fitted(bundle.image_height, bundle.image_width, grey=bundle.channels == 1)
        start = None if bundle.encoder_path is None else Encoder(bundle).encode(target[None])[0]
        with self._decoder() as decoder:
            best: Inversion | None = None
            for found in approach(decoder.decode, bundle.space, target, start):
                best = found
                self._tell(SearchProgress(self._exploration, found, last=False))
            if best is not None:
                self._tell(SearchProgress(self._exploration, best, last=True))

    def _failure(self, error: Exception) -> SearchFailed:
        return SearchFailed(error)
