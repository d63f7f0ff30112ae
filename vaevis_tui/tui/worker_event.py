"""What other threads tell the explorer's screen."""

from __future__ import annotations

from textual.message import Message

from vaevis_tui.explorer.decoding import Decoded, EngineEvent
from vaevis_tui.explorer.jobs.export_news import ExportEnded, ExportProgress
from vaevis_tui.explorer.jobs.inversion_search import SearchFailed, SearchProgress
from vaevis_tui.explorer.jobs.picture_batch import PictureFound, PicturesEnded
from vaevis_tui.explorer.model_notes import EncoderNoted

ScreenNews = (
    EngineEvent
    | EncoderNoted
    | SearchProgress
    | SearchFailed
    | PictureFound
    | PicturesEnded
    | ExportProgress
    | ExportEnded
)


class WorkerEvent(Message):
    """Something happened in another thread."""

    def __init__(self, news: ScreenNews) -> None:
        super().__init__()
        self.news = news

    def can_replace(self, message: Message) -> bool:
        """A newer image makes an older one of no use; other news is never dropped."""
        return (
            isinstance(message, WorkerEvent)
            and isinstance(self.news, Decoded)
            and isinstance(message.news, Decoded)
        )
