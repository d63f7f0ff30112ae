"""Which model is on show: the one place that knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from vaevis_tui.engine.decoder import DecoderInfo
from vaevis_tui.explorer.exploration import Exploration


@dataclass(frozen=True, slots=True)
class OpenModel:
    """The model on show and the one on its way there: opening, then serving, or failed.

    `Decoding` holds the newest; whoever must not be surprised by a change keeps the one that it saw last.

    Attributes:
        exploration: Of the model on show; None until one was opened.
        info: What decodes it, or did last.
        opening: Ref of the model that was asked for and is not there yet, or None.
        next: Its exploration, once its decoder is being opened: latent vectors are its own from then on.
        failure: Why nothing decodes; None while something does, and before.
    """

    exploration: Exploration | None = None
    info: DecoderInfo | None = None
    opening: str | None = None
    next: Exploration | None = None
    failure: Exception | None = None

    @property
    def state(self) -> Literal["opening", "serving", "failed"]:
        """What can be expected of it."""
        if self.failure is not None:
            return "failed"
        return "opening" if self.exploration is None else "serving"

    @property
    def decoded(self) -> Exploration | None:
        """Whose latent vectors are decoded: those of the model on its way, as soon as it takes some."""
        return self.next or self.exploration

    def asked_for(self, ref: str) -> OpenModel:
        """A model was asked for, in place of any that is not there yet."""
        return replace(self, opening=ref)

    def begun(self, exploration: Exploration) -> OpenModel:
        """The decoder of the model that was asked for is being opened."""
        return replace(self, next=exploration)

    def served(self, exploration: Exploration, info: DecoderInfo) -> OpenModel:
        """A decoder of a model serves from now on, perhaps in place of another of the same model."""
        arrived = self.opening == exploration.ref
        on_way = None if self.next is exploration else self.next
        return OpenModel(exploration, info, None if arrived else self.opening, on_way)

    def not_opened(self, ref: str, error: Exception) -> OpenModel:
        """A model could not be opened; the one on show stays, if there is one."""
        return replace(
            self,
            opening=None if self.opening == ref else self.opening,
            next=None if self.next is not None and self.next.ref == ref else self.next,
            failure=error if self.exploration is None else self.failure,
        )

    def failed(self, error: Exception) -> OpenModel:
        """The last decoder of the model on show failed."""
        return replace(self, failure=error)
