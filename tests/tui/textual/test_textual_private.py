"""Guards: each names the part of Textual that it is about, since it will fail when that part moves."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App, ComposeResult
from textual.color import Color
from textual.drivers._writer_thread import WriterThread
from textual.filter import ANSIToTruecolor, Monochrome
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Static

from tests.terminal.emulator import PixelScreen
from tests.tui.textual.output import KeepingDriver, StallingDriver
from vaevis_tui.tui.textual_private.app import ScreenWriter
from vaevis_tui.tui.textual_private.driver import TimedDriver, report_written, timed_driver_class
from vaevis_tui.tui.textual_private.painting import paint_now
from vaevis_tui.tui.textual_private.shown_cells import ShownCells
from vaevis_tui.tui.textual_private.strips import ImageStrip, LineStrip
from vaevis_tui.tui.textual_private.writing import TimedFile, WriteMark, WriteReport

CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")
COLUMNS = 9


class Painter:
    """An image of one row, in half-blocks."""

    def __init__(self, seed: int, grey: bool) -> None:
        channels = 1 if grey else 3
        pixels = np.random.default_rng(seed).choice([0, 90, 255], (COLUMNS, 2, channels)).astype(np.uint8)
        self.colors = np.repeat(pixels, 3 // channels, axis=2)

    def half_cells(self, row: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        assert row == 0
        return self.colors

    def texts(self, row: int, start: int, end: int) -> None:
        return None

    def paint(self, spans: Sequence[tuple[int, int, int]]) -> str:
        raise AssertionError("nobody writes to a terminal here")


def image_line(seed: int = 0, *, grey: bool = False) -> LineStrip:
    pad = Strip([Segment("  ", Style(bgcolor="#102030"))], 2)
    return LineStrip((pad, ImageStrip(Painter(seed, grey), 0, 0, COLUMNS), pad))


def expected(seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of a line, uint8 (2, COLUMNS + 4, 3)."""
    pixels = np.full((2, COLUMNS + 4, 3), (0x10, 0x20, 0x30), np.uint8)
    pixels[:, 2:-2] = Painter(seed, False).colors.swapaxes(0, 1)
    return pixels


