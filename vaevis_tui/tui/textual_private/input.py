"""What comes from the terminal: answers to our questions, which Textual would take for keys, and all else."""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator

from textual import constants
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.keys import Keys
from textual.message import Message

from vaevis_tui.terminal.detect.replies import Reply, ReplyKind
from vaevis_tui.terminal.detect.reply_parser import ReplyParser

LONGEST_HOLD = 5.0
"""Seconds for which the rest of what can be no key is waited for, on a network that stalls."""

LONGEST_PASTE = 1 << 20
"""Bytes of what is pasted that are kept: a vector or a path is shorter. Textual's parser takes 3 us each."""

_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"

_KEYS_AT_MOST = 2
"""Bytes of a beginning that may be keys: Escape, or Alt with another."""


class KeyParser(XTermParser):
    """Textual's parser, to which reports of keys that cannot be are no error, which would end the input."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        try:
            keys = list(super()._sequence_to_key_events(sequence, alt=alt))
            for key in keys:
                (key.character or "").encode()
        except (ValueError, OverflowError):  # no code point, or half of one (a surrogate)
            return [Key(Keys.Ignore, sequence)]
        return keys


class TerminalInput:
    """Tells answers from what Textual's parser is to see.

    An answer is never seen as keys, however late it comes and however the network cuts it. Only an Escape
    that begins one must not be ahead of the rest by more than `textual.constants.ESCAPE_DELAY`: nobody could
    tell it from the key.

    Args:
        parser: Textual's parser.
        heard: Is told every answer.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        parser: XTermParser,
        heard: Callable[[Reply], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parser = parser
        self._heard = heard
        self._clock = clock
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._replies = ReplyParser()
        self._held_since = 0.0
        self._pasted: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take input; gives what Textual makes of it."""
        self._held_since = self._clock()
        keys = self._replies.feed(data)
        for reply in self._replies.take():
            self._heard(reply)
            if reply.kind is ReplyKind.SYNCHRONIZED:  # which Textual asks, too
                keys += reply.raw
        yield from self._post_event(keys)

    def tick(self) -> Iterator[Message]:
        """To be called a few times a second: gives up waiting for the rest of what was begun."""
        held = len(self._replies.held)
        keys = held <= _KEYS_AT_MOST and not self._replies.skips
        hold = constants.ESCAPE_DELAY if keys else LONGEST_HOLD
        if (held or not keys) and self._clock() - self._held_since >= hold:
            rest = self._replies.flush()  # of an answer, unless it is short
            if keys:
                yield from self._post_event(rest)
            if self._parser._timeout_time is not None:
                self._parser._timeout_time = 0.0  # it would wait as long again
        if self._pasted is not None and self._clock() - self._held_since >= LONGEST_HOLD:
            yield self._end_paste()  # keys would be taken for more of it
        yield from self._parser.tick()

    def _post_event(self, data: bytes) -> Iterator[Message]:
        while data:
            if self._pasted is None:
                before, begin, data = data.partition(_PASTE_BEGIN)
                if text := self._decode(before):
                    yield from self._parser.feed(text)
                if begin:
                    self._pasted = bytearray()
                continue
            begun = max(0, len(self._pasted) - len(_PASTE_END))
            end = (self._pasted[begun:] + data).find(_PASTE_END)
            if end < 0:  # its last bytes may be the first of the end
                del self._pasted[LONGEST_PASTE : -len(_PASTE_END)]
                self._pasted += data
                return
            taken = begun + end + len(_PASTE_END) - len(self._pasted)
            self._pasted += data[:taken]
            data = data[taken:]
            yield self._end_paste()

    def _end_paste(self) -> Paste:
        pasted, self._pasted = bytes(self._pasted or b"").removesuffix(_PASTE_END), None
        return Paste(pasted[:LONGEST_PASTE].decode("utf-8", "replace").replace("\0", ""))

    def close(self) -> None:
        """Let the parser end; what it still holds is no key any more."""
        for _ in self._parser.feed(""):
            pass
