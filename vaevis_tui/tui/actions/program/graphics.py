"""What images are drawn with: chosen by keys and commands, and what the person is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand

from vaevis_tui.terminal.color.colors import ColorDepth
from vaevis_tui.terminal.detect.replies import Reply
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.images.graphics_switch import GraphicsSwitch


class GraphicsActions:
    """Switches the graphics, and says once they are known what is to be said at the start.

    Args:
        work: What all actions work on.
        on_reply: Called with whatever the terminal answers.
    """

    def __init__(self, work: Workspace, on_reply: Callable[[Reply], None]) -> None:
        self._work = work
        settings = work.settings
        self.switch = GraphicsSwitch(
            work.port,
            work.screen,
            settings.graphics,
            settings.colors,
            settings.probe,
            self._show,
            on_reply,
        )
        self._first_notices = [settings.notice, settings.colors_notice]
        """Notices that wait until the graphics are known: the one on colours may not apply."""

    def cycle(self) -> None:
        """Draw images with the next kind of graphics."""
        self._work.say(f"drawn as {self.switch.cycle()}")

    def commands(self) -> Iterable[SystemCommand]:
        """A command for each kind of graphics that the terminal can draw."""
        for graphics, words in self.switch.offers:
            run = partial(self._choose, graphics)
            yield SystemCommand(f"Graphics {graphics}", f"Draw images as {words}", run)

    def _choose(self, graphics: Graphics) -> None:
        self._work.say(f"drawn as {self.switch.choose(graphics)}")

    def _show(self, graphics: Graphics, notice: str | None) -> None:
        self._work.widgets.hints.graphics = graphics
        if notice:
            self._work.say(notice, lasting=True)
        if not self.switch.asking:
            colors = self.switch.colors
            if (graphics in PROTOCOLS or colors.depth is ColorDepth.TRUECOLOR) and not colors.grey:
                self._first_notices = self._first_notices[:1]
            for text in filter(None, self._first_notices):
                self._work.say(text, lasting=True)
            self._first_notices = []
        self._work.widgets.repaint_tiles()
