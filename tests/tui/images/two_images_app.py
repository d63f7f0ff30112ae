"""Two live images side by side, as a program: python -m tests.tui.images.two_images_app half|kitty|sixel

Both are shown noise, 60 frames a second. On ``e`` each is shown one frame more; once both are on the screen
and exact, the window's title tells how many frames of each were presented, and on ``q`` the program ends.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.widgets import Static

from tests.tui.images.frames import FakeFrame, random_frame
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import Graphics, KittyGraphics
from vaevis_tui.terminal.renderers import renderer_for
from vaevis_tui.terminal.surface import Renderer
from vaevis_tui.tui.images.live_app import LiveApp
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.textual_private.driver import write_out

CELL = (12, 6)
SECOND_COLUMNS = 12
LAST_MAIN, LAST_SECOND = random_frame(-1 % 1000), random_frame(-2 % 1000, 8, 8)


def renderer(graphics: str) -> Renderer:
    nothing = infer_support([], brand="unknown", multiplexer=None)
    kitty = KittyGraphics(placeholders=False, frames=True)
    support = replace(nothing, kitty=kitty, sixel_registers=256, cell=CELL)
    return renderer_for(Graphics(graphics), ColorMode(), support)


class TwoImagesApp(LiveApp[None]):
    CSS = f"""
    Screen {{ overflow: hidden; background: black; }}
    LiveImage {{ background: black; }}
    #second {{ width: {SECOND_COLUMNS}; }}
    #bottom {{ height: 1; background: black; }}
    """

    def __init__(self, graphics: str) -> None:
        super().__init__(TerminalPort(renderer=cell_renderer(Graphics.HALF, ColorMode())))
        self.graphics = graphics
        self.main = LiveImage(self.port, id="main")
        self.second = LiveImage(self.port, priority=1, id="second")
        self.presented = {"main": 0, "second": 0}
        self.number = 0
        self.ending = False

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.main
            yield self.second
        yield Static(id="bottom")

    def on_ready(self) -> None:
        self.port.renderer = renderer(self.graphics)  # as the key g does: of all that are live
        self.feeding = self.set_interval(1 / 60, self.feed)
        self.set_interval(0.02, self.look)

    def feed(self) -> None:
        self.number += 1
        self.main.show(random_frame(self.number))
        self.second.show(random_frame(self.number, 8, 8))

    def look(self) -> None:
        """Write down once all is as it should be."""
        if self.ending and all(self.is_settled(image, last) for image, last in self.lasts()):
            self.ending = False
            counts = f"{self.presented['main']} {self.presented['second']}"
            write_out(self, f"\x1b]2;settled {counts}\x07")

    def lasts(self) -> list[tuple[LiveImage, FakeFrame]]:
        return [(self.main, LAST_MAIN), (self.second, LAST_SECOND)]

    def is_settled(self, image: LiveImage, last: FakeFrame) -> bool:
        return image.presented is last and image.exact

    def on_live_image_presented(self, message: LiveImage.Presented) -> None:
        self.presented[str(message.control.id)] += 1

    def on_key(self, event: Key) -> None:
        if event.key == "e":
            self.feeding.stop()
            self.ending = True
            for image, last in self.lasts():
                image.show(last)
        elif event.key == "q":
            self.exit()


if __name__ == "__main__":
    TwoImagesApp(sys.argv[1]).run()
