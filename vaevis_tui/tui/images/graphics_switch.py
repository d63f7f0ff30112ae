"""What images are drawn with: half-blocks at first, then what the user asked for, if the terminal has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import App
from textual.widget import Widget

from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.protocols.registry import IMAGE_PROTOCOLS
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.terminal.detect.selection import choose, following, offered
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
from vaevis_tui.terminal.detect.tmux import Clients, has_lost, tmux_clients
from vaevis_tui.terminal.graphics import AUTO, PROTOCOLS, Graphics, GraphicsSupport
from vaevis_tui.terminal.renderers import renderer_for
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.textual_private.app import ScreenApp
from vaevis_tui.tui.textual_private.driver import ask_terminal, window_of_terminal

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


NAMES = {protocol.graphics: protocol.name for protocol in IMAGE_PROTOCOLS} | {
    Graphics.OCTANT: "octants, 2×4 a cell",
    Graphics.SEXTANT: "sextants, 2×3 a cell",
    Graphics.QUADRANT: "quadrants, 2×2 a cell",
    Graphics.HALF: "half-blocks, 1×2 a cell",
    Graphics.BRAILLE: "braille, 2×4 a cell",
    Graphics.ASCII: "ASCII characters",
}
"""What images are drawn as, for people."""

_UNKNOWN = infer_support([], brand="unknown", multiplexer=None)
"""A terminal of which nothing is known."""


class GraphicsSwitch:
    """Asks the terminal what it can draw, picks the graphics, and switches them by hand.

    Args:
        port: Of the app, whose live images are all drawn alike.
        widget: One of that app's, until which is gone answers count.
        requested: A kind of graphics, or `AUTO`.
        colors: The colours that the terminal draws, by its environment.
        probe: What to ask the terminal; nothing if None.
        changed: Told of what images are drawn with from now on, and of a notice for the user, or None.
        on_reply: Told whatever the terminal answers.
    """

    def __init__(
        self,
        port: TerminalPort,
        widget: Widget,
        requested: str,
        colors: ColorMode,
        probe: TerminalProbe | None,
        changed: Callable[[Graphics, str | None], None],
        on_reply: Callable[[Reply], None] = lambda reply: None,
    ) -> None:
        self._port = port
        self._widget = widget
        self._requested = requested
        self.colors = colors
        """The colours that the terminal draws, as far as is known."""
        self._probe = probe
        self._changed = changed
        self._on_reply = on_reply
        self._support = _UNKNOWN
        self._replies: dict[str, Reply] = {}
        self.asking = probe is not None
        """Whether the terminal's answers are still awaited."""
        self._inferred = False
        self._can_ask = False
        self._watch: TmuxWatch | None = None

    def start(self, app: App[None]) -> None:
        """Show what needs no asking, and ask; to be called when the app is up."""
        if self._requested not in (AUTO, *PROTOCOLS):
            self._show(Graphics(self._requested), None)
        probe = self._probe
        if probe is None:
            self._take_support(_UNKNOWN)
            return
        self._can_ask = self._ask(probe.queries)
        if self._can_ask:
            app.set_timer(probe.timeout, self._infer_unless_done)
        else:
            self._infer()

    def _ask(self, queries: dict[str, bytes]) -> bool:
        assert self._probe is not None
        batch = b"".join(queries.values())
        return ask_terminal(self._widget.app, batch, self._probe.timeout, self._heard)

    def resized(self) -> None:
        """The window has another size, and perhaps another font: dots may be others."""
        if self._probe is not None and self._can_ask and self._port.renderer.graphics in PROTOCOLS:
            self._ask(self._probe.size_queries)

    @property
    def offers(self) -> list[tuple[Graphics, str]]:
        """What this terminal can draw with, the best first, and what each is called."""
        return [(graphics, NAMES[graphics]) for graphics in offered(self._support)]

    @property
    def copies_images(self) -> bool:
        """Whether the terminal takes images for its clipboard, as far as is known."""
        return self._support.clipboard

    def cycle(self) -> str:
        """Draw with the next kind of graphics that this terminal can show; gives what it is called."""
        return self.choose(following(self._port.renderer.graphics, self._support))

    def choose(self, graphics: Graphics) -> str:
        """Draw with one of `offers`; gives what it is called."""
        self._requested = graphics
        self._show(graphics, None)
        return NAMES[graphics]

    def _heard(self, reply: Reply) -> None:
        self._replies[reply.kind] = reply
        self._on_reply(reply)
        if reply.kind is ReplyKind.ATTRIBUTES:
            self._infer()

    def _infer_unless_done(self) -> None:
        if not self._inferred:
            self._infer()

    def _infer(self) -> None:
        """Off the event loop: inside tmux, that is asked, too."""
        assert self._probe is not None
        self._inferred = True
        replies, window = tuple(self._replies.values()), window_of_terminal(self._widget.app)
        inferring = asyncio.get_running_loop().run_in_executor(
            None, self._probe.infer_support, replies, window
        )
        inferring.add_done_callback(lambda done: self._take_support(done.result()))

    def _take_support(self, support: GraphicsSupport) -> None:
        if not self._widget.is_attached:
            return
        choice = choose(self._requested, support)
        self._support, self.asking = choice.support, False
        before, self.colors = self.colors, support.colors(self.colors)
        if self.colors != before and isinstance(app := self._widget.app, ScreenApp):
            app.draw_in_truecolor()
        self._show(choice.graphics, choice.notice)
        if choice.support.multiplexer == "tmux" and self._watch is None:
            self._watch = TmuxWatch(self._port)
            self._widget.call_later(self._look_on, self._watch)  # in the app's context, which timers need

    def _look_on(self, watch: TmuxWatch) -> None:
        self._widget.set_timer(0.001, watch.look)  # who looks on now gets the first image
        self._widget.set_interval(TMUX_INTERVAL, watch.look)

    def _show(self, graphics: Graphics, notice: str | None) -> None:
        shown = renderer_for(graphics, self.colors, self._support)
        if shown != self._port.renderer:
            self._port.renderer = shown
        self._changed(graphics, notice)
