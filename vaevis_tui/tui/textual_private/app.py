"""An app whose screen is written where it differs from what the terminal shows, when the link has room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._time import get_time
from textual.app import App, ReturnType
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip

from vaevis_tui.tui.textual_private.shown_cells import ShownCells
from vaevis_tui.tui.textual_private.strips import ImagePainter, ImageStrip, LineStrip, render_anew


class ScreenWriter:
    """Turns what Textual's compositor draws into the output that it takes."""

    def __init__(self) -> None:
        self.shown = ShownCells()
        self.more_colors = False
        """Whether text was drawn in fewer colours before."""
        self.deferred = False
        """Whether something was not written, so that the next time all is compared."""
        self.may_write: Callable[[], bool] = lambda: True
        """Whether the link has room for more than it was given."""
        self.compares: Callable[[], bool] = lambda: True
        """Whether to compare what widgets draw with what the terminal shows: it takes 20 us a line."""
        self.before_write: Callable[[str], str] = lambda output: output
        """Gives the output of an update as it is to be written."""
        self.after_write: Callable[[], None] = lambda: None
        """Called when an update has been handed over for writing."""

    def render(self, update: LayoutUpdate | ChopsUpdate, console: Console, size: tuple[int, int]) -> str:
        """What to write to the terminal for an update.

        Only what differs goes out, or all text of widgets where that is not worth while.
        """
        self.shown.resize(*size)
        text = render_anew if self.more_colors else Strip.render
        whole = isinstance(update, LayoutUpdate)
        compares = whole or self.compares()
        output: list[str] = []
        spans: dict[ImagePainter, list[tuple[int, int, int]]] = {}
        for y, left, piece in _pieces(update):
            texts: Iterable[tuple[int, Strip]] = ((0, piece),)
            if isinstance(piece, ImageStrip):
                above = piece.painter.texts(piece.row, piece.start, piece.end)
                if above is None:
                    spans.setdefault(piece.painter, []).append((piece.row, piece.start, piece.end))
                    continue
                left, texts = left - piece.start, above
            for column, strip in texts:
                x = left + column
                if compares:
                    output.append(self.shown.update(y, x, strip, partial(text, console=console)))
                else:
                    output += Control.move_to(x, y).segment.text, text(strip, console)
                    self.shown.wrote(y, x, strip)
        for painter, cells in spans.items():
            if painted := painter.paint(cells):
                output += painted, "\x1b[m"
        if whole:
            self.deferred = False
        return self.before_write("".join(output))


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """All that an update draws: row, column and strip, each strip either of an image or of text."""
    for y, x, strip in _layout_strips(update) if isinstance(update, LayoutUpdate) else _chops(update):
        if not isinstance(strip, LineStrip):
            yield y, x, strip
            continue
        for leaf in strip.leaves:
            yield y, x, leaf
            x += leaf.cell_length


def _layout_strips(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            if strip is None:  # no widget draws there, as in tiny windows; nobody knows how wide it is
                break
            yield y, x, strip
            x += strip.cell_length


def _chops(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            start, stop = max(x, left), min(end, right)
            if strip is not None and start < stop:
                yield y, start, strip.crop(start - x, stop - x)


class _ScreenUpdate(CompositorUpdate):
    """An update of Textual's that is rendered by a writer."""

    def __init__(
        self, update: LayoutUpdate | ChopsUpdate, writer: ScreenWriter, size: tuple[int, int]
    ) -> None:
        self._update = update
        self._writer = writer
        self._size = size

    def render_segments(self, console: Console) -> str:
        return self._writer.render(self._update, console, self._size)


def age(message: Message) -> float:
    """Seconds since a message was made: what the program did meanwhile."""
    return max(0.0, get_time() - message.time)


class ScreenApp(App[ReturnType]):
    """An app that writes to the screen by a `ScreenWriter`."""

    def __init__(self) -> None:
        super().__init__()
        self.screen_writer = ScreenWriter()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write an update, or put it off: then all that differs is written once there is room."""
        driver = self._driver
        if not isinstance(renderable, (LayoutUpdate, ChopsUpdate)) or driver is None or driver.is_inline:
            super()._display(screen, renderable)
            return
        writer = self.screen_writer
        if not (self._batch_count or writer.may_write()):
            writer.deferred = True
            return
        if writer.deferred and not isinstance(renderable, LayoutUpdate):
            renderable = screen._compositor.render_update(full=True, screen_stack=self._background_screens)
        assert isinstance(renderable, (LayoutUpdate, ChopsUpdate))
        super()._display(screen, _ScreenUpdate(renderable, writer, self.size))  # type: ignore[arg-type]
        writer.after_write()

    def draw_in_truecolor(self) -> None:
        """Draw text in 24-bit colours from now on, what is on the screen, too."""
        self.console._color_system = ColorSystem.TRUECOLOR
        self.screen_writer.more_colors = True
        self.screen_writer.shown.forget()
        for screen in self.screen_stack:
            screen.refresh()

    def write_deferred(self) -> None:
        """Write what was put off; not in a batch, which holds it back. The app is left in one."""
        if self.screen_writer.deferred and self._running and not self._batch_count:
            screen = self.screen
            self._display(
                screen, screen._compositor.render_update(full=True, screen_stack=self._background_screens)
            )
