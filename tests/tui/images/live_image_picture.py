"""An app with one live image, a widget beside it, and what its terminal has to show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Offset, Region
from textual.screen import ModalScreen
from textual.widgets import Static

from tests.tui.images.frames import FakeFrame
from tests.tui.support import TickingClock
from tests.tui.textual.output import Terminal
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.cells.stream import CellStream
from vaevis_tui.terminal.cells.styles import At, Cells, CellStyle
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.pixels import RGB
from vaevis_tui.terminal.placement import fit, resample
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.tui.images.live_app import LiveApp
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.menus.overlay import Overlay
from vaevis_tui.tui.theme import complete

BACKGROUND = (16, 32, 48)


SIDE = 6
"""Columns of the widget beside the image."""


@dataclass(frozen=True)
class CountedCells:
    """Cells, and a note of every time that they are made to output."""

    cells: Cells
    counter: Counter[str]

    @property
    def shown(self) -> NDArray[np.uint8]:
        return self.cells.shown

    @property
    def halves(self) -> NDArray[np.uint8]:
        return self.cells.halves

    def stream(self, where: NDArray[np.intp], at: At, limit: int | None = None) -> CellStream:
        self.counter["streams"] += 1
        return self.cells.stream(where, at, limit)


@dataclass(frozen=True)
class Counted:
    """A way to draw, and how often what was drawn."""

    style: CellStyle
    counter: Counter[str] = field(default_factory=Counter, compare=False)

    @property
    def grid(self) -> tuple[int, int]:
        return self.style.grid

    @property
    def ladder(self) -> tuple[Quality, ...]:
        return self.style.ladder

    def render(self, pixels: NDArray[np.uint8], quality: Quality, background: RGB) -> Cells:
        return CountedCells(self.style.render(pixels, quality, background), self.counter)


class Veil(ModalScreen[None]):
    CSS = "Veil { background: #000000 50%; }"


MENU = Region(6, 2, 10, 6)


class Menu(Overlay[None]):
    CSS = f"""
    Menu {{ background: transparent; }}
    Menu Static {{ width: {MENU.width}; height: {MENU.height}; background: #0000aa; }}
    """

    def __init__(self, offset: Offset = MENU.offset) -> None:
        super().__init__()
        self._offset = offset

    def compose(self) -> ComposeResult:
        yield (menu := Static())
        menu.styles.offset = self._offset


class PictureApp(LiveApp[None]):
    CSS = f"""
    Screen {{ layers: base top; background: #102030; overflow: hidden; }}
    LiveImage {{ background: #102030; }}
    #side {{ width: {SIDE}; height: 100%; background: #aa0000; }}
    #patch {{ layer: top; offset: 4 3; width: 9; height: 2; background: #00aa00; }}
    """

    def __init__(
        self, mode: ColorMode | None = None, graphics: Graphics = Graphics.HALF, **arguments: Any
    ) -> None:
        super().__init__()
        self.counter: Counter[str] = Counter()
        medium = cell_renderer(graphics, mode or ColorMode())
        renderer = replace(medium, style=Counted(medium.style, self.counter))
        placeholder = arguments.pop("placeholder", "")
        self.port = TerminalPort(renderer=renderer, **{"clock": TickingClock()} | arguments)
        self.image = LiveImage(self.port, placeholder=placeholder)
        self.seen: list[object] = []

    def get_css_variables(self) -> dict[str, str]:
        return complete(super().get_css_variables(), self.current_theme)

    @property
    def drawn(self) -> int:
        """How many pictures were drawn."""
        return self.counter["streams"]

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.image
            yield Static(id="side")

    def on_live_image_presented(self, message: LiveImage.Presented) -> None:
        assert message.control is self.image
        self.seen.append(message.frame)


async def show(terminal: Terminal, frame: FakeFrame) -> None:
    """Show a frame and wait until it is on the screen."""
    image = terminal.app.query_one(LiveImage)
    image.show(frame)
    await terminal.until(lambda: image.presented is frame)


def expected(frame: FakeFrame, columns: int, rows: int) -> NDArray[np.uint8]:
    """All pixels of the terminal: the picture amid background, and the widget beside it."""
    pixels = np.full((2 * rows, columns, 3), BACKGROUND, np.uint8)
    pixels[:, columns - SIDE :] = (0xAA, 0, 0)
    height, width, _ = frame.image.shape
    place = fit(height, width, columns - SIDE, rows)
    top = 2 * place.top
    shown = resample(frame.image, place.height, place.width)
    pixels[top : top + place.height, place.left : place.left + place.width] = shown
    return pixels
