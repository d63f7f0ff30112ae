r"""Asking the terminal what it can do, less input and output: what to ask, and what is heard.

The questions (xterm's ctlseqs unless said otherwise) go out in one go, and the last is one that every
terminal answers, so that what has not been answered before it never will be:

====================  ==========================  ==================================================
XTVERSION             ``CSI > q``                 ``DCS > | name version ST``
kitty graphics        ``APC G a=q ... ST``        ``APC G i=31 ; OK ST`` (kitty's protocol, "Querying")
XTSMGRAPHICS          ``CSI ? 1 ; 1 ; 0 S``       ``CSI ? 1 ; 0 ; n S``, n colour registers for sixels
XTSMGRAPHICS          ``CSI ? 2 ; 1 ; 0 S``       ``CSI ? 2 ; 0 ; w ; h S``, the largest sixel picture
DECRQM                ``CSI ? 2026 $ p``          ``CSI ? 2026 ; n $ y``, 1 or 2: synchronised output
XTWINOPS              ``CSI 14 t``                ``CSI 4 ; h ; w t``, the window in dots
XTWINOPS              ``CSI 16 t``                ``CSI 6 ; h ; w t``, a cell in dots
OSC 11                ``OSC 11 ; ? ST``           ``OSC 11 ; rgb:rrrr/gggg/bbbb ST``, the background
DECRQSS               ``DCS $ q m ST``            ``DCS 1 $ r ... m ST``, the SGR in force: see `draws_24_bit`
DA1                   ``CSI c``                   ``CSI ? n ; ... c``, with 4 for sixels
====================  ==========================  ==================================================

What follows from the answers is in `vaevis_tui.terminal.detect.support`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_KITTY_QUERY_ID = 31


class ReplyKind(StrEnum):
    """What a reply answers."""

    VERSION = "XTVERSION"
    KITTY = "kitty graphics"
    REGISTERS = "sixel colours"
    SIXEL_SIZE = "sixel size"
    SYNCHRONIZED = "synchronised output"
    WINDOW_SIZE = "window size"
    CELL_SIZE = "cell size"
    BACKGROUND = "background"
    COLOR = "24-bit colour"
    ATTRIBUTES = "DA1"


QUERIES: dict[ReplyKind, bytes] = {
    ReplyKind.VERSION: b"\x1b[>q",
    ReplyKind.KITTY: b"\x1b_Gi=%d,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" % _KITTY_QUERY_ID,
    ReplyKind.REGISTERS: b"\x1b[?1;1;0S",
    ReplyKind.SIXEL_SIZE: b"\x1b[?2;1;0S",
    ReplyKind.SYNCHRONIZED: b"\x1b[?2026$p",
    ReplyKind.WINDOW_SIZE: b"\x1b[14t",
    ReplyKind.CELL_SIZE: b"\x1b[16t",
    ReplyKind.BACKGROUND: b"\x1b]11;?\x1b\\",
    ReplyKind.COLOR: b"\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m",
    ReplyKind.ATTRIBUTES: b"\x1b[c",
}
"""What is asked, in this order; the last is the fence."""

_PRINT_APC = frozenset({"Apple Terminal", "Linux console"})
"""Brands that show an application program command as text instead of ignoring it."""

_NO_COLOR_QUERY = frozenset({"Linux console"})
"""Brands that take an operating system command for something else."""

_NAMED_BY_APC = frozenset({"screen", "tmux"})
"""Multiplexers that take one for the title of the window; neither would answer it."""

TIMEOUT = 1.0
"""Seconds to wait for the fence on this machine. Nothing waits for it but a better picture."""

REMOTE_TIMEOUT = 5.0
"""Seconds to wait for the fence over SSH: several round trips of a bad link that carries a picture, too."""


def timeout(environ: Mapping[str, str]) -> float:
    """Seconds to wait for the fence, by the environment."""
    return REMOTE_TIMEOUT if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else TIMEOUT


def queries(brand: str, multiplexer: str | None) -> dict[ReplyKind, bytes]:
    """The queries for a terminal, to be written in this order and in one go.

    Args:
        brand: The terminal by its environment, as in `TerminalCapabilities`.
        multiplexer: What stands between, as in `TerminalCapabilities`.
    """
    kitty = brand not in _PRINT_APC and multiplexer not in _NAMED_BY_APC
    left_out = {
        ReplyKind.KITTY: not kitty,
        ReplyKind.BACKGROUND: brand in _NO_COLOR_QUERY,
        # Multiplexers do not know it, or let the terminal outside answer, which never sees these colours.
        ReplyKind.COLOR: brand in _PRINT_APC or multiplexer is not None,
    }
    return {kind: query for kind, query in QUERIES.items() if not left_out.get(kind)}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a terminal answered.

    Attributes:
        kind: What it answers.
        text: What it says: a name and version, a message, or numbers separated by semicolons.
        raw: The bytes.
    """

    kind: ReplyKind
    text: str
    raw: bytes

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of a reply that holds numbers; none where one of them cannot be read."""
        numbers = [number for number in self.text.split(";") if number]
        return tuple(map(int, numbers)) if all(map(_NUMBER.fullmatch, numbers)) else ()


_COLOR = re.compile(r"rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})(?:/[0-9a-fA-F]{1,4})?")


def is_dark(background: Reply) -> bool | None:
    """Whether white text is easier to read than black on a background; None where the reply is none.

    Each channel has one to four hexadecimal digits, all ones being the most (XParseColor).
    """
    match = _COLOR.fullmatch(background.text)
    if match is None:
        return None
    red, green, blue = (int(digits, 16) / (16 ** len(digits) - 1) for digits in match.groups())
    return bool(0.299 * red + 0.587 * green + 0.114 * blue < 0.5)


_COLOR_IN_FORCE = re.compile(r"(?:.*[;m])?48[:;]2[:;]{1,2}1[:;]2[:;]3m")


def draws_24_bit(color: Reply) -> bool:
    """Whether the background that was set before the question is still the very colour that was named.

    Who draws fewer colours tells the entry of a palette that it took instead, as xterm with directColor off
    does (``48:5:16``). Some put an empty number for the colour space before red (``48:2::1:2:3``).
    """
    return _COLOR_IN_FORCE.fullmatch(color.text) is not None


_NUMBER = re.compile(r"[0-9]{1,9}")
_CSI = re.compile(rb"\x1b\[([?>=<]?)([0-9;:]*)([ -/]*)([@-~])")
_CSI_BEGUN = re.compile(rb"\x1b\[[?>=<]?[0-9;:]*[ -/]*")
_STRING_STARTS = {
    b"\x1bP>|": ReplyKind.VERSION,
    b"\x1b_G": ReplyKind.KITTY,
    b"\x1b]11;": ReplyKind.BACKGROUND,
    b"\x1bP1$r": ReplyKind.COLOR,
    b"\x1bP0$r": ReplyKind.COLOR,
}
_STRING_END = re.compile(rb"\x1b\\|\x07")
_LONGEST = 256
"""Bytes that a reply has at most; what is longer is none."""


class ReplyParser:
    """Tells replies from key presses, in any pieces in which they come.

    A lone ESC may be a key or begin a reply, and is held back; `flush` gives it up once nothing more comes.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._replies: list[Reply] = []

    @property
    def replies(self) -> tuple[Reply, ...]:
        """All replies so far, in order."""
        return tuple(self._replies)

    @property
    def held(self) -> bytes:
        """What is held back."""
        return self._pending

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
            taken, reply = _next(self._pending)
            if not taken:
                break
            if reply:
                self._replies.append(reply)
            else:
                keys += self._pending[:taken]
            self._pending = self._pending[taken:]
        return keys

    def flush(self) -> bytes:
        """What was held back and is no reply after all."""
        keys, self._pending = self._pending, b""
        return keys


