"""Input that the app has not handled yet: kept short, so that a key is answered soon after any flood."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from textual import events
from textual.message import Message

MOST = 256
"""Messages that wait: a line pasted as single keys. Of more the oldest are thrown away."""

MOST_REPEATS = 192
"""That wait of a key that moves, or of a turn of the wheel: six seconds of a held key on a slow link."""

MOST_TOGGLES = 8
"""That wait of another key: held down it would open and close something, 50 ms each."""

_MOVES = re.compile(
    r"(\w+\+)?(left|right|up|down|home|end|pageup|pagedown|backspace|delete|tab|plus|minus)|[uUnr]"
)

_REPORTS = re.compile(rb"(\x1b(?:O[A-Z]|\[<?[0-9;]*[A-Za-z~]))\1{%d,}" % MOST_REPEATS)
"""One key or turn of the wheel, more often than may wait."""

KEPT_OF_LONG_TEXT = 8
"""Bytes."""

AT_ONCE = 16
"""Messages that the app gets before it is asked whether it has handled them."""

LONGEST_WAIT = 0.5
"""Seconds after which the app is asked again: what was to answer may have been closed."""

LONG_TEXT = 256
"""Bytes without an escape that come at once, as no typing does."""

_DROPPED = (events.Key, events.MouseMove, events.MouseScrollDown, events.MouseScrollUp)
"""What may be left out; presses and releases come in pairs."""


class InputBrake:
    """Hands messages over as fast as they are handled, and merges those that wait.

    Args:
        send: Gives a message to the app.
        ask: Calls back, in any thread, when the app has handled what it was given so far.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        send: Callable[[Message], None],
        ask: Callable[[Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._ask = ask
        self._clock = clock
        self._handled = threading.Event()
        self._handled.set()
        self._asked = 0.0
        self._waiting: deque[Message] = deque()
        self._repeated = 0
        """How many of those that wait at the end are like the last."""

    @property
    def waits(self) -> bool:
        """Whether there is more than the app was given; then `put` is to be called soon."""
        return bool(self._waiting)

    def skim(self, data: bytes) -> bytes:
        """Input without what would not be handled, which is not even parsed.

        That is what is repeated more often than may wait, and but for its end a long text without any command
        where much waits.
        """
        data = _REPORTS.sub(lambda found: found[1] * MOST_REPEATS, data)
        long = len(data) > LONG_TEXT and b"\x1b" not in data
        return data[-KEPT_OF_LONG_TEXT:] if long and len(self._waiting) > MOST // 2 else data

    def put(self, messages: Iterable[Message] = ()) -> None:
        """Take messages, and hand over what the app is ready for."""
        for message in messages:
            self._add(message)
        if self._waiting and self._handled.is_set():
            for _ in range(min(AT_ONCE, len(self._waiting))):
                self._send(self._waiting.popleft())
            self._repeated = min(self._repeated, len(self._waiting))
            self._handled = threading.Event()  # a late answer is to what was asked before
        elif self._handled.is_set() or self._clock() - self._asked <= LONGEST_WAIT:
            return
        self._asked = self._clock()
        self._ask(self._handled.set)

    def _add(self, message: Message) -> None:
        if isinstance(message, events.MouseMove) and isinstance(self._last(), events.MouseMove):
            self._waiting.pop()
        like = _alike(self._last(), message)
        if like and isinstance(message, _DROPPED) and self._repeated >= _most(message):
            return
        if len(self._waiting) >= MOST:
            spare = next((each for each in self._waiting if isinstance(each, _DROPPED)), self._waiting[0])
            self._waiting.remove(spare)
        self._repeated = self._repeated + 1 if like else 1
        self._waiting.append(message)

    def _last(self) -> Message | None:
        return self._waiting[-1] if self._waiting else None


def _most(message: Message) -> int:
    """How many like it may wait."""
    moves = not isinstance(message, events.Key) or _MOVES.fullmatch(message.key)
    return MOST_REPEATS if moves else MOST_TOGGLES


def _alike(one: Message | None, other: Message) -> bool:
    return type(one) is type(other) and _key(one) == _key(other)


def _key(message: Message) -> str:
    return message.key if isinstance(message, events.Key) else ""
