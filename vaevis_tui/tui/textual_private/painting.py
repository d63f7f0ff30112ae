"""Immediate drawing, and direct output that bypasses Textual's compositor."""

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
    """Draw regions of a widget now, together with everything that is pending on its screen.

    Textual collects redraws by messages and draws at its next tick, up to 1/60 s later. A live image is paced
    already and would only come late, and bars that moved with it would be drawn separately. While Textual
    batches updates, it draws at the end of the batch.

    Args:
        widget: A mounted widget of the screen on top.
        regions: The regions to draw, relative to the widget.
    """
    screen = widget.screen
    if regions:  # _set_dirty without regions means the whole widget
        widget._set_dirty(*regions)
        screen._dirty_widgets.add(widget)
    for other in screen._compositor.visible_widgets:
        if other._repaint_required and other is not screen:
            other._repaint_required = False  # it is drawn here, so it need not send its message
            screen._dirty_widgets.add(other)
    screen._on_timer_update()


class Spot(NamedTuple):
    """Where a widget is drawn.

    Attributes:
        region: Its region of the screen, fully visible.
        covers: Regions of the screen that cover it.
    """

    region: Region
    covers: tuple[Region, ...]


class LiveLane:
    """Direct output for a widget that tracks what the terminal shows of it, bypassing the compositor.

    Args:
        widget: The widget.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._map: object = None
        self._spot: Spot | None = None

    @property
    def shown(self) -> ShownCells:
        """What the terminal shows in each cell.

        Raises:
            TypeError: The app does not track that.
        """
        app = self._widget.app
        if not isinstance(app, ScreenApp):
            raise TypeError(f"live images need a LiveApp; {type(app).__name__} is none")
        return app.screen_writer.shown

    @property
    def has_terminal(self) -> bool:
        """Whether output reaches a terminal."""
        app = self._widget.app
        driver = app._driver
        return driver is not None and app._running and not (driver.is_headless or driver.is_inline)

    @property
    def is_visible(self) -> bool:
        """Whether any part of the widget was visible after the last layout."""
        return self._widget in self._widget.screen._compositor.visible_widgets

    def spot(self) -> Spot | None:
        """Where to draw directly; None if the compositor has to.

        It has to if there is no terminal, if the screen is not on top or about to be laid out, and if a part
        of the widget is not visible.
        """
        app, screen = self._widget.app, self._widget.screen
        if not self.has_terminal or app._batch_count or app.screen is not screen:
            return None
        if screen._layout_required or screen._scroll_required:
            return None
        return self._laid_out()

    @property
    def free(self) -> bool:
        """Whether the widget is fully visible and uncovered, and does not reach the last row.

        Terminals scroll when pixels reach their last row.
        """
        if not self.has_terminal or (spot := self._laid_out()) is None:
            return False
        return not spot.covers and spot.region.bottom < self._widget.app.size.height

    def _laid_out(self) -> Spot | None:
        """Where the last layout put the widget, if it is fully visible."""
        visible = self._widget.screen._compositor.visible_widgets  # one object until the next layout
        if visible is not self._map:
            self._map, self._spot = visible, self._find(visible)
        return self._spot

    def _find(self, visible: dict[Widget, tuple[Region, Region]]) -> Spot | None:
        """Find the widget among all, which are ordered from the top down."""
        above: list[Region] = []
        for widget, (region, clip) in visible.items():
            if widget is self._widget:
                covers = tuple(part for other in above if (part := region.intersection(other)))
                return Spot(region, covers) if clip.contains_region(region) else None
            above.append(region.intersection(clip))
        return None

    def write(self, output: str) -> None:
        """Write output, as a synchronised update if the terminal supports it.

        Cursor and attributes are restored afterwards (DECSC and DECRC).
        """
        app = self._widget.app
        output = f"\x1b7{output}\x1b[m\x1b8"
        if app._sync_available:
            output = f"{SYNC_START}{output}{SYNC_END}"
        assert app._driver is not None
        chunk = _WINDOWS_CHUNK if sys.platform == "win32" else len(output)
        for start in range(0, len(output), chunk):
            app._driver.write(output[start : start + chunk])
