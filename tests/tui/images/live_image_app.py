"""A program that shows noise as fast as it can: python -m tests.tui.images.live_image_app JOURNAL

It appends a line to the journal for every key it hears. On ``e`` it shows one frame more, waits until that is
on the screen, writes its number and how many were presented, and ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import ComposeResult
from textual.events import Key

from tests.tui.images.frames import random_frame
from vaevis_tui.tui.images.live_app import LiveApp
from vaevis_tui.tui.images.live_image import LiveImage


class NoiseApp(LiveApp[None]):
    def __init__(self, journal: Path) -> None:
        super().__init__()
        self.journal = journal
        self.number = 0
        self.presented = 0
        self.ending = False

    def compose(self) -> ComposeResult:
        yield LiveImage(self.port)

    def on_ready(self) -> None:
        self.set_interval(1 / 60, self.feed)

    def feed(self) -> None:
        if not self.ending:
            self.number += 1
            self.last = random_frame(self.number)
            self.query_one(LiveImage).show(self.last)

    def on_key(self, event: Key) -> None:
        self.write(event.key)
        if event.key == "e":
            self.feed()
            self.ending = True

    def on_live_image_presented(self, message: LiveImage.Presented) -> None:
        self.presented += 1
        if self.ending and message.frame is self.last:
            self.write(f"{self.number} {self.presented}")
            self.exit()

    def write(self, line: str) -> None:
        with self.journal.open("a") as journal:
            journal.write(line + "\n")


if __name__ == "__main__":
    app = NoiseApp(Path(sys.argv[1]))
    app.run()
    sys.exit(app.return_code)
