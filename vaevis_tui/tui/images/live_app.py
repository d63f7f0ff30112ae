"""What every app with live images is."""

from __future__ import annotations

from textual.app import ReturnType
from textual.driver import Driver
from textual.events import CursorPosition

from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.textual_private.app import ScreenApp, age
from vaevis_tui.tui.textual_private.driver import timed_driver_class


class LiveApp(ScreenApp[ReturnType]):
    """An app with a port to the terminal, through which its live images and its screen go.

    Args:
        port: Its own; that of a local terminal if None.
    """

    def __init__(self, port: TerminalPort | None = None) -> None:
        super().__init__()
        self.port = port or TerminalPort()

    def on_load(self) -> None:
        """Let the port pace what is written."""
        self.port.attach(self)

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this platform, which can tell when a frame has been written."""
        return timed_driver_class(super().get_driver_class())

    def on_cursor_position(self, event: CursorPosition) -> None:
        """The terminal acknowledges a frame; the event counts from 0."""
        self.port.acknowledge(event.y + 1, event.x + 1, age(event))
