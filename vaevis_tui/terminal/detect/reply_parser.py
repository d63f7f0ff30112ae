"""Tells a terminal's replies from key presses."""

from __future__ import annotations

import re

from vaevis_tui.terminal.detect.queries import ALL
from vaevis_tui.terminal.detect.replies import Reply, ReplyKind

_CSI = re.compile(rb"\x1b\[([?>=<]?)([0-9;:]*)([ -/]*)([@-~])")
_CSI_BEGUN = re.compile(rb"\x1b\[[?>=<]?[0-9;:]*[ -/]*")
_STRING_STARTS = {start: kind for kind, query in ALL.items() for start in query.strings}
_STRING_STARTS[b"\x1b]5522;"] = ReplyKind.CLIPBOARD_WRITTEN  # which is asked for by writing an image
_CONTROLS = {(*query.control, query.first): kind for kind, query in ALL.items() if query.control is not None}
_LONGEST = 256
"""Bytes that a reply to our questions has at most."""

_STRING = re.compile(rb"\x1b(?:\][0-9lL]|P[0-9!>|=]|_[A-Z])")
"""What replies begin with that are strings: OSC, DCS and APC. Alt with ], P or _ does too, but nobody types
the rest in the same moment."""

_STRING_BEGUN = (b"\x1b]", b"\x1bP", b"\x1b_")

_STRING_END = re.compile(rb"(\x1b\\|\x07)|[\x18\x1a]|(?=\x1b[^\\])")
"""A string's end, or (without a group) what breaks it off: CAN, SUB, another sequence."""


class ReplyParser:
    """Tells replies from key presses, in any pieces in which they come.

    A lone ESC may be a key or begin a reply, and is held back; `flush` gives it up once nothing more comes.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._replies: list[Reply] = []
        self._skips = False
        """Whether it is within a long string that answers somebody else, such as a clipboard."""

    @property
    def replies(self) -> tuple[Reply, ...]:
        """All replies so far, in order."""
        return tuple(self._replies)

    @property
    def held(self) -> bytes:
        """What is held back."""
        return self._pending

    @property
    def skips(self) -> bool:
        """Whether what comes belongs to an answer to somebody else, until that ends or `flush` is called."""
        return self._skips

    def take(self) -> list[Reply]:
        """The replies since this was last called."""
        taken, self._replies = self._replies, []
        return taken

    @property
    def fenced(self) -> bool:
        """Whether the last query was answered, so that no more replies will come."""
        return any(reply.kind is ReplyKind.ATTRIBUTES for reply in self._replies)

    def feed(self, data: bytes) -> bytes:
        """Take input; returns what of it, and of what was held back, is no reply, untouched and in order."""
        self._pending += data
        keys = b""
        while self._pending:
            if self._skips:
                if not self._skip():
                    break
                continue
            token = _next(self._pending)
            if token is None:
                break
            size, reply = token
            if reply is None:
                keys += self._pending[:size]
            elif reply.kind != ReplyKind.FOREIGN:
                self._replies.append(reply)
            self._pending = self._pending[size:]
            self._skips = reply is _ENDLESS
        return keys

    def _skip(self) -> bool:
        """Throw away the rest of a string as far as it is there; tells whether it has come to its end."""
        end = _STRING_END.search(self._pending)
        rest = b"\x1b" if self._pending.endswith(b"\x1b") else b""  # which may begin the end
        self._pending = self._pending[end.end() :] if end else rest
        self._skips = end is None
        return end is not None

    def flush(self) -> bytes:
        """What was held back and is no reply after all."""
        keys, self._pending, self._skips = self._pending, b"", False
        return keys


_ENDLESS = Reply(ReplyKind.FOREIGN, "", b"")
"""Stands for a string whose end is not to be waited for."""


def _next(data: bytes) -> tuple[int, Reply | None] | None:
    """How many bytes the first token has, and the reply if it is one; None while that is not known."""
    if data[0] != 0x1B:
        escape = data.find(b"\x1b")
        return (escape if escape > 0 else len(data)), None
    if len(data) == 1 or data in _STRING_BEGUN:
        return None
    if _STRING.match(data):
        return _string(data)
    if match := _CSI.match(data):
        return match.end(), _control(match)
    if _CSI_BEGUN.fullmatch(data) and len(data) < _LONGEST:
        return None
    return 1, None  # ESC itself; what follows is taken as what it is


def _string(data: bytes) -> tuple[int, Reply | None] | None:
    end = _STRING_END.search(data, 2)
    if end is None:
        return None if len(data) < _LONGEST else (len(data) - data.endswith(b"\x1b"), _ENDLESS)
    raw = data[: end.end()]
    starts = ((start, kind) for start, kind in _STRING_STARTS.items() if raw.startswith(start))
    start, kind = next(starts, (b"", ReplyKind.FOREIGN)) if end[1] else (b"", ReplyKind.FOREIGN)
    return end.end(), Reply(kind, data[len(start) : end.start()].decode("utf-8", "replace"), raw)


def _control(match: re.Match[bytes]) -> Reply | None:
    private, numbers, intermediate, final = match.groups()
    text = numbers.decode()
    first, _, rest = text.partition(";")
    form = private, intermediate, final
    if kind := _CONTROLS.get((*form, "")):
        return Reply(kind, text, match[0])
    if kind := _CONTROLS.get((*form, first)):
        return Reply(kind, rest, match[0])
    return Reply(ReplyKind.FOREIGN, text, match[0]) if _is_foreign(*form, first) else None


def _is_foreign(private: bytes, intermediate: bytes, final: bytes, first: str) -> bool:
    """Whether a control sequence answers a question that is not ours, and is neither a key nor Textual's.

    Textual asks for modes (``CSI ? ... $ y``) and windows in band (``CSI 48 ; ... t``). Reports of the mouse
    begin with ``<``.
    """
    if private == b"?":
        return (intermediate, final) != (b"$", b"y")
    if private == b"" and final == b"t":
        return first != "48"
    return private in (b">", b"=") or (private == b"" and final in (b"n", b"x", b"y"))
