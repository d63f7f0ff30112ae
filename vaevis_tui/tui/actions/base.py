"""Base of the explorer's screen and its actions: the widgets, the model on show, and how to change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from textual import on
from textual.notifications import Notification

from vaevis_tui.engine.decoder import DecoderInfo, Latents
from vaevis_tui.engine.source import Frame
from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.open_model import OpenModel
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.tui.graphics_switch import GraphicsSwitch
from vaevis_tui.tui.live_image import LiveImage
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels.details import Details
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel
from vaevis_tui.tui.panels.hint_bar import HintBar
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.notice_bar import LASTING, NoticeBar
from vaevis_tui.tui.panels.status_line import StatusLine
from vaevis_tui.tui.panels.strip_panel import StripPanel
from vaevis_tui.tui.terminal_port import TerminalPort
from vaevis_tui.tui.textual_private.late import PunctualScreen
from vaevis_tui.tui.worker_event import ScreenEvent, WorkerEvent

SECONDS, SECONDS_A_CHARACTER = 2.0, 0.05
"""Seconds that a notice stays: to be noticed, and to be read."""

ArrowOwner = Literal["rows", "map", "filmstrip"]


class ExplorerBase(PunctualScreen[None]):
    """The widgets, and `_change`, through which every change of the point goes.

    Args:
        settings: How to start.
        decoding: Opens models and decodes.
        port: To the terminal.
    """

    def __init__(self, settings: ExplorerSettings, decoding: Decoding, port: TerminalPort) -> None:
        super().__init__()
        self._settings = settings
        self._decoding = decoding
        self._port = port
        self._model = OpenModel()
        """The model as the screen last saw it."""
        self._newest: Frame | None = None
        self._image = LiveImage(
            port, meter=settings.meter, placeholder=f"opening {settings.model} …", id="image"
        )
        self._bars = LatentBars()
        self._strip = StripPanel(port, self._request_tiles)
        self._map = MapPanel(port, self._request_tiles)
        self._filmstrip = FilmstripPanel(port, self._request_tiles)
        self._strip_open = self._map_open = self._filmstrip_open = self._details_open = False
        self._details = Details()
        self._status = StatusLine()
        self._hints = HintBar()
        self._notices = NoticeBar()
        self._graphics: GraphicsSwitch

    @property
    def _exploration(self) -> Exploration | None:
        return self._model.exploration

    @property
    def _info(self) -> DecoderInfo | None:
        return self._model.info

    @property
    def exploration(self) -> Exploration | None:
        """The exploration on show; None until a model is open."""
        return self._exploration

    def _change(self, action: Callable[[Exploration], object]) -> None:
        """Apply a change to the exploration, then show and decode the point."""
        raise NotImplementedError

    def _submit(self) -> None:
        """Have the point decoded."""
        raise NotImplementedError

    def _arrange(self) -> None:
        """Place the panels."""
        raise NotImplementedError

    def _show_point(self) -> None:
        """Show the point in the panels beside the image."""
        raise NotImplementedError

    def _follow_with_panels(self, *, moving: bool = False) -> None:
        """Show on the panels where one is."""
        raise NotImplementedError

    def _give_arrows(self, to: ArrowOwner) -> None:
        """Let the arrows move in another panel."""
        raise NotImplementedError

    def _follow_activities(self) -> None:
        """Start, stop and show what goes on: a walk, a journey, a search, an export."""
        raise NotImplementedError

    def _post_event(self, event: ScreenEvent) -> None:
        """Post an event of another thread to the screen; called in that thread."""
        self.post_message(WorkerEvent(event))

    def _request_tiles(self, owner: str, z: Latents, priority: int) -> int:
        if self._exploration is None:
            return 0
        return self._decoding.decode_tiles(self._exploration, owner, z, priority=priority)

    # Prompts in the bottom line

    @property
    def _prompting(self) -> bool:
        """Whether something is being typed."""
        # Not by a query: every key asks, which took a third of the time of one that is held down.
        return any(isinstance(child, ValuePrompt | LinePrompt) for child in self.children)

    def _prompt(self, prompt: LinePrompt) -> None:
        """Show a prompt in place of the hints, unless there is one."""
        if self.is_attached and not self._prompting:
            self.mount(prompt)
            self._arrange()

    async def _close_line(self) -> None:
        for prompt in self.query(LinePrompt):
            await prompt.close()
        self._arrange()

    @on(LinePrompt.Cancelled)
    async def _leave_line(self) -> None:
        await self._close_line()

    # Notices

    def show_notices(self, notices: Iterable[Notification]) -> None:
        """Show new notices."""
        self._notices.show(notices)

    def say(self, text: str, *, error: bool = False, lasting: bool = False) -> None:
        """Show a notice; longer ones stay longer.

        Args:
            text: One line.
            error: Whether something went wrong; it comes again after a newer notice has covered it.
            lasting: Whether it comes again, too: what is no answer to the key that was pressed last.
        """
        if error:
            self.notify(text, severity="error", timeout=10, markup=False)
        else:
            seconds = min(SECONDS + len(text) * SECONDS_A_CHARACTER, 10.0)
            self.notify(text, title=LASTING if lasting else "", timeout=seconds, markup=False)
