"""A list on top of the explorer with a picture of what is highlighted beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import ScreenResultType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.menus.overlay import Overlay
from vaevis_tui.tui.panels.tile_image import ComposedFrame
from vaevis_tui.tui.textual_private.lenient_screen import Options


class PreviewList(Overlay[ScreenResultType]):
    """A heading, a list and a picture side by side, and what the keys do.

    Args:
        port: The app's.
        heading: What the list is of.
        advice: What the keys do.
    """

    DEFAULT_CSS = """
    PreviewList {
        align: center middle;
        #box { width: 76; max-width: 100%; height: auto; max-height: 100%; }
        #body { height: 14; max-height: 1fr; margin: 0 0 1 0; }
        OptionList, OptionList:focus {
            width: 1fr; height: 100%; border: none; background: $surface; padding: 0;
            background-tint: transparent; scrollbar-size-vertical: 1;
        }
        OptionList > .option-list--option-highlighted {
            background: $block-cursor-background; color: $block-cursor-foreground;
        }
        Input > .input--placeholder { color: $quiet; }
        #preview-frame { width: 28; max-width: 50%; height: 100%; margin-left: 2; background: $surface; }
        Input, Input:focus { height: 1; border: none; padding: 0; background: $background; }
        .advice { color: $quiet; height: auto; }
    }
    """

    def __init__(self, port: TerminalPort, heading: str, advice: str) -> None:
        super().__init__()
        self._heading = heading
        self._advice = advice
        self._preview = LiveImage(port, priority=1, id="preview")

    def compose(self) -> ComposeResult:
        """The parts, from top to bottom."""
        with Vertical(id="box", classes="-box") as box:
            box.border_title = Content(self._heading)
            yield from self.field()
            with Horizontal(id="body"):
                yield Options()
                yield Container(self._preview, id="preview-frame")
            yield Static(self._advice, classes="advice", markup=False)

    def field(self) -> tuple[Widget, ...]:
        """What stands above the list, e.g. a field to type in."""
        return ()

    @property
    def options(self) -> OptionList:
        """The list."""
        return self.query_one(OptionList)

    @property
    def highlighted(self) -> int | None:
        """Index of the highlighted line."""
        return self.options.highlighted

    def fill(self, lines: list[Content], highlighted: int = 0) -> None:
        """Show other lines."""
        options = self.options
        options.clear_options()
        options.add_options([Option(line) for line in lines])
        if lines:
            options.highlighted = min(max(highlighted, 0), len(lines) - 1)

    def preview(self, image: NDArray[np.uint8]) -> None:
        """Show a picture beside the list."""
        self._preview.show(ComposedFrame(image))

    def on_screen_suspend(self) -> None:
        """Leave no picture on a screen that comes on top."""
        self._preview.step_back()
