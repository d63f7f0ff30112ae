"""Which live image may send next, where several share one link.

The main image goes first, always. The others go out after it within the same budget of bytes, in parts that
take the link a twentieth of a second: so a frame of the main image waits for one such part at most, which is
on its way already. Where the main image takes all that the link has, as in a walk over a slow network, each
of the others still gets one part every half a second.

Nothing queues: a frame takes the place of the one that waits in the same slot, which is dropped before any
work was spent on it. The newest is never dropped, so the last one is shown when frames cease.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vaevis_tui.terminal.link.link import SLICE, Link

REST = 0.1
"""Seconds without a new frame after which the exact image is sent."""

STARVED = 0.5
"""Seconds that an image in the background waits before a part of it goes out between frames of a busy main
image: a tenth of the link, since a part takes a twentieth of a second."""

LEAST_PART = 0.004
"""Seconds of the link below which a part between two frames is not worth it."""

MAIN = 0
"""Priority of the main image: it is paced to the display, and nothing is sent before its frames."""


@dataclass(slots=True, eq=False)
class FrameSlot:
    """The queue of one live image: at most one frame, the newest.

    Attributes:
        priority: `MAIN`, or more for a background image; these take turns.
        can_send: Whether the image is where it can be drawn.
        is_exact: Whether what was sent last shows its frame as it is.
        is_whole: Whether what was sent last was a whole frame, in whatever quality.
        waiting: Whether a frame waits.
        dropped: Frames that were replaced by a newer one.
        offered_at: When the last frame was offered.
        sent_at: When anything was sent last.
        refine_from: Earliest time to send more of the last frame.
    """

    priority: int
    can_send: Callable[[], bool] = lambda: True
    is_exact: Callable[[], bool] = lambda: True
    is_whole: Callable[[], bool] = lambda: True
    waiting: bool = field(default=False, init=False)
    dropped: int = field(default=0, init=False)
    offered_at: float = field(default=0.0, init=False)
    sent_at: float = field(default=0.0, init=False)
    refine_from: float = field(default=0.0, init=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """Permission to send.

    Attributes:
        slot: Of which image.
        refines: Whether it is more of the frame that was sent before, not the one that waits.
        seconds: Link time that it may take, where it can be sent in parts.
    """

    slot: FrameSlot
    refines: bool
    seconds: float = SLICE


class FrameScheduler:
    """Gives the images on one link their turns.

    Args:
        link: What the link takes, and when.
        clock: Seconds that never go back.
    """

    def __init__(self, link: Link, clock: Callable[[], float]) -> None:
        self._link = link
        self._clock = clock
        self._slots: list[FrameSlot] = []

    def add(self, slot: FrameSlot) -> None:
        """Schedule an image from now on."""
        self._slots.append(slot)

    def remove(self, slot: FrameSlot) -> None:
        """Stop scheduling an image; its frames in flight stay with the link."""
        if slot in self._slots:
            self._slots.remove(slot)

    def offer(self, slot: FrameSlot) -> bool:
        """Queue a frame; True if it replaces another one, which is dropped."""
        drops = slot.waiting
        slot.offered_at = self._clock()
        slot.waiting = True
        slot.dropped += drops
        return drops

    def sent(self, turn: Turn) -> None:
        """A turn was used, whether or not there was anything to write."""
        turn.slot.sent_at = self._clock()
        if not turn.refines:
            turn.slot.waiting = False

    def postpone(self, turn: Turn) -> None:
        """A turn could not be used: the image is not on the screen now."""
        turn.slot.refine_from = self._clock() + REST

    def next(self) -> tuple[Turn, float] | None:
        """The next turn, and the seconds until then, 0 for now; None while there is nothing to send."""
        turns = list(self._turns())
        if not turns:
            return None
        now = [(turn, pause) for turn, pause in turns if pause <= 0]
        if not now:
            return min(turns, key=lambda turn: turn[1])
        # At rest the main image's refinement takes turns with the others.
        turn, _ = min(
            now, key=lambda turn: (turn[0].slot.priority > MAIN or turn[0].refines, turn[0].slot.sent_at)
        )
        return turn, 0.0

    def _turns(self) -> Iterator[tuple[Turn, float]]:
        """The turn of every image that has something to send, and the seconds until then."""
        now = self._clock()
        # Most have nothing to send most of the time, and this is called several times a frame.
        slots = [slot for slot in self._slots if (slot.waiting or not slot.is_exact()) and slot.can_send()]
        busy = any(slot.waiting and slot.priority == MAIN for slot in slots)
        for slot in slots:
            seconds = SLICE
            if slot.priority == MAIN:
                refines = not slot.waiting
                pause = self._link.pause()
            else:
                refines = not (slot.waiting and slot.is_whole())
                starved = busy and now - slot.sent_at >= STARVED
                if busy and not starved:  # what the link has no use for until the next frame is due
                    seconds = min(SLICE, self._link.pause() or 0.0)
                    if seconds < LEAST_PART:
                        continue
                pause = self._link.background_pause(overdue=starved)
            if pause is None:
                pause = self._link.timeout  # until then an acknowledgement comes, and this is called again
            if pause is None:
                continue
            if refines:
                resting_from = slot.offered_at + REST if slot.is_whole() else now
                pause = max(pause, resting_from - now, slot.refine_from - now)
            yield Turn(slot, refines, seconds), pause
