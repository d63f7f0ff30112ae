"""The explorer's screen: lays out the widgets, and shows what the decoder and other threads deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.geometry import Region
from textual.notifications import Notification

from vaevis_tui.engine.source import Frame
from vaevis_tui.explorer.decoding import Decoded, Decoding, Failed, Opened, TilesDecoded
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.jobs.inversion_search import SearchFailed, SearchProgress
from vaevis_tui.explorer.jobs.picture_batch import PictureFound, PicturesEnded
from vaevis_tui.explorer.model_notes import EncoderNoted
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.terminal.detect.replies import Reply
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions.all import Actions
from vaevis_tui.tui.actions.program.status import show_statistics
from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.input_screen import InputScreen
from vaevis_tui.tui.layout import arrange
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.widgets import place
from vaevis_tui.tui.worker_event import WorkerEvent

STATISTICS_RATE = 5.0
"""Updates of the statistics per second: faster than this, digits cannot be read."""
NO_IMAGE = (28, 28)
"""Image size in pixels that the layout assumes until a model is open."""


class ExplorerScreen(InputScreen):
    """Image, rows, strip, map, status and hints.

    Every change of the point is submitted, the service decodes the newest one, and its image comes back as a
    `WorkerEvent`. The walk waits for the image of each step before it takes the next, so that it never asks
    for more than can be shown.

    Args:
        settings: How to start.
        decoding: Opens models and decodes.
        port: To the terminal.
        on_background: Called when the terminal has said which background it has.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keys.EXPLORER]
    DEFAULT_CSS = """
    ExplorerScreen {
        overflow: hidden; background: $background;
        & > * { position: absolute; }
        .-frame { background: $background; border-title-color: $foreground; }
        &.-framed .-frame {
            border: round $frame; border-title-align: left;
            border-subtitle-color: $quiet; border-title-style: bold;
        }
        &.-framed.-map-focused #map { border: round $accent; }
        &.-framed #rows-frame { border: round $accent; }
        &.-framed.-filmstrip-focused #rows-frame { border: round $frame; }
        &.-framed.-map-focused #rows-frame { border: round $frame; }
    }
    """

    def __init__(
        self,
        settings: ExplorerSettings,
        decoding: Decoding,
        port: TerminalPort,
        on_background: Callable[[Reply], None] = lambda reply: None,
    ) -> None:
        super().__init__()
        self.work = Workspace(
            self,
            settings,
            decoding,
            port,
            lay_out=self._lay_out,
            follow_motion=self._follow_motion,
            follow_point=self._follow_point,
        )
        self.actions = Actions(self.work, on_background)
        image = self.work.widgets.image
        image.before_paint = self.work.show_point  # bars and frame go out together, at the link's pace

    @property
    def exploration(self) -> Exploration | None:
        """The exploration on show; None until a model is open."""
        return self.work.exploration

    def compose(self) -> ComposeResult:
        """Every widget; `_lay_out` places and shows them."""
        yield from self.work.widgets.in_order

    def on_mount(self) -> None:
        """Lay out, start the timers and listen to the decoding."""
        settings = self.work.settings
        self.actions.walk.walker.mount()
        self.set_interval(1 / STATISTICS_RATE, self._show_statistics)
        self.work.widgets.details.walk = (False, settings.speed)
        self._lay_out()
        self.work.decoding.listen(self.work.post_event)
        if settings.watch:
            self.set_interval(settings.watch, self.actions.models.look_at_files)
        self.call_after_refresh(self.actions.graphics.switch.start, self.app)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.work.widgets.repaint_gaps())

    def on_resize(self, event: events.Resize) -> None:
        """Place the widgets before the new size is laid out."""
        self._lay_out()
        self.actions.graphics.switch.resized()

    def on_unmount(self) -> None:
        """Stop background jobs."""
        self.actions.close()

    # Layout

    def _lay_out(self) -> None:
        width, height = self.app.size
        widgets, compare = self.work.widgets, self.actions.compare
        bundle = self.exploration.bundle if self.exploration else None
        image = (bundle.image_height, bundle.image_width) if bundle else NO_IMAGE
        shown = (image[0], 2 * image[1]) if compare.on else image
        layout = arrange(width, height, shown, self.actions.panels.shown)
        self.set_class(layout.framed, "-framed")
        compared, alone = compare.divide(layout.image)
        widgets.place(layout, alone, compared)
        prompts = [*self.query(ValuePrompt), *self.query(LinePrompt)]
        for prompt in prompts:
            place(prompt, layout.hints or Region(0, height - 1, width, 1))
            widgets.hints.display = widgets.scrubber.display = False
        on_journey = widgets.scrubber.passage is not None
        widgets.notices.place(self.app.size, rows_below=int(bool(prompts) or on_journey))
        self.call_after_refresh(self._follow_point)
        self.call_after_refresh(self.work.show_point)  # what rows have no room for depends on their size
        self.work.show_point()

    # Events of other threads

    @on(WorkerEvent)
    def _take_event(self, message: WorkerEvent) -> None:
        actions = self.actions
        match message.event:
            case Opened():
                actions.models.take_opened()
            case Decoded(exploration, frame):
                if exploration is self.exploration:
                    self._take_frame(frame)
            case TilesDecoded() as tiles:
                actions.take_tiles(tiles)
            case Failed(error, ref):
                actions.models.take_failure(error, ref)
            case SearchProgress() | SearchFailed() as event:
                actions.search.take(event)
            case EncoderNoted() as noted:
                actions.panels.take_note(noted)
            case PictureFound() | PicturesEnded() as event:
                actions.pictures.take(event)
            case ExportProgress() | ExportEnded() as event:
                actions.exports.take(event)

    def _take_frame(self, frame: Frame) -> None:
        image, newest = self.work.widgets.image, self.work.newest
        for _ in range(frame.number - 1 - (newest.number if newest else 0)):
            image.meter.dropped()  # replaced by this one in the message queue
        self.work.newest = frame
        image.show(frame)
        self.actions.compare.follow()
        walker = self.actions.walk.walker
        walker.image_came()
        if not walker.running:  # during a walk at the rate of the statistics
            self._follow_point()

    @on(LiveImage.Presented, "#image")
    def _presented(self) -> None:
        self.actions.walk.walker.step_if_due()

    # What follows a change

    def _follow_point(self, *, moving: bool = False) -> None:
        self.actions.follow_point(moving=moving)

    def _follow_motion(self) -> None:
        if self.exploration is not None:
            self.actions.walk.walker.follow(self.exploration)
            self.work.widgets.details.walk = (self.exploration.walking, self.exploration.speed)
            self._show_motion()

    def _show_motion(self) -> None:
        self.work.widgets.status.walk = self.actions.text
        self.work.widgets.hints.arrows = self.actions.arrows_in
        self.actions.journeys.follow()

    def _show_statistics(self) -> None:
        show_statistics(self.work)
        if self.exploration is not None:
            if self.actions.walk.walker.running:
                self._show_motion()
                self._follow_point(moving=True)
            self.actions.judgement.follow(self.exploration)
            self.actions.keepsakes.read()

    # Other screens

    def on_screen_suspend(self) -> None:
        """Pause while another screen covers this one."""
        self.work.widgets.image.step_back()
        self.actions.walk.walker.pause()

    def on_screen_resume(self) -> None:
        """Resume."""
        self._follow_motion()

    # For the app

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers and no key does."""
        yield from self.actions.commands()

    def show_notices(self, notices: Iterable[Notification]) -> None:
        """Show new notices."""
        self.work.widgets.notices.show(notices)
