"""Everything on the explorer's screen: made in one place, and placed where the layout says."""

from __future__ import annotations

from textual.geometry import Region
from textual.widget import Widget

from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.reading import typed_path
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.layout import NOWHERE, Layout
from vaevis_tui.tui.panels.details import Details
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel
from vaevis_tui.tui.panels.hint_bar import HintBar
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.notice_bar import NoticeBar
from vaevis_tui.tui.panels.scrubber import Scrubber
from vaevis_tui.tui.panels.status_line import StatusLine
from vaevis_tui.tui.panels.strip_panel import StripPanel
from vaevis_tui.tui.panels.tile_image import RequestTiles
from vaevis_tui.tui.panels.titled_frame import TitledFrame


def _reason(model: str) -> str:
    """Why a model will take long to open, in brackets after a blank; empty where it will not."""
    if not typed_path(model).is_dir():
        return ""
    from vaevis_tui.models.families import slow_start

    reason = slow_start(model)
    return f" ({reason})" if reason else ""


class ExplorerWidgets:
    """The widgets by name.

    Args:
        settings: How the explorer was started.
        port: To the terminal.
        request_tiles: Asks for the images that strip, map and filmstrip are made of.
    """

    def __init__(self, settings: ExplorerSettings, port: TerminalPort, request_tiles: RequestTiles) -> None:
        opening = f"opening {settings.model} …{_reason(settings.model)}"
        self.image = LiveImage(port, meter=settings.meter, placeholder=opening, id="image")
        self.bars = LatentBars()
        self.strip = StripPanel(port, request_tiles)
        self.map = MapPanel(port, request_tiles)
        self.map.add_class("-frame")
        self.details = Details()
        self.status = StatusLine()
        self.hints = HintBar()
        self.notices = NoticeBar()
        self.filmstrip = FilmstripPanel(port, request_tiles)
        self.compared = LiveImage(port, priority=1, id="compare-image")
        self.scrubber = Scrubber()
        self.image_frame = TitledFrame(self.image, id="image-frame", classes="-frame")
        self.rows_frame = TitledFrame(self.bars, id="rows-frame", classes="-frame")
        self.compare_frame = TitledFrame(self.compared, id="compare-frame", classes="-frame")

    @property
    def in_order(self) -> tuple[Widget, ...]:
        """Those that the screen is composed of, the lowest first."""
        return (
            self.compare_frame,
            self.image_frame,
            self.rows_frame,
            self.map,
            self.strip,
            self.filmstrip,
            self.details,
            self.status,
            self.hints,
            self.scrubber,
            self.notices,
        )

    def place(self, layout: Layout, image: Region, compared: Region) -> None:
        """Place all but the notices, and hide those without a region.

        Args:
            layout: Of the window.
            image: What the image has of its part of the layout.
            compared: What the image that is compared has of it.
        """
        on_journey = self.scrubber.passage is not None
        place(self.compare_frame, compared)
        place(self.image_frame, image)
        place(self.rows_frame, layout.rows)
        place(self.map, layout.map)
        place(self.strip, layout.strip)
        place(self.filmstrip, layout.filmstrip)
        place(self.details, layout.details)
        place(self.status, layout.status)
        place(self.hints, NOWHERE if on_journey else layout.hints)
        place(self.scrubber, layout.hints if on_journey else NOWHERE)

    def show_point(self, exploration: Exploration) -> None:
        """Show the point in the bars, their title and the status line."""
        state = exploration.state
        self.bars.show_axes(state.axis_set)
        self.bars.show_point(state.coordinates, state.selected)
        sets = [each.name for each in state.sets]
        self.rows_frame.titled = " | ".join(
            f"[b]{name}[/]" if name == state.axis_set.name else f"[$quiet not bold]{name}[/]" for name in sets
        )
        self.rows_frame.subtitled = self.bars.untold
        axis = state.axis_set.axes[state.selected].name
        value = state.axis_set.text(state.selected, exploration.value)
        self.status.axis = "" if self.rows_frame.display else f"{axis} {value}"

    def repaint_tiles(self) -> None:
        """Draw strip, map and filmstrip anew, with other graphics."""
        self.repaint_gaps()
        self.map.repaint()

    def repaint_gaps(self) -> None:
        """Draw anew what has the background's colour between its tiles."""
        self.strip.repaint()
        self.filmstrip.repaint()


def place(widget: Widget, region: Region) -> None:
    """Place a widget in a region; hide it if that is empty."""
    widget.display = bool(region)
    if region:
        widget.styles.offset = region.offset
        widget.styles.width, widget.styles.height = region.size
