"""A probe of one terminal: its queries, the timeout, and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vaevis_tui.terminal.detect.capabilities import TerminalCapabilities
from vaevis_tui.terminal.detect.queries import QUERIES, queries, timeout
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.detect.tmux import ask_tmux
from vaevis_tui.terminal.detect.window import Window
from vaevis_tui.terminal.graphics import GraphicsSupport


@dataclass(frozen=True, slots=True)
class TerminalProbe:
    """The queries for one terminal, and what follows from its answers.

    Attributes:
        brand: As in `TerminalCapabilities`.
        multiplexer: As in `TerminalCapabilities`.
        timeout: Seconds to wait for the fence.
    """

    brand: str
    multiplexer: str | None
    timeout: float

    @classmethod
    def of(cls, environ: Mapping[str, str], terminal: TerminalCapabilities) -> TerminalProbe:
        """For the terminal of an environment."""
        return cls(terminal.brand, terminal.multiplexer, timeout(environ))

    @property
    def queries(self) -> dict[str, bytes]:
        """The queries, to be written in this order and in one go."""
        return queries(self.brand, self.multiplexer)

    @property
    def size_queries(self) -> dict[str, bytes]:
        """The queries to repeat when the size of the window, and perhaps of its font, has changed."""
        kinds = (ReplyKind.WINDOW_SIZE, ReplyKind.CELL_SIZE, ReplyKind.ATTRIBUTES)
        return {kind: QUERIES[kind] for kind in kinds}

    def infer_support(self, replies: Iterable[Reply], window: Window | None) -> GraphicsSupport:
        """What the terminal supports. Inside tmux this asks tmux too, which takes some milliseconds.

        Args:
            replies: The answers.
            window: The window as the system knows it.
        """
        passthrough, outside = ask_tmux() if self.multiplexer == "tmux" else (False, "")
        return infer_support(
            replies,
            brand=self.brand,
            multiplexer=self.multiplexer,
            window=window,
            passthrough=passthrough,
            outside=outside,
        )
