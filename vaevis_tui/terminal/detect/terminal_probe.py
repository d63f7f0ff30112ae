"""Which terminal is to be asked, how long for, and what is known without asking it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vaevis_tui.terminal.detect import probe
from vaevis_tui.terminal.detect.capabilities import TerminalCapabilities
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.terminal.detect.support import conclude
from vaevis_tui.terminal.detect.tmux import ask_tmux
from vaevis_tui.terminal.detect.window import Window
from vaevis_tui.terminal.graphics import GraphicsSupport


@dataclass(frozen=True, slots=True)
class TerminalProbe:
    """What to ask a terminal, and how to read the answers.

    Attributes:
        brand: As in `TerminalCapabilities`.
        multiplexer: As in `TerminalCapabilities`.
        timeout: Seconds to wait for the last answer.
    """

    brand: str
    multiplexer: str | None
    timeout: float

    @classmethod
    def of(cls, environ: Mapping[str, str], terminal: TerminalCapabilities) -> TerminalProbe:
        """For the terminal of an environment."""
        return cls(terminal.brand, terminal.multiplexer, probe.timeout(environ))

    @property
    def queries(self) -> dict[str, bytes]:
        """What to ask, in this order and in one go."""
        return probe.queries(self.brand, self.multiplexer)

    @property
    def size_queries(self) -> dict[str, bytes]:
        """What to ask again when the window's size has changed, and perhaps its font's."""
        kinds = (ReplyKind.WINDOW_SIZE, ReplyKind.CELL_SIZE, ReplyKind.ATTRIBUTES)
        return {kind: probe.QUERIES[kind] for kind in kinds}

    def conclude(self, replies: Iterable[Reply], window: Window | None) -> GraphicsSupport:
        """What follows from answers; inside tmux this asks that, too, for some milliseconds.

        Args:
            replies: The answers.
            window: The window as the system knows it.
        """
        passthrough, outside = ask_tmux() if self.multiplexer == "tmux" else (False, "")
        return conclude(
            replies,
            brand=self.brand,
            multiplexer=self.multiplexer,
            window=window,
            passthrough=passthrough,
            outside=outside,
        )
