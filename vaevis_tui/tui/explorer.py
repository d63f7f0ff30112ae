"""The explorer's screen: lays out the panels, and connects keys and pointer, decoder and image."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region
from textual.widget import Widget

from vaevis_tui.engine.source import Frame
from vaevis_tui.explorer import effects
from vaevis_tui.explorer.decoding import Decoded, Decoding, Failed, Opened, TilesDecoded
from vaevis_tui.explorer.effects import EffectProbe
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.jobs.export_events import ExportEnded, ExportProgress
from vaevis_tui.explorer.jobs.inversion_search import SearchFailed, SearchProgress
from vaevis_tui.explorer.jobs.picture_batch import PictureFound, PicturesEnded
from vaevis_tui.explorer.journey_player import JourneyPlayer
from vaevis_tui.explorer.keepsakes import KeepsakeStore
from vaevis_tui.explorer.model_notes import EncoderNoted
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.terminal.detect.replies import Reply
from vaevis_tui.tui import keys
from vaevis_tui.tui.actions import compare, examples, journeys
from vaevis_tui.tui.actions.examples import ExampleActions
from vaevis_tui.tui.actions.picture_search import PictureSearch
from vaevis_tui.tui.actions.program import ProgramActions
from vaevis_tui.tui.actions.rows import RowActions
from vaevis_tui.tui.actions.status import StatusActions
from vaevis_tui.tui.actions.walker import Walker
from vaevis_tui.tui.graphics_switch import GraphicsSwitch
from vaevis_tui.tui.layout import NOWHERE, arrange
from vaevis_tui.tui.live_image import LiveImage
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.value_prompt import ValuePrompt
from vaevis_tui.tui.panels import filmstrip_panel, map_panel, strip_panel
from vaevis_tui.tui.panels.scrubber import Scrubber
from vaevis_tui.tui.panels.titled_frame import TitledFrame
from vaevis_tui.tui.terminal_port import TerminalPort
from vaevis_tui.tui.worker_event import WorkerEvent

STATISTICS_RATE = 5.0
"""Updates of the statistics per second: faster than this, digits cannot be read."""
PREFERRED = "wgpu"
"""The backend whose takeover needs no notice."""
NO_IMAGE = (28, 28)
"""Image size in pixels that the layout assumes until a model is open."""
TYPING_SUSPENDS = frozenset(
    {"select", "select_page", "select_end", "nudge", "ask_value", "label", "next_axes"}
)
"""Actions that are off while a prompt is open: they would move the row that it asks about."""


class ExplorerScreen(ProgramActions, RowActions, ExampleActions, StatusActions):
    """Image, rows, strip, map, status and hints.

    Every change of the point is submitted, the service decodes the newest one, and its image comes back as a
    `WorkerEvent`. The walk waits for the image of each step before it takes the next, so that it never asks
    for more than can be shown.
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
        super().__init__(settings, decoding, port)
        self._image.before_paint = self._show_point  # bars and frame go out together, at the link's pace
        self._graphics = GraphicsSwitch(
            port,
            self,
            settings.graphics,
            settings.colors,
            settings.probe,
            self._show_graphics,
            self._hear,
        )
        self._on_background = on_background
        self._effects = EffectProbe(self._request_tiles)
        self._store = KeepsakeStore()
        self._compared = LiveImage(port, priority=1, id="compare-image")
        self._player = JourneyPlayer()
        self._scrubber = Scrubber()
        self._walker = Walker(
            self,
            settings.clock,
            lambda: not self._image.waiting,
            self._submit,
            self._player,
            self._follow_activities,
        )
        self._search = PictureSearch(settings, self._post_event, self._change, self.say, self._search_ended)
        self._to_say = [settings.notice, settings.colors_notice]
        self._walk_at_start = settings.walk
        self._tile_takers: dict[str, Callable[[TilesDecoded], None]] = {
            strip_panel.OWNER: self._strip.take,
            map_panel.OWNER: self._map.take,
            filmstrip_panel.OWNER: self._filmstrip.take,
            effects.OWNER: self._take_effects,
            compare.OWNER: self._take_reference,
            journeys.OWNER: self._take_journey,
            examples.OWNER: self._take_examples,
        }
        """Who asked for tiles gets them."""

    def compose(self) -> ComposeResult:
        """Every panel; `_arrange` places and shows them."""
        self._image_frame = TitledFrame(self._image, id="image-frame", classes="-frame")
        self._rows_frame = TitledFrame(self._bars, id="rows-frame", classes="-frame")
        self._map.add_class("-frame")
        self._compare_frame = TitledFrame(self._compared, id="compare-frame", classes="-frame")
        yield self._compare_frame
        yield self._image_frame
        yield self._rows_frame
        yield self._map
        yield self._strip
        yield self._filmstrip
        yield self._details
        yield self._status
        yield self._hints
        yield self._scrubber
        yield self._notices

    def on_mount(self) -> None:
        """Lay out, start the timers and listen to the decoding."""
        self._walker.mount()
        self.set_interval(1 / STATISTICS_RATE, self._show_statistics)
        self._details.walk = (False, self._settings.speed)
        self._arrange()
        self._decoding.listen(self._post_event)
        if self._settings.watch:
            self.set_interval(self._settings.watch, self.look_at_files)
        self.call_after_refresh(self._graphics.start, self.app)

    def on_resize(self, event: events.Resize) -> None:
        """Place the panels before the new size is laid out."""
        self._arrange()
        self._graphics.resized()

    def on_unmount(self) -> None:
        """Stop background jobs."""
        self._search.close()
        self._close_pictures()
        self._close_export()

    # Layout

    def _arrange(self) -> None:
        width, height = self.app.size
        bundle = self._exploration.bundle if self._exploration else None
        image = (bundle.image_height, bundle.image_width) if bundle else NO_IMAGE
        shown = (image[0], 2 * image[1]) if self._compare_open else image
        layout = arrange(width, height, shown, self._panels)
        compared, alone = self._divide_image(layout.image)
        _place(self._compare_frame, compared)
        self.set_class(layout.framed, "-framed")
        _place(self._image_frame, alone)
        _place(self._rows_frame, layout.rows)
        _place(self._map, layout.map)
        _place(self._strip, layout.strip)
        _place(self._filmstrip, layout.filmstrip)
        _place(self._details, layout.details)
        _place(self._status, layout.status)
        on_journey = self._scrubber.passage is not None
        _place(self._hints, NOWHERE if on_journey else layout.hints)
        _place(self._scrubber, layout.hints if on_journey else NOWHERE)
        prompts = [*self.query(ValuePrompt), *self.query(LinePrompt)]
        for prompt in prompts:
            _place(prompt, layout.hints or Region(0, height - 1, width, 1))
            self._hints.display = self._scrubber.display = False
        self._notices.place(self.app.size, rows_below=int(bool(prompts) or on_journey))
        self.call_after_refresh(self._follow_with_panels)
        self._show_point()

    # Events of other threads

    @on(WorkerEvent)
    def _on_worker_event(self, message: WorkerEvent) -> None:
        match message.event:
            case Opened():
                self._take_model()
            case Decoded(exploration, frame):
                if exploration is self._exploration:
                    self._take_frame(frame)
            case TilesDecoded():
                self._take_tiles(message.event)
            case Failed(error, ref):
                self._take_failure(error, ref)
            case SearchProgress() | SearchFailed():
                self._take_search(message.event)
            case EncoderNoted():
                self._take_note(message.event)
            case PictureFound() | PicturesEnded():
                self._take_pictures(message.event)
            case ExportProgress() | ExportEnded():
                self._take_export(message.event)

    def _take_frame(self, frame: Frame) -> None:
        for _ in range(frame.number - 1 - (self._newest.number if self._newest else 0)):
            self._image.meter.dropped()  # replaced by this one in the message queue
        self._newest = frame
        self._image.show(frame)
        self._show_reference()
        self._walker.image_came()
        if not self._walker.running:  # during a walk at the rate of the statistics
            self._follow_with_panels()

    @on(LiveImage.Presented, "#image")
    def _presented(self) -> None:
        self._walker.step_if_due()

    def _take_tiles(self, tiles: TilesDecoded) -> None:
        if tiles.exploration is self._exploration:
            self._tile_takers[tiles.owner](tiles)

    # The point

    def _change(self, action: Callable[[Exploration], object]) -> None:
        exploration = self._exploration
        if exploration is None:
            return
        before = exploration.point
        action(exploration)
        self._show_point()
        self._follow_activities()
        if exploration.point is before:
            self._follow_with_panels(moving=exploration.walking)
        else:
            self._submit()  # the image goes first; the panels follow when it has come

    def _submit(self) -> None:
        if self._exploration is not None:
            self._decoding.submit(self._exploration)

    def _show_point(self) -> None:
        exploration = self._exploration
        if exploration is None:
            return
        state = exploration.state
        self._bars.show_axes(state.axis_set)
        self._bars.show_point(state.coordinates, state.selected)
        sets = [each.name for each in state.sets]
        names = " | ".join(
            f"[b]{name}[/]" if name == state.axis_set.name else f"[$quiet not bold]{name}[/]" for name in sets
        )
        self._rows_frame.titled = names
        axis = state.axis_set.axes[state.selected].name
        value = state.axis_set.text(state.selected, exploration.value)
        self._status.axis = "" if self._rows_frame.display else f"{axis} {value}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch off `TYPING_SUSPENDS` while a prompt is open."""
        return not (self._prompting and action in TYPING_SUSPENDS)


def _place(widget: Widget, region: Region) -> None:
    """Place a widget in a region; hide it if that is empty."""
    widget.display = bool(region)
    if region:
        widget.styles.offset = region.offset
        widget.styles.width, widget.styles.height = region.size
