"""Guards: each names the part of Textual that it is about, since it will fail when that part moves."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.drivers._writer_thread import WriterThread
from textual.filter import ANSIToTruecolor, Monochrome
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Static

from tests.terminal.emulator import PixelScreen
from tests.tui.output import KeepingDriver, StallingDriver
from vaevis_tui.terminal.cells.halfblock import HalfBlockEncoder
from vaevis_tui.tui import textual_private
from vaevis_tui.tui.textual_private import (
    PictureStrip,
    TimedDriver,
    TimedFile,
    WriteReport,
    paint_now,
    report_written,
    timed_driver_class,
)

CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")
COLUMNS = 9


class Row:
    """A row of a picture, and what it was told."""

    def __init__(self, output: str, colors: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        self._output, self.colors, self.columns = output, colors, len(colors)
        self.told: list[str] = []

    def output(self, console: Console) -> str:
        return self._output

    def written(self) -> None:
        self.told.append("written")

    def on_split(self) -> None:
        self.told.append("taken apart")


def picture_strip(seed: int = 0, *, grey: bool = False) -> PictureStrip:
    colors = 3 if not grey else 1
    pixels = np.random.default_rng(seed).choice([0, 90, 255], (2, COLUMNS, colors)).astype(np.uint8)
    encoded = HalfBlockEncoder().encode(np.repeat(pixels, 3 // colors, axis=2))
    pad = Strip([Segment("  ", Style(bgcolor="#102030"))], 2)
    return PictureStrip(pad, Row(encoded.rows[0], encoded.colors[0]), pad)


def shown(output: str, columns: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    screen = PixelScreen(columns, 1)
    screen.feed(output)
    return screen.pixels()


def rendered_cell_by_cell(strip: Strip) -> str:
    return Strip(list(strip), strip.cell_length).render(CONSOLE)


def is_ready_made(strip: Strip) -> bool:
    """Whether no segments have been made."""
    try:
        object.__getattribute__(strip, "_segments")
    except AttributeError:
        return True
    return False


class TestPictureStrip:
    def test_output_is_ready_made(self) -> None:
        strip = picture_strip()
        assert strip.cell_length == COLUMNS + 4
        assert "▀" in strip.render(CONSOLE)
        assert is_ready_made(strip), "Strip.render no longer looks into Strip._render_cache first"

    def test_segments_show_the_same_as_the_output(self) -> None:
        for seed in range(20):
            strip = picture_strip(seed)
            width = strip.cell_length
            assert (shown(rendered_cell_by_cell(strip), width) == shown(strip.render(CONSOLE), width)).all()

    def test_the_compositor_may_ask_to_divide_what_is_whole(self) -> None:
        strip = picture_strip()
        assert strip.divide([strip.cell_length])[0] is strip
        assert is_ready_made(strip), "Strip.divide makes segments where there is nothing to divide"

    @pytest.mark.parametrize("cuts", [[1, 13], [2, 5, 13], [7, 11, 13], [5]])
    def test_parts_show_the_same_as_the_whole(self, cuts: list[int]) -> None:
        strip = picture_strip(3)
        parts = strip.divide(cuts)
        assert [part.cell_length for part in parts] == np.diff([0, *cuts]).tolist()
        joined = "".join(part.render(CONSOLE) for part in parts)
        whole = shown(picture_strip(3).render(CONSOLE), 13)
        assert (shown(joined, 13)[:, : cuts[-1]] == whole[:, : cuts[-1]]).all()

    def test_crops_and_other_operations_work(self) -> None:
        strip = picture_strip(4)
        whole = shown(strip.render(CONSOLE), 13)
        assert (shown(strip.crop(3, 8).render(CONSOLE), 5) == whole[:, 3:8]).all()
        assert strip.adjust_cell_length(20).cell_length == 20
        assert strip.simplify().cell_length == 13
        assert strip.text.startswith("  ")
        assert Strip.join([strip, strip]).cell_length == 26
        assert bool(strip)
        with pytest.raises(AttributeError, match="no_such_thing"):
            strip.no_such_thing  # noqa: B018

    def test_filters_that_change_nothing_leave_it_ready_made(self) -> None:
        from textual._ansi_theme import DEFAULT_TERMINAL_THEME

        coloured, grey = picture_strip(1), picture_strip(1, grey=True)
        background = Color.parse("#102030")
        assert coloured.apply_filter(ANSIToTruecolor(DEFAULT_TERMINAL_THEME), background) is coloured
        assert grey.apply_filter(Monochrome(), background) is grey
        filtered = shown(coloured.apply_filter(Monochrome(), background).render(CONSOLE), 13)
        assert (filtered == filtered[..., :1]).all(), "a filter must still be able to take colours away"


class Screenful(App[None]):
    """An app whose output is kept, though it runs without a terminal."""

    CSS = "Static { width: 20; height: 3; } #other { height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("one", id="main")
        yield Static("uno", id="other")


def keep_output(app: App[Any]) -> list[str]:
    driver = KeepingDriver(app, size=app.size)
    app._driver = driver
    return driver.written


class TestPaintNow:
    async def test_it_draws_before_it_returns(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            await pilot.pause()
            main = app.query_one("#main", Static)
            written = keep_output(app)
            main.update("two")
            paint_now(main, [Region(0, 0, 20, 1)])
            assert any("two" in data for data in written), "Screen._on_timer_update no longer draws"

    async def test_it_draws_what_else_waits_and_only_once(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            await pilot.pause()
            written = keep_output(app)
            app.query_one("#other", Static).update("due")
            paint_now(app.query_one("#main", Static), [Region(0, 0, 20, 1)])
            assert any("due" in data for data in written), (
                "Widget._repaint_required or Compositor.visible_widgets no longer tell what waits to be drawn"
            )
            drawn = len(written)
            await pilot.pause(0.1)
            assert not any("due" in data for data in written[drawn:])

    async def test_nothing_is_drawn_for_no_regions(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            await pilot.pause()
            written = keep_output(app)
            paint_now(app.query_one("#main", Static), [])
            assert not any("one" in data for data in written)

    async def test_while_batching_it_is_drawn_afterwards(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            await pilot.pause()
            written = keep_output(app)
            main = app.query_one("#main", Static)
            with app.batch_update():
                main.update("later")
                paint_now(main, [Region(0, 0, 20, 1)])
                assert not any("later" in data for data in written)
            await pilot.pause(0.1)
            assert any("later" in data for data in written)


@pytest.fixture
def terminal() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """A pseudo-terminal: the descriptor that reads what is written to the file."""
    reader, device = pty.openpty()
    with suppress(OSError):  # a test may have closed the terminal
        with open(device, "w", encoding="utf-8") as file:  # noqa: PTH123
            yield reader, file
        os.close(reader)


class TestTimedFile:
    def test_a_mark_is_answered_once_all_before_it_is_written(
        self, terminal: tuple[int, io.TextIOWrapper]
    ) -> None:
        reader, device = terminal
        reports: list[WriteReport] = []
        file = TimedFile(device, lambda: None)
        file.write("▀▀")
        file.write("x" * 50)
        file.write(textual_private._Mark(reports.append))
        assert os.read(reader, 100) == "▀▀".encode() + b"x" * 50
        assert [report.size for report in reports] == [56]
        assert reports[0].seconds > 0
        file.write(textual_private._Mark(reports.append))
        assert reports[1].size == 0
        assert textual_private._Mark(reports.append) == "", "a mark is nothing to whoever does not know it"

    def test_what_the_writer_thread_needs_of_a_file(self, terminal: tuple[int, io.TextIOWrapper]) -> None:
        reader, device = terminal
        reported = threading.Event()
        thread = WriterThread(TimedFile(device, lambda: None))  # type: ignore[arg-type]
        thread.start()
        thread.write("frame")
        thread.write(textual_private._Mark(lambda _: reported.set()))
        assert reported.wait(10), "WriterThread no longer hands strings on to the file as they are"
        assert thread.fileno() == device.fileno()
        thread.stop()
        assert os.read(reader, 100) == b"frame"

    def test_a_terminal_that_has_gone_takes_everything_and_answers_nothing(
        self, terminal: tuple[int, io.TextIOWrapper]
    ) -> None:
        reader, device = terminal
        os.close(reader)
        reports: list[WriteReport] = []
        told: list[bool] = []
        file = TimedFile(device, lambda: told.append(True))
        for _ in range(100):
            file.write("x" * 1000)
            file.flush()
            file.write(textual_private._Mark(reports.append))
        assert reports == []
        assert told == [True]


class TestTimedDriver:
    def test_textuals_drivers_are_extended(self) -> None:
        base = App().get_driver_class()
        driver = timed_driver_class(base)
        assert issubclass(driver, base)
        assert issubclass(driver, TimedDriver)
        assert timed_driver_class(base) is driver

    def test_a_driver_that_does_not_write_by_a_thread_is_left_alone(self) -> None:
        from textual.drivers.web_driver import WebDriver

        assert timed_driver_class(WebDriver) is WebDriver

    async def test_textuals_driver_keeps_its_file_and_thread_where_we_look(self) -> None:
        app = App[None]()
        driver: Any = timed_driver_class(app.get_driver_class())(app)
        assert isinstance(driver._file, TimedFile)
        queue = WriterThread(io.StringIO())._queue
        assert queue.maxsize > 0, "WriterThread's queue no longer has a limit to lift"


class TestReportWritten:
    async def test_without_a_terminal_it_is_immediate(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            reports: list[WriteReport] = []
            report_written(app.query_one("#main"), reports.append)
            await pilot.pause()
            assert reports == [WriteReport(0.0, 0)]

    async def test_an_error_in_the_callback_ends_the_app_as_any_other(self) -> None:
        def fail(_: WriteReport) -> None:
            raise RuntimeError("this must be seen")

        async def run() -> None:
            app = Screenful()
            async with app.run_test() as pilot:
                report_written(app.query_one("#main"), fail)
                await pilot.pause()

        with pytest.raises(RuntimeError, match="this must be seen"):
            await run()

    async def test_a_report_from_the_writer_thread_arrives_in_the_event_loop(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            driver = StallingDriver(app, size=(80, 24))
            app._driver = driver
            threads: list[int] = []
            report_written(app.query_one("#main"), lambda _: threads.append(threading.get_ident()))
            await asyncio.to_thread(driver.release)
            await pilot.pause()
            assert threads == [threading.get_ident()]
