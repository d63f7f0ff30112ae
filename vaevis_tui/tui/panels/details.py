"""The live statistics: how fast pictures come, where the time goes, and what decodes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from vaevis_tui.engine.decoder import DecoderInfo
from vaevis_tui.terminal.link.link import LinkStats
from vaevis_tui.terminal.link.meter import FrameStats, Spread
from vaevis_tui.tui.text import cut, wrapped

GAP = 2
RATE_COLUMNS = 14
TIMES_COLUMNS = 27
COUNTS_COLUMNS = 15
LINK_COLUMNS = 22
WALK_COLUMNS = 12
COUNTED_LINK_COLUMNS = 26
DECODER_LEAST = 15
RATE_MOST = 60
"""Columns of the chart: a second of frames."""
DECODER_MOST = 60
PADDING = 1
NOTE_ROWS = 2
"""Lines that notes of a model that was brought take at most."""


class Details(Widget):
    """Three rows where there is room, else one with what matters most; below them what is noted of the model.

    Every number has its fixed place, so that nothing moves but digits.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Details { height: 3; padding: 0 1; background: $surface; color: $foreground; text-wrap: nowrap; }
    """

    statistics: reactive[FrameStats | None] = reactive(None)
    """Of the last second; where nothing moved in it, the times of the last frames before stay on show."""
    link: reactive[LinkStats | None] = reactive(None)
    quality: reactive[str] = reactive("")
    """Of the picture on the screen: the step of the ladder that the link has room for."""
    decoder: reactive[DecoderInfo | None] = reactive(None)
    model: reactive[str] = reactive("")
    """Name of the model on show."""
    notes: reactive[tuple[str, ...]] = reactive(())
    """What was taken for granted of the model on show, a clause each."""
    opening: reactive[str] = reactive("")
    """Name of a model that is being opened."""
    walk: reactive[tuple[bool, float]] = reactive((False, 0.0))
    """Whether the walk is on, and its speed in sigma per second."""

    _known: FrameStats | None = None
    """The newest statistics with a frame in them."""

    def watch_statistics(self, stats: FrameStats | None) -> None:
        """Remember times for when nothing moves."""
        if stats is not None and stats.decode is not None and stats.draw is not None:
            self._known = stats

    @property
    def _spreads(self) -> tuple[Spread | None, Spread | None, Spread | None]:
        stats = self.statistics if self._known is None else self._known
        return (stats.decode, stats.draw, stats.write) if stats else (None, None, None)

    def render(self) -> Content:
        """All rows as one text."""
        width, height = self.content_size
        return self._rows(width) if height >= 3 else self._strip(width)

    def note_lines(self, width: int) -> list[str]:
        """The notes in lines of a panel of so many columns, as many as there may be."""
        lines = wrapped(f"{self.model}: {'; '.join(self.notes)}", width - 2 * PADDING) if self.notes else []
        if len(lines) > NOTE_ROWS:
            lines[NOTE_ROWS - 1 :] = [cut(" ".join(lines[NOTE_ROWS - 1 :]), width - 2 * PADDING)]
        return lines

    def _rows(self, width: int) -> Content:
        notes = [Content.styled(line, "$quiet") for line in self.note_lines(width + 2 * PADDING)]
        return Content("\n").join([self._three_rows(width), *notes])

    def _three_rows(self, width: int) -> Content:
        spare = width - (RATE_COLUMNS + TIMES_COLUMNS + COUNTS_COLUMNS + LINK_COLUMNS + 4 * GAP)
        if spare < DECODER_LEAST:
            return self._narrow_rows(width)
        decoder = min(spare, max(spare * 2 // 3, 20), DECODER_MOST)
        rate = min(RATE_COLUMNS + spare - decoder, RATE_MOST)
        return _beside(self._rate(rate), self._times(), self._counts(), self._link(), self._decoder(decoder))

    def _narrow_rows(self, width: int) -> Content:
        """The same for 80 columns, without what follows from the rest."""
        columns = [self._rate_and_walk(), self._ranges(), self._link_and_dropped()]
        spare = width - sum(column[0].cell_length + GAP for column in columns)
        if spare >= DECODER_LEAST:
            columns.append(self._decoder(spare))
        return _beside(*columns)

    def _rate(self, width: int) -> list[Content]:
        stats = self.statistics
        chart = sparkline(stats.frame_times, width, 2) if stats else [" " * width] * 2
        return [
            Content.styled(f"{rate_text(stats):<{width}}", "bold"),
            *(Content.styled(row, "$below") for row in chart),
        ]

    def _rate_and_walk(self) -> list[Content]:
        stats = self.statistics
        chart = sparkline(stats.frame_times, WALK_COLUMNS, 1)[0] if stats else " " * WALK_COLUMNS
        return [
            Content.styled(f"{rate_text(stats):<{WALK_COLUMNS}}", "bold"),
            Content.styled(chart, "$below"),
            self._walk(WALK_COLUMNS),
        ]

    def _walk(self, width: int) -> Content:
        walking, speed = self.walk
        return Content.styled(f"{f'walk {speed:g} σ/s':<{width}}", "$accent bold" if walking else "$quiet")

    def _ranges(self) -> list[Content]:
        """Median and 99 % of each time."""
        spreads = self._spreads
        return [
            Content.assemble(
                (f"{name:<7}", "$quiet"),
                f"{f'{_short_ms(spread.median)}–{_short_ms(spread.p99)} ms' if spread else '':<12}",
            )
            for name, spread in zip(("decode", "draw", "write"), spreads, strict=True)
        ]

    def _link_and_dropped(self) -> list[Content]:
        link, stats = self.link, self.statistics
        rates = link_text(link) if link else ""
        counts = f"{link.in_flight}/{link.window} in flight" if link else ""
        counts += f" {stats.dropped} dropped" if stats else ""
        return [
            Content(f"{rates:<{COUNTED_LINK_COLUMNS}}"),
            Content(f"{counts:<{COUNTED_LINK_COLUMNS}}"),
            self._quality(COUNTED_LINK_COLUMNS),
        ]

    def _quality(self, width: int) -> Content:
        return Content.styled(f"{self.quality:<{width}}", "$quiet" if self.quality.endswith("exact") else "")

    def _times(self) -> list[Content]:
        spreads = self._spreads
        heading = f"{'ms':<6}" + "".join(f"{name:>7}" for name in ("decode", "draw", "write"))
        medians = "".join(f"{_ms(spread.median if spread else None):>7}" for spread in spreads)
        slowest = "".join(f"{_ms(spread.p99 if spread else None):>7}" for spread in spreads)
        return [
            Content.styled(heading, "$quiet"),
            Content.assemble(("median", "$quiet"), medians),
            Content.assemble(("99 %  ", "$quiet"), slowest),
        ]

    def _counts(self) -> list[Content]:
        stats = self.statistics
        return [
            Content(f"{size_text((self._known or stats).frame_bytes) if stats else '':<{COUNTS_COLUMNS}}"),
            Content(f"{f'{stats.dropped} dropped' if stats else '':<{COUNTS_COLUMNS}}"),
            self._walk(COUNTS_COLUMNS),
        ]

    def _link(self) -> list[Content]:
        link = self.link
        if link is None:
            return [Content(" " * LINK_COLUMNS)] * 3
        return [
            Content(f"{link_text(link):<{LINK_COLUMNS}}"),
            Content(f"{f'{link.in_flight} of {link.window} in flight':<{LINK_COLUMNS}}"),
            self._quality(LINK_COLUMNS),
        ]

    def _decoder(self, width: int) -> list[Content]:
        info = self.decoder
        lines = (f"opening {self.opening} …" if self.opening else "", "", "")
        if info is not None and not self.opening:
            sizes = f" → {info.image_width}×{info.image_height}"
            model = f"{self.model} {info.latent_dim}d"
            model += sizes if len(model + sizes) <= width else ""
            lines = (model, f"{info.backend} {adapter_text(info)}", self._reason(info))
        styles = ("bold", "", "$quiet")
        return [
            Content.styled(f"{cut(line, width):<{width}}", style)
            for line, style in zip(lines, styles, strict=True)
        ]

    def _reason(self, info: DecoderInfo) -> str:
        """Why this backend; notes about the decoder, which follow, have their own line."""
        return info.reason.partition(f"; {self.notes[0]}")[0] if self.notes else info.reason

    def _strip(self, width: int) -> Content:
        stats, info, link = self.statistics, self.decoder, self.link
        parts = [
            Content.styled(f"{rate_text(stats):<8}", "bold"),
            Content.styled(sparkline(stats.frame_times if stats else (), 8, 1)[0], "$below"),
            Content(f"{_ms(stats.decode.median if stats and stats.decode else None):>6} ms"),
            self._walk(0),
            Content(f"{stats.dropped if stats else 0} dropped"),
            Content(f"{link.in_flight}/{link.window} in flight  {link_text(link)}" if link else ""),
            Content(f"{info.backend} {adapter_text(info)}" if info else ""),
        ]
        line, used = parts[0], parts[0].cell_length
        for part in parts[1:]:
            used += GAP + part.cell_length
            if used > width:
                break
            line = Content.assemble(line, " " * GAP, part)
        return line


def _beside(*columns: list[Content]) -> Content:
    """Columns of three rows as one text."""
    gap = Content(" " * GAP)
    return Content("\n").join([gap.join(list(row)) for row in zip(*columns, strict=True)])


def rate_text(stats: FrameStats | None) -> str:
    """Presented frames a second; nothing is presented while nothing moves."""
    return f"{stats.fps} fps" if stats and stats.fps else "idle"


def size_text(size: int | None) -> str:
    """Bytes a frame, in a place of fixed width."""
    if not size:
        return ""
    return f"{size} B a frame" if size < 1000 else f"{size / 1000:.1f} KB a frame"


def link_text(link: LinkStats) -> str:
    """Bytes sent a second, and the round trip, or why that is not known."""
    rate = f"{link.bytes_per_second / 1000:.0f} KB/s"
    if link.round_trip is not None:
        return f"{rate}  RTT {_short_ms(1000 * link.round_trip)} ms"
    return f"{rate}  rate-limited" if link.capacity is not None else f"{rate}  no ack"


def adapter_text(info: DecoderInfo) -> str:
    """The adapter without what onnxruntime adds to each of its names."""
    return info.adapter.removesuffix("ExecutionProvider")


def _ms(milliseconds: float | None) -> str:
    if milliseconds is None:
        return ""
    return f"{milliseconds:.2f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def _short_ms(milliseconds: float) -> str:
    """Three digits at least, in four characters where it is less than ten seconds."""
    return f"{milliseconds:.{2 if milliseconds < 9.995 else 1 if milliseconds < 99.95 else 0}f}"


BLOCKS = " ▁▂▃▄▅▆▇█"
CEILING = 50.0
"""Milliseconds at the chart's top: 20 frames a second. The scale is fixed, so a height means one time."""


def sparkline(times: Sequence[float], width: int, height: int) -> list[str]:
    """Rows of text, top to bottom, with one column a value, the latest at the right.

    Args:
        times: Milliseconds, oldest first; only the last ``width`` are drawn.
        width: Columns.
        height: Rows; each adds eight levels.
    """
    levels = [_level(value, 8 * height) for value in times[-width:]] if width > 0 else []
    rows = []
    for row in range(height - 1, -1, -1):
        cells = "".join(BLOCKS[min(max(level - 8 * row, 0), 8)] for level in levels)
        rows.append(cells.rjust(width))
    return rows


def _level(value: float, top: int) -> int:
    """From 1, so that even the fastest frame is seen, to ``top``."""
    return min(max(round(value / CEILING * top), 1), top)
