"""Images that tmux did not hand on are sent again.

tmux keeps text for terminals that are behind or come later, but not what it hands through: placeholders
would stay there, and show nothing.
"""

from __future__ import annotations

import asyncio

from vaevis_tui.terminal.detect.tmux import Clients, has_lost, tmux_clients
from vaevis_tui.terminal.graphics import PROTOCOLS
from vaevis_tui.tui.images.terminal_port import TerminalPort

TMUX_INTERVAL = 2.0
"""Seconds between looks at tmux's terminals, of which each costs 10 ms beside the program."""


class TmuxWatch:
    """Looks at who shows our session; to be called every `TMUX_INTERVAL`.

    Args:
        port: Of the app, whose images are sent again.
    """

    def __init__(self, port: TerminalPort) -> None:
        self._port = port
        self._clients: Clients | None = None
        self._lost = False
        self._frames = 0
        """Number of the last frame when it was looked at last."""

    async def look(self) -> None:
        """Send images again where a terminal has come or was behind, once nothing else is sent."""
        if self._port.renderer.graphics not in PROTOCOLS:
            return
        clients = await asyncio.to_thread(tmux_clients)
        if clients is None:
            return
        self._lost |= self._clients is not None and has_lost(self._clients, clients)
        self._clients = clients
        rests, self._frames = self._port.frames == self._frames, self._port.frames
        if self._lost and clients and rests:
            self._lost = False
            self._port.send_again()
