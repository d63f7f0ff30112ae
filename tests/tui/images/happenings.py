"""What may happen to a live image, at random: frames, sizes, covers, menus, repaints, a stalled terminal."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.screen import Screen
from textual.widgets import Static

from tests.tui.images.frames import FakeFrame, random_frame
from tests.tui.textual.output import StallingDriver, Terminal
from vaevis_tui.tui.images.live_image import LiveImage

OFTEN = ["frame"] * 4
STALLING = ["release"] * 3
RARELY = ["resize", "cover", "veil", "repaint"]


@dataclass
class Happenings:
    """Lets things happen to a live image, and waits until it shows the last frame.

    Attributes:
        terminal: On which the app runs.
        image: The live image, which a widget ``#patch`` covers now and then.
        chance: Decides.
        veil: Makes a screen that covers all of the app.
        resize: Gives the terminal another size.
        least: Columns and rows of the smallest one.
        most: Of the largest one.
        first_seed: Of the frames.
        others: What else may happen, by name.
    """

    terminal: Terminal
    image: LiveImage
    chance: random.Random
    veil: Callable[[], Screen[None]]
    resize: Callable[[int, int], Awaitable[None]]
    least: tuple[int, int]
    most: tuple[int, int]
    first_seed: int = 0
    others: Mapping[str, Callable[[], Awaitable[None] | None]] | None = None

    async def run(self, steps: int, frame: FakeFrame, kinds: Sequence[str]) -> FakeFrame:
        """Show a frame, then let some of the kinds happen one after the other; returns the last frame."""
        app, others = self.terminal.app, self.others or {}
        self.image.show(frame)
        for step in range(steps):
            match self.chance.choice(kinds):
                case "frame":
                    height, width = self.chance.randint(1, 40), self.chance.randint(1, 40)
                    frame = random_frame(self.first_seed + step, height, width)
                    self.image.show(frame)
                case "release":
                    self._release()
                case "resize":
                    (left, top), (right, bottom) = self.least, self.most
                    await self.resize(self.chance.randint(left, right), self.chance.randint(top, bottom))
                case "cover":
                    await app.screen_stack[0].remove_children("#patch")
                    await app.screen_stack[0].mount(Static(id="patch"))
                case "veil":
                    await self.over(self.veil())
                case "repaint":
                    app.refresh()
                case other:
                    if (awaited := others[other]()) is not None:
                        await awaited
            await self.terminal.pilot.pause()
        return frame

    async def over(self, screen: Screen[None]) -> None:
        """Open a screen over the image, and close it."""
        await self.terminal.app.push_screen(screen)
        await self.terminal.pilot.pause()
        self.terminal.app.pop_screen()

    def _release(self) -> None:
        driver = self.terminal.driver
        if isinstance(driver, StallingDriver) and driver.stalled:
            driver.release()

    async def settle(self, frame: FakeFrame) -> None:
        """Take the cover away, and wait until the frame is shown exactly."""
        await self.terminal.app.screen.remove_children("#patch")
        for _ in range(3):
            await self.terminal.pilot.pause(0.02)
            while self.image.presented is not frame or not self.image.exact:
                self._release()
                await self.terminal.pilot.pause(0.005)
