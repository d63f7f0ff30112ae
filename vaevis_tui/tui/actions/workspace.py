"""What all actions work on: the model on show and its point, the widgets, and how to tell the person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from textual.screen import Screen, ScreenResultType

from vaevis_tui.engine.decoder import DecoderInfo, Latents
from vaevis_tui.engine.source import Frame
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.open_model import OpenModel
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.panels.notice_bar import LASTING
from vaevis_tui.tui.widgets import ExplorerWidgets
from vaevis_tui.tui.worker_event import ScreenEvent, WorkerEvent

T = TypeVar("T")

SECONDS, SECONDS_A_CHARACTER = 2.0, 0.05
"""Seconds that a notice stays: to be noticed, and to be read."""


class FollowPoint(Protocol):
    """Shows in the panels where the point is."""

    def __call__(self, *, moving: bool = False) -> None:
        """Show it.

        Args:
            moving: Whether it will be elsewhere soon.
        """
        ...


class Workspace:
    """The explorer as its actions see it; every change of the point goes through `change`.

    Args:
        screen: The explorer's.
        settings: How to start.
        decoding: Opens models and decodes.
        port: To the terminal.
        lay_out: Places the widgets.
        follow_motion: Starts, stops and shows walk and journey, and whatever else goes on.
        follow_point: Shows in the panels where the point is.
    """

    def __init__(
        self,
        screen: Screen[None],
        settings: ExplorerSettings,
        decoding: Decoding,
        port: TerminalPort,
        *,
        lay_out: Callable[[], None],
        follow_motion: Callable[[], None],
        follow_point: FollowPoint,
    ) -> None:
        self.screen = screen
        self.settings = settings
        self.decoding = decoding
        self.port = port
        self.lay_out = lay_out
        self.follow_motion = follow_motion
        self.follow_point = follow_point
        self.widgets = ExplorerWidgets(settings, port, self.request_tiles)
        self.model = OpenModel()
        """The model as the screen last saw it."""
        self.newest: Frame | None = None
        """The frame that was decoded last."""

    @property
    def exploration(self) -> Exploration | None:
        """The exploration on show; None until a model is open."""
        return self.model.exploration

    @property
    def info(self) -> DecoderInfo | None:
        """What decodes the model on show."""
        return self.model.info

    def change(self, action: Callable[[Exploration], object]) -> None:
        """Apply a change to the exploration, if there is one, then show and decode the point."""
        exploration = self.exploration
        if exploration is None:
            return
        before = exploration.point
        action(exploration)
        self.show_point()
        self.follow_motion()
        if exploration.point is before:
            self.follow_point(moving=exploration.walking)
        else:
            self.submit()  # the image goes first; the panels follow when it has come

    def submit(self) -> None:
        """Have the point decoded."""
        if self.exploration is not None:
            self.decoding.submit(self.exploration)

    def show_point(self) -> None:
        """Show the point in the rows and the status line."""
        if self.exploration is not None:
            self.widgets.show_point(self.exploration)

    def request_tiles(self, owner: str, z: Latents, priority: int) -> int:
        """Have images decoded, see `Decoding.decode_tiles`; returns the ticket, or 0."""
        if self.exploration is None:
            return 0
        return self.decoding.decode_tiles(self.exploration, owner, z, priority=priority)

    def post_event(self, event: ScreenEvent) -> None:
        """Post an event of another thread to the screen; called in that thread."""
        self.screen.post_message(WorkerEvent(event))

    def in_thread(self, make: Callable[[], T], done: Callable[[T], object], failed: str = "{}") -> None:
        """Make something in a thread, then do something with it here, unless the screen has gone.

        Args:
            make: Called in the thread.
            done: Called with what it gave.
            failed: What is said, with the error in place of the braces, where that was a UserError.
        """

        def finish(making: asyncio.Future[T]) -> None:
            try:
                made = making.result()
            except UserError as error:
                self.say(failed.format(error), error=True)
            else:
                done(made)

        # A worker of Textual's is cancelled when the app is left; the loop's own threads are waited for.
        making = asyncio.get_running_loop().run_in_executor(None, make)
        making.add_done_callback(
            lambda making: self.screen.is_attached and self.screen.call_later(finish, making)
        )

    def open_menu(
        self, menu: Screen[ScreenResultType], chosen: Callable[[ScreenResultType | None], None]
    ) -> None:
        """Open a menu over the explorer.

        Args:
            menu: A screen.
            chosen: Called with what was chosen, or None.
        """
        self.screen.app.push_screen(menu, chosen)

    def say(self, text: str, *, error: bool = False, lasting: bool = False) -> None:
        """Show a notice; longer ones stay longer.

        Args:
            text: One line.
            error: Whether something went wrong; it comes again after a newer notice has covered it.
            lasting: Whether it comes again, too: what is no answer to the key that was pressed last.
        """
        if error:
            self.screen.notify(text, severity="error", timeout=10, markup=False)
        else:
            seconds = min(SECONDS + len(text) * SECONDS_A_CHARACTER, 10.0)
            self.screen.notify(text, title=LASTING if lasting else "", timeout=seconds, markup=False)
