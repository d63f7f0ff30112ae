"""What other threads tell the explorer's screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from vaevis_tui.explorer.decoding import Decoded, EngineEvent
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.jobs.inversion_search import SearchFailed, SearchProgress
from vaevis_tui.explorer.jobs.picture_batch import PictureFound, PicturesEnded
from vaevis_tui.explorer.model_notes import EncoderNoted

ScreenEvent = (
    EngineEvent
    | EncoderNoted
    | SearchProgress
    | SearchFailed
    | PictureFound
    | PicturesEnded
    | ExportProgress
    | ExportEnded
)


@dataclass(eq=False)
class WorkerEvent(Message):
    """Something happened in another thread."""

    event: ScreenEvent

    def can_replace(self, message: Message) -> bool:
        """A newer image makes an older one of no use; other events are never dropped."""
        return (
            isinstance(message, WorkerEvent)
            and isinstance(self.event, Decoded)
            and isinstance(message.event, Decoded)
        )
