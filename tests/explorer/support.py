"""What tests of the explorer without a screen share: who hears what the decoding tells."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vaevis_tui.explorer.decoding import EngineEvent

TIMEOUT = 20.0


class Listener:
    """Hears the news and waits for it."""

    def __init__(self) -> None:
        self.news: list[EngineEvent] = []
        self._heard = threading.Condition()

    def __call__(self, news: EngineEvent) -> None:
        with self._heard:
            self.news.append(news)
            self._heard.notify_all()

    def wait(self, condition: Callable[[EngineEvent], bool]) -> EngineEvent:
        """The first news for which the condition holds, heard already or to come."""
        with self._heard:
            assert self._heard.wait_for(lambda: any(map(condition, self.news)), TIMEOUT), self.news
            return next(news for news in self.news if condition(news))
