"""The bottom line while a journey is on: where it is, its stops, and a handle for the mouse."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

PLAY_COLUMNS = 4
"""Of the sign that plays and pauses, with blanks about it."""
END_COLUMNS = 1
"""Blanks behind the track."""
GONE, AHEAD, STOP, HANDLE = "━", "─", "◆", "●"


@dataclass(frozen=True, slots=True)
class Passage:
    """How far a journey is.

    Attributes:
        position: Share of its time, 0 to 1.
        stops: Where its stops are.
        playing: Whether it moves by itself.
    """

    position: float
    stops: tuple[float, ...]
    playing: bool


class Scrubber(Widget):
    """A press on the track goes there and a drag follows; a press on the sign before it plays and pauses."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Scrubber { display: none; height: 1; background: $background; color: $quiet; text-wrap: nowrap; }
    """

    passage: reactive[Passage | None] = reactive(None)

    @dataclass(eq=False)
    class Moved(Message):
        """The pointer asks for a position from 0 to 1."""

        position: float

        def can_replace(self, message: Message) -> bool:
            """Only the newest place of the pointer matters."""
            return isinstance(message, Scrubber.Moved)

    class Toggled(Message):
        """Play, or pause."""

    def __init__(self) -> None:
        super().__init__()
        self._dragging = False

    @property
    def _last(self) -> int:
        """Number of the track's last cell, from 0."""
        return max(self.size.width - PLAY_COLUMNS - END_COLUMNS - 1, 1)

    def render(self) -> Content:
        """The line."""
        if self.passage is None:
            return Content("")
        at = round(self.passage.position * self._last)
        cells = [GONE] * at + [AHEAD] * (self._last + 1 - at)
        for stop in self.passage.stops:
            cells[round(stop * self._last)] = STOP
        sign = "▶ " if self.passage.playing else "❚❚"  # as the status line has it
        gone, ahead = "".join(cells[:at]), "".join(cells[at + 1 :])
        return Content.assemble((f" {sign} ", "$accent bold"), (gone, "$accent"), (HANDLE, "bold"), ahead)

    def _position(self, event: events.MouseEvent) -> float:
        return min(max((event.x - PLAY_COLUMNS) / self._last, 0.0), 1.0)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the pointer is, and follow it until release; or play and pause."""
        event.stop()
        if event.x < PLAY_COLUMNS:
            self.post_message(self.Toggled())
        else:
            self._dragging = True
            self.capture_mouse()
            self.post_message(self.Moved(self._position(event)))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer while its button is down."""
        if self._dragging:
            event.stop()
            self.post_message(self.Moved(self._position(event)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._dragging:
            event.stop()
            self._dragging = False
            self.release_mouse()
