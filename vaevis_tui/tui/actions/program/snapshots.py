"""Snapshots: to a file, or to the clipboard of the terminal's machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual.app import SystemCommand

from vaevis_tui.engine.source import Frame
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.snapshots import Snapshot
from vaevis_tui.terminal.detect.replies import Reply
from vaevis_tui.terminal.link.clipboard import (
    clipboard_hint,
    clipboard_refusal,
    set_clipboard,
    set_clipboard_image,
)
from vaevis_tui.tui.actions.program.graphics import GraphicsActions
from vaevis_tui.tui.actions.workspace import Workspace

T = TypeVar("T")

_ANSWER_TIMEOUT = 3.0
"""Seconds after which a terminal that was given an image most likely asks its user whether it may take it."""

_SOON = 0.1
"""Seconds after which to see whether the terminal has answered what it is asked at the start."""


class SnapshotActions:
    """The image on show, saved or copied."""

    def __init__(self, work: Workspace, graphics: GraphicsActions) -> None:
        self._work = work
        self._graphics = graphics
        self._copying = False
        """Whether the terminal has not said yet whether it took an image."""

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers and no key does."""
        for caption, name, what in (
            (True, "Snapshot with caption", "Save the image with model, z and seed written below it"),
            (False, "Snapshot without caption", "Save the image alone"),
        ):
            if caption != self._work.settings.caption:
                yield SystemCommand(name, what, partial(self.save, caption))

    def save(self, caption: bool | None = None) -> None:
        """Save the image on show, with a caption or as the settings say; nothing stops for it."""
        self._take(self._save, self._say_saved, caption)

    def copy_image(self) -> None:
        """Copy the image on show; where the terminal takes none, save it and copy the file's path."""
        if self._graphics.switch.asking:
            self._work.screen.set_timer(_SOON, self.copy_image)  # whether it takes one is not known yet
        elif self._graphics.switch.copies_images:
            self._take(Snapshot.encoded, self._send_image)
        else:
            self._take(self._save, self._copy_path)

    def _save(self, snapshot: Snapshot) -> Path:
        return snapshot.save(self._work.settings.snapshot_dir)

    def _take(
        self, make: Callable[[Snapshot], T], then: Callable[[T], None], caption: bool | None = None
    ) -> None:
        """Make something of the image on show in a thread, then do something with it."""
        frame = self._work.widgets.image.presented or self._work.newest
        if not isinstance(frame, Frame) or not isinstance(frame.tag, Exploration) or self._work.info is None:
            return
        captioned = self._work.settings.caption if caption is None else caption
        exploration, backend, seed = frame.tag, self._work.info.backend, frame.tag.seed_of(frame.z)
        snapshot = Snapshot(exploration.bundle, frame.z, frame.image, backend, seed, captioned)
        self._work.in_thread(partial(make, snapshot), then, "no snapshot: {} (--snapshot-dir DIR)")

    def _say_saved(self, path: Path) -> None:
        self._work.say(f"saved {path}")

    def _copy_path(self, path: Path) -> None:
        multiplexer = self._work.settings.link_profile.multiplexer
        self._work.port.write(set_clipboard(str(path.resolve()), multiplexer))
        hint = clipboard_hint(multiplexer)
        self._work.say(f"saved {path}, and copied that path: this terminal takes no images. {hint}")

    def _send_image(self, png: bytes) -> None:
        self._copying = True
        self._work.port.write(set_clipboard_image(png))
        self._work.screen.set_timer(_ANSWER_TIMEOUT, self._say_waiting)

    def _say_waiting(self) -> None:
        if self._copying:
            self._work.say("The image was sent; the terminal may be asking you whether it may be copied")

    def take_answer(self, answer: Reply) -> None:
        """The terminal has said whether it took an image."""
        if not self._copying:
            return
        self._copying = False
        if refusal := clipboard_refusal(answer.text):
            self._work.say(
                f"The terminal did not take the image: {refusal}; s saves it to a file", error=True
            )
        else:
            self._work.say("copied the image, with z inside")
