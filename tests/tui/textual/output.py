"""Textual's output without a terminal: what would be written, and when it would have been."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import ColorSystem
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from tests.terminal.emulator import PixelScreen
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.textual_private.driver import TimedDriver
from vaevis_tui.tui.textual_private.writing import WriteMark, WriteReport


class KeepingDriver(HeadlessDriver):
    """A driver that is taken for a real one, so that Textual makes output, and keeps it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)

    def take(self) -> str:
        """What was written since this was last called."""
        taken = "".join(self.written)
        self.written.clear()
        return taken


class StallingDriver(TimedDriver, KeepingDriver):
    """A driver of a terminal that takes output when it is told to: frames stay under way until `release`."""

    _file = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._marks: list[WriteMark] = []

    def write(self, data: str) -> None:
        if isinstance(data, WriteMark):
            self._marks.append(data)
        else:
            super().write(data)

    @property
    def stalled(self) -> int:
        """How many reports are waited for."""
        return len(self._marks)

    def release(self, seconds: float = 0.001, size: int = 100) -> None:
        """The terminal has taken all output up to the first mark."""
        self._marks.pop(0).report(WriteReport(seconds, size))


class Terminal:
    """An app on an emulated terminal."""

    def __init__(self, app: App[Any], pilot: Pilot[Any], driver: KeepingDriver) -> None:
        self.app = app
        self.pilot = pilot
        self.driver = driver
        self._screen = PixelScreen(*app.size)

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app run until a condition holds; the test's time limit ends what never does."""
        while not condition():
            await self.pilot.pause(0.005)

    async def rest(self) -> None:
        """Let the app run until nothing waits to be drawn and every image in sight is exact.

        Pausing is not enough: Textual takes an app for idle that merely gets no turn on a busy machine.
        """
        calm = 0
        while calm < 2:  # what is posted in one round is done in the next
            await self.pilot.pause(0.005)
            calm = calm + 1 if self._at_rest() else 0

    def _at_rest(self) -> bool:
        screen = self.app.screen
        if screen.size != self.driver._size or screen._layout_required or screen._repaint_required:
            return False
        images = [image for image in screen.query(LiveImage) if image.is_on_screen and image._newest]
        return not screen._dirty_widgets and all(
            image.presented is image._newest
            and not image.waiting
            and image.exact
            and image._painted is not None
            and image._painted.context == image._render_context()
            for image in images
        )

    async def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._feed()
        self._screen.screen.resize(rows, columns)
        await self.pilot.resize_terminal(columns, rows)
        await self.pilot.pause()

    def pixels(self) -> NDArray[np.uint8]:
        """What the terminal shows, uint8 (2 rows, columns, 3)."""
        self._feed()
        return self._screen.pixels()

    def _feed(self) -> None:
        self._screen.feed(self.driver.take())


@asynccontextmanager
async def on_terminal(
    app: App[Any], *, size: tuple[int, int] = (40, 12), stalling: bool = False
) -> AsyncIterator[Terminal]:
    """Run an app with an emulated truecolor terminal in place of none."""
    app.console._color_system = ColorSystem.TRUECOLOR
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        driver = (StallingDriver if stalling else KeepingDriver)(app, size=size)
        app._driver = driver
        app.refresh(layout=True)
        await pilot.pause()
        while isinstance(driver, StallingDriver) and driver.stalled:  # reports of the first screen
            driver.release()
            await pilot.pause()
        yield Terminal(app, pilot, driver)
