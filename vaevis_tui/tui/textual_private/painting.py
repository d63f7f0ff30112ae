"""Drawing now, and the lane to the terminal past Textual's compositor."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.geometry import Region
from textual.widget import Widget

from vaevis_tui.tui.textual_private.app import ScreenApp
from vaevis_tui.tui.textual_private.shown_cells import ShownCells

_WINDOWS_CHUNK = 8192
"""Characters a write: more at once are lost there (https://github.com/Textualize/textual/issues/2548)."""


def paint_now(widget: Widget, regions: Sequence[Region]) -> None:
    """Draw regions of a widget at once, and in the same go whatever else waits to be drawn on its screen.

    Textual collects what is to be drawn by messages and draws at its next tick, up to 1/60 s later. A live
    image was paced before and would only come late, and bars that moved with it would be drawn in a go of
    their own. While Textual is batching updates, it draws when it is done with that.

    Args:
        widget: A mounted widget of the screen on top.
        regions: What is to be drawn, relative to the widget.
    """
    screen = widget.screen
    if regions:  # to _set_dirty no region means the whole widget
        widget._set_dirty(*regions)
        screen._dirty_widgets.add(widget)
    for other in screen._compositor.visible_widgets:
        if other._repaint_required and other is not screen:
            other._repaint_required = False  # else it would send the message for which it is drawn here
            screen._dirty_widgets.add(other)
    screen._on_timer_update()


class Spot(NamedTuple):
    """Where a widget is drawn.

    Attributes:
        region: Of the screen, all of it in sight.
        covers: Regions of the screen that lie on it.
    """

    region: Region
    covers: tuple[Region, ...]


class LiveLane:
    """The way to the terminal past the compositor, for a widget that knows what the terminal shows of it.

    Args:
        widget: Whose lane it is.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._map: object = None
        self._spot: Spot | None = None

    @property
    def shown(self) -> ShownCells:
        """What the terminal shows in each cell.

        Raises:
            TypeError: The app does not know.
        """
        app = self._widget.app
        if not isinstance(app, ScreenApp):
            raise TypeError(f"live images need a LiveApp; {type(app).__name__} is none")
        return app.screen_writer.shown

    @property
    def has_terminal(self) -> bool:
        """Whether what is written gets to a terminal."""
        app = self._widget.app
        driver = app._driver
        return driver is not None and app._running and not (driver.is_headless or driver.is_inline)

    @property
    def is_visible(self) -> bool:
        """Whether any of the widget was in sight when its screen was laid out last."""
        return self._widget in self._widget.screen._compositor.visible_widgets

    def spot(self) -> Spot | None:
        """Where to draw; None where the compositor has to.

        That is where there is no terminal, on a screen that is not on top or is about to be laid out, and
        where a part of the widget is out of sight.
        """
        app, screen = self._widget.app, self._widget.screen
        if not self.has_terminal or app._batch_count or app.screen is not screen:
            return None
        if screen._layout_required or screen._scroll_required:
            return None
        return self._laid_out()

    @property
    def free(self) -> bool:
        """Whether nothing lies on the widget, all of which is in sight, with text below it, as laid out last.

        Below it, since terminals scroll once an image that is more than text reaches their last row.
        """
        if not self.has_terminal or (spot := self._laid_out()) is None:
            return False
        return not spot.covers and spot.region.bottom < self._widget.app.size.height

    def _laid_out(self) -> Spot | None:
        """Where the widget was laid out last, if all of it is in sight."""
        visible = self._widget.screen._compositor.visible_widgets  # one object until the next layout
        if visible is not self._map:
            self._map, self._spot = visible, self._find(visible)
        return self._spot

    def _find(self, visible: dict[Widget, tuple[Region, Region]]) -> Spot | None:
        """Look for the widget among all, which are ordered from the top down."""
        above: list[Region] = []
        for widget, (region, clip) in visible.items():
            if widget is self._widget:
                covers = tuple(part for other in above if (part := region.intersection(other)))
                return Spot(region, covers) if clip.contains_region(region) else None
            above.append(region.intersection(clip))
        return None

    def write(self, output: str) -> None:
        """Write output in one go, all at once where the terminal can do that.

        Cursor and attributes are afterwards what they were before (DECSC and DECRC).
        """
        app = self._widget.app
        output = f"\x1b7{output}\x1b[m\x1b8"
        if app._sync_available:
            output = f"{SYNC_START}{output}{SYNC_END}"
        assert app._driver is not None
        chunk = _WINDOWS_CHUNK if sys.platform == "win32" else len(output)
        for start in range(0, len(output), chunk):
            app._driver.write(output[start : start + chunk])