def shown(output: str, columns: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    screen = PixelScreen(columns, 1)
    screen.feed(output)
    return screen.pixels()


def is_whole(strip: Strip) -> bool:
    """Whether no segments have been made."""
    try:
        object.__getattribute__(strip, "_segments")
    except AttributeError:
        return True
    return False


class TestLinesOfAnImage:
    def test_segments_show_what_is_to_be_seen(self) -> None:
        for seed in range(20):
            line = image_line(seed)
            assert line.cell_length == COLUMNS + 4
            assert (shown(line.render(CONSOLE), COLUMNS + 4) == expected(seed)).all()

    @pytest.mark.parametrize("cuts", [[1, 13], [2, 5, 13], [7, 11, 13], [5], [13]])
    def test_parts_show_the_same_as_the_whole_and_are_not_looked_into(self, cuts: list[int]) -> None:
        line = image_line(3)
        parts = line.divide(cuts)
        assert [part.cell_length for part in parts] == np.diff([0, *cuts]).tolist()
        leaves = [leaf for part in parts for leaf in (part.leaves if isinstance(part, LineStrip) else [part])]
        assert all(is_whole(leaf) for leaf in leaves if isinstance(leaf, ImageStrip))
        assert is_whole(line), "Strip.divide or Strip.crop makes segments"
        joined = "".join(part.render(CONSOLE) for part in parts)
        assert (shown(joined, 13)[:, : cuts[-1]] == expected(3)[:, : cuts[-1]]).all()

    def test_crops_and_other_operations_work(self) -> None:
        line = image_line(4)
        assert (shown(line.crop(3, 8).render(CONSOLE), 5) == expected(4)[:, 3:8]).all()
        assert line.crop(3, 3).cell_length == 0
        assert line.crop(0, 99) is line
        assert line.adjust_cell_length(20).cell_length == 20
        assert line.simplify().cell_length == 13
        assert line.text.startswith("  ")
        assert Strip.join([line, line]).cell_length == 26
        assert bool(line)
        with pytest.raises(AttributeError, match="no_such_thing"):
            line.no_such_thing  # noqa: B018

    def test_filters_that_change_nothing_leave_it_whole(self) -> None:
        from textual._ansi_theme import DEFAULT_TERMINAL_THEME

        background = Color.parse("#102030")
        for line, line_filter in (
            (image_line(1), ANSIToTruecolor(DEFAULT_TERMINAL_THEME)),
            (image_line(1, grey=True), Monochrome()),
        ):
            filtered = line.apply_filter(line_filter, background)
            assert isinstance(filtered, LineStrip)
            assert filtered.parts[1] is line.parts[1]
        coloured = image_line(1).apply_filter(Monochrome(), background)
        pixels = shown(coloured.render(CONSOLE), 13)
        assert (pixels == pixels[..., :1]).all(), "a filter must still be able to take colours away"


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
        file.write(WriteMark(reports.append))
        assert os.read(reader, 100) == "▀▀".encode() + b"x" * 50
        assert [report.size for report in reports] == [56]
        assert reports[0].seconds > 0
        file.write(WriteMark(reports.append))
        assert reports[1].size == 0
        assert WriteMark(reports.append) == "", "a mark is nothing to whoever does not know it"

    def test_what_the_writer_thread_needs_of_a_file(self, terminal: tuple[int, io.TextIOWrapper]) -> None:
        reader, device = terminal
        reported = threading.Event()
        thread = WriterThread(TimedFile(device, lambda: None))  # type: ignore[arg-type]
        thread.start()
        thread.write("frame")
        thread.write(WriteMark(lambda _: reported.set()))
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
            file.write(WriteMark(reports.append))
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
            report_written(app, reports.append)
            await pilot.pause()
            assert reports == [WriteReport(0.0, 0)]

    async def test_an_error_in_the_callback_ends_the_app_as_any_other(self) -> None:
        def fail(_: WriteReport) -> None:
            raise RuntimeError("this must be seen")

        async def run() -> None:
            app = Screenful()
            async with app.run_test() as pilot:
                report_written(app, fail)
                await pilot.pause()

        with pytest.raises(RuntimeError, match="this must be seen"):
            await run()

    async def test_a_report_from_the_writer_thread_arrives_in_the_event_loop(self) -> None:
        app = Screenful()
        async with app.run_test() as pilot:
            driver = StallingDriver(app, size=(80, 24))
            app._driver = driver
            threads: list[int] = []
            report_written(app, lambda _: threads.append(threading.get_ident()))
            await asyncio.to_thread(driver.release)
            await pilot.pause()
            assert threads == [threading.get_ident()]


@pytest.mark.parametrize("x", [-9, -4, 4, 6, 9, 20])
def test_an_image_that_lies_partly_or_all_outside_a_window_made_smaller(x: int) -> None:
    class Image:
        cells = Region(x, 0, 8, 1)

        def shows(self, row: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
            return np.ones(8, np.bool_)

        def lies_above(self, row: int) -> None:
            return None

        def overwritten(self, row: int, start: int, end: int) -> None:
            return None

    shown = ShownCells()
    shown.resize(6, 1)
    text = Strip([Segment("abcdef")], 6)
    shown.wrote(0, 0, text)
    shown.images.append(Image())
    unknown = "abcdef"[max(x, 0) : max(x + 8, 0)]
    written = shown.update(0, 0, text, lambda strip: strip.text)
    assert written.endswith(unknown)
    assert bool(written) == bool(unknown)


def test_what_no_widget_draws_is_left_as_it_is() -> None:
    writer = ScreenWriter()
    ab, c, de = (Strip([Segment(text)]) for text in ("ab", "c", "de"))
    strips: Any = [[ab, None, c], [de]]
    output = writer.render(LayoutUpdate(strips, Region(0, 0, 6, 2)), Console(), (6, 2))
    assert "ab" in output
    assert "de" in output
    assert "c" not in output.replace("\x1b[", "")