def _next(data: bytes) -> tuple[int, Reply | None]:
    """How many bytes the first token has, 0 if that is not known yet, and the reply if it is one."""
    if data[0] != 0x1B:
        escape = data.find(b"\x1b")
        return (escape if escape > 0 else len(data)), None
    for start, kind in _STRING_STARTS.items():
        if start.startswith(data[: len(start)]) and len(data) < len(start):
            return 0, None
        if data.startswith(start):
            return _string(data, len(start), kind)
    if match := _CSI.match(data):
        return match.end(), _control(match)
    if _CSI_BEGUN.fullmatch(data) and len(data) < _LONGEST:
        return 0, None
    return 1, None  # ESC itself; what follows is taken as what it is


def _string(data: bytes, start: int, kind: ReplyKind) -> tuple[int, Reply | None]:
    end = _STRING_END.search(data, start)
    if end is None:
        return (0 if len(data) < _LONGEST else 1), None
    text = data[start : end.start()].decode("utf-8", "replace")
    return end.end(), Reply(kind, text, data[: end.end()])


def _control(match: re.Match[bytes]) -> Reply | None:
    private, numbers, intermediate, final = match.groups()
    text = numbers.decode()
    first, _, rest = text.partition(";")
    by_form = {
        (b"?", b"", b"c"): ReplyKind.ATTRIBUTES,
        (b"?", b"$", b"y"): ReplyKind.SYNCHRONIZED if first == "2026" else None,
        (b"?", b"", b"S"): {"1": ReplyKind.REGISTERS, "2": ReplyKind.SIXEL_SIZE}.get(first),
        (b"", b"", b"t"): {"4": ReplyKind.WINDOW_SIZE, "6": ReplyKind.CELL_SIZE}.get(first),
    }
    kind = by_form.get((private, intermediate, final))
    if kind is None:
        return None
    return Reply(kind, text if kind is ReplyKind.ATTRIBUTES else rest, match[0])
