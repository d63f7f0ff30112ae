"""What was taken for granted of a model's encoder, found out beside everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.models.bundle import Bundle


@dataclass(frozen=True, slots=True)
class EncoderNoted:
    """How a model's encoder is used, or why it cannot be, is known.

    Attributes:
        exploration: The model.
        note: One clause.
    """

    exploration: Exploration
    note: str


def learn_encoder_note(exploration: Exploration, listener: Callable[[EncoderNoted], None]) -> None:
    """Find out how the encoder of a model that was brought is used, in a thread; nothing may be told of it.

    The first time that takes seconds: it is tried on images of the decoder's. Nobody waits for the thread.

    Args:
        exploration: The model.
        listener: Called with each event in the thread; must only forward it.
    """

    def learn() -> None:
        if note := _encoder_note(exploration.bundle):
            listener(EncoderNoted(exploration, note))

    if exploration.bundle.encoder_path is not None and not exploration.bundle.shipped:
        threading.Thread(target=learn, name="encoder-note", daemon=True).start()


def _encoder_note(bundle: Bundle) -> str:
    assert bundle.encoder_path is not None
    try:
        return bundle.read_encoder(bundle.encoder_path).decisions.note
    except UserError as error:
        return f"its encoder cannot be used: {error}"
