"""Notices: one after another in the bottom line, where they cover nothing that is being looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.notifications import Notification
from textual.timer import Timer
from textual.widget import Widget

from vaevis_tui.tui.text import wrapped

ROWS_MOST = 2
"""A longer notice is shown in parts."""
PART_LEAST = 3.0
"""Seconds that each part of a notice stays at least."""
BRIEF = 1.5
"""Seconds that a notice stays while others wait; those of errors stay their time."""
CLOSED_AFTER = 0.5
"""Seconds between looks whether the screen is seen again: what nobody can see is not over."""

_STYLES = {"information": "$success", "warning": "$warning", "error": "$error"}


class NoticeBar(Widget):
    """Shows what it is told by `show`; a press takes the notice away.

    A notice lies on the hints' line and, if it is long, on the status line above; never on a prompt.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    NoticeBar { display: none; height: 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._queue: deque[Notification] = deque()
        self._known: set[str] = set()
        self._shown: Notification | None = None
        self._since = 0.0
        self._parts: deque[list[str]] = deque()
        self._timer: Timer | None = None
        self._bottom = 0
        self._room = Size(0, 0)

    # What is told

    def show(self, notices: Iterable[Notification]) -> None:
        """Show those of the notices that are new, after those that wait."""
        notices = list(notices)
        for notice in notices:
            if notice.identity in self._known:
                continue
            waiting = [each.message for each in (self._shown, *self._queue) if each is not None]
            if notice.message not in waiting:
                self._queue.append(notice)
        self._known = {notice.identity for notice in notices}
        if self._shown is None:
            self._next()
        elif self._queue and self._shown.severity == "information":
            self._wait(BRIEF)
            self.refresh()

    @property
    def message(self) -> str:
        """The notice on show, or nothing."""
        return self._shown.message if self._shown is not None else ""

    def _next(self) -> None:
        self._shown = self._queue.popleft() if self._queue else None
        self._parts.clear()
        if self._shown is None:
            self.display = False
            return
        self._set()
        self._wait(BRIEF if self._queue and self._shown.severity == "information" else self._shown.timeout)

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(
            max(seconds / max(len(self._parts), 1), min(seconds, PART_LEAST)), self._over
        )

    def _over(self) -> None:
        """The time of a part has passed."""
        if not self.screen.is_active:
            self._wait(CLOSED_AFTER)
        elif len(self._parts) > 1:
            self._parts.popleft()
            self._place()
            self._wait(PART_LEAST)
        else:
            self._next()

    def on_click(self, event: events.Click) -> None:
        """The next one."""
        event.stop()
        self._next()

    # Where it is

    def place(self, room: Size, rows_below: int) -> None:
        """Lie at the bottom of a window, above so many rows."""
        self._room, self._bottom = room, room.height - rows_below
        if self._shown is not None:
            self._set()

    def _set(self) -> None:
        """Divide the notice on show into parts of the width there is."""
        assert self._shown is not None
        lines = wrapped(self._shown.message, max(self._room.width - len("▌ ") - len(" +9 "), 8))
        rows = min(ROWS_MOST, max(self._bottom, 1))
        self._parts = deque(lines[start : start + rows] for start in range(0, len(lines), rows))
        self._place()

    def _place(self) -> None:
        rows = len(self._parts[0])
        self.display = True
        self.styles.offset = (0, max(self._bottom - rows, 0))
        self.styles.width, self.styles.height = self._room.width, rows
        self.refresh()

    def render(self) -> Content:
        """The part on show, with how many notices wait."""
        if self._shown is None or not self._parts:
            return Content("")
        style = _STYLES[self._shown.severity]
        width = self.size.width
        more = f" +{len(self._queue)} " if self._queue else " … " if len(self._parts) > 1 else ""
        lines = []
        for index, line in enumerate(self._parts[0]):
            last = index == len(self._parts[0]) - 1
            padding = " " * max(width - len("▌ ") - len(line) - len(more), 1)
            text = (line, f"{style} bold") if self._shown.severity == "error" else line
            lines.append(Content.assemble(("▌ ", style), text, padding, (more if last else "", "$quiet")))
        return Content("\n").join(lines)
