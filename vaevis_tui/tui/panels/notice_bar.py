"""Notices in the bottom line, where they cover nothing that is being looked at; the newest comes first."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.notifications import Notification
from textual.timer import Timer
from textual.widget import Widget

from vaevis_tui.tui.text import in_parts

ROWS_MOST = 2
"""A longer notice is shown in parts."""
MARK, MORE = "▌ ", " +9 "
"""What stands before each line of a notice, and after the last one."""
MARKED_COLUMNS = 32
"""Columns from which a notice has its mark, and room after it: in fewer that would cut long words."""
PART_LEAST = 3.0
"""Seconds that each part of a notice stays at least, also of one that comes again."""
CLOSED_AFTER = 0.5
"""Seconds between looks whether the screen is seen again: what nobody can see is not over."""
LASTING = "lasting"
"""Title of what comes again after a newer notice has covered it, as warnings and errors do."""

_STYLES = {"information": "$success", "warning": "$warning", "error": "$error"}


@dataclass(slots=True, eq=False)
class _Queued:
    """A notice with what is left of it.

    Attributes:
        notice: As Textual has it.
        seconds: For which it is still to be shown.
        parts: The rest of it, each of as many lines as fit.
    """

    notice: Notification
    seconds: float
    parts: list[list[str]] = field(default_factory=list)

    @property
    def is_lasting(self) -> bool:
        return self.notice.severity != "information" or self.notice.title == LASTING


class NoticeBar(Widget):
    """Shows what `show` is given; a press takes the notice away.

    A newer notice takes the place of the one on show. What answered a key is gone then; what nobody asked for
    and must not be missed comes again, the newest first.

    A notice lies on the hints' line and, if it is long, on the status line above; never on a prompt.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    NoticeBar { display: none; height: 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()
        self._shown: _Queued | None = None
        self._covered: list[_Queued] = []
        """What comes again, the next one last."""
        self._since = 0.0
        self._timer: Timer | None = None
        self._bottom = 0
        self._room = Size(0, 0)

    # Which notice is shown

    def show(self, notices: Iterable[Notification]) -> None:
        """Show those of the notices that are new, the last of them first."""
        notices = list(iter(notices))  # Textual drops old ones when it is asked how many there are
        for notice in notices:
            if notice.identity not in self._known:
                self._tell(notice)
        self._known = {notice.identity for notice in notices}

    @property
    def message(self) -> str:
        """The notice on show, or nothing."""
        return self._shown.notice.message if self._shown is not None else ""

    def _tell(self, notice: Notification) -> None:
        before, self._shown = self._shown, None
        if before is not None and before.is_lasting:
            before.seconds -= time.monotonic() - self._since
            self._covered.append(before)
        self._covered = [each for each in self._covered if each.notice.message != notice.message]
        self._begin(_Queued(notice, notice.timeout))

    def _begin(self, queued: _Queued) -> None:
        self._shown = queued
        self._divide()
        self._wait()

    def _next(self) -> None:
        self._shown = None
        if self._covered:
            self._begin(self._covered.pop())
        else:
            self.display = False

    def _wait(self) -> None:
        """Show the first part for its share of the time."""
        assert self._shown is not None
        self._since = time.monotonic()
        self._set_timer(max(self._shown.seconds / len(self._shown.parts), PART_LEAST))

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(seconds, self._over)

    def _over(self) -> None:
        """The time of a part has passed."""
        shown = self._shown
        if shown is None:
            return
        if not self.screen.is_active:
            self._set_timer(CLOSED_AFTER)
        elif len(shown.parts) > 1:
            shown.seconds -= shown.seconds / len(shown.parts)
            shown.parts = shown.parts[1:]
            self._place()
            self._wait()
        else:
            self._next()

    def on_click(self, event: events.Click) -> None:
        """The next one."""
        event.stop()
        self._next()

    # Where it is

    def place(self, room: Size, rows_below: int) -> None:
        """Lie at the bottom of a window, above so many rows."""
        before = self._room, self._bottom
        self._room, self._bottom = room, room.height - rows_below
        if self._shown is not None and before != (self._room, self._bottom):
            self._divide()  # and begin it again

    def _divide(self) -> None:
        """Divide the notice on show into parts of the width there is."""
        shown = self._shown
        assert shown is not None
        margins = len(MARK) + len(MORE) if self._room.width >= MARKED_COLUMNS else 0
        width = max(self._room.width - margins, 8)
        shown.parts = in_parts(shown.notice.message, width, min(ROWS_MOST, max(self._bottom, 1)))
        self._place()

    def _place(self) -> None:
        assert self._shown is not None
        rows = len(self._shown.parts[0])
        self.display = True
        self.styles.offset = (0, max(self._bottom - rows, 0))
        self.styles.width, self.styles.height = self._room.width, rows
        self.refresh()

    def render(self) -> Content:
        """The part on show; at its end, that there is more of it, or how many come again."""
        if self._shown is None or not self._shown.parts:
            return Content("")
        severity = self._shown.notice.severity
        style, width = _STYLES[severity], self.size.width
        more, more_style = "", "$quiet"
        if len(self._shown.parts) > 1:
            more = " … "
        elif self._covered:
            more = f" +{len(self._covered)} "
            if any(each.notice.severity == "error" for each in self._covered):
                more_style = "$error bold"
        mark = MARK if width >= MARKED_COLUMNS else ""
        lines = []
        for index, line in enumerate(self._shown.parts[0]):
            last = index == len(self._shown.parts[0]) - 1
            room = width - len(mark) - len(line)
            end = more if last and len(more) <= room else ""
            padding = " " * max(room - len(end), 0)
            text = (line, f"{style} bold") if severity == "error" else line
            lines.append(Content.assemble((mark, style), text, padding, (end, more_style)))
        return Content("\n").join(lines)
