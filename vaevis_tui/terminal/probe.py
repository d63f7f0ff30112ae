r"""Asking the terminal what it can do, less input and output: what to ask, what is heard, what follows.

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
DA1                   ``CSI c``                   ``CSI ? n ; ... c``, with 4 for sixels
====================  ==========================  ==================================================

Answers are not believed blindly: some terminals say that they have kitty's graphics but draw no placeholders,
and a multiplexer answers for itself. What is known of them is in a table below, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
    ATTRIBUTES = "DA1"


QUERIES: dict[ReplyKind, bytes] = {
    ReplyKind.VERSION: b"\x1b[>q",
    ReplyKind.KITTY: b"\x1b_Gi=%d,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\" % _KITTY_QUERY_ID,
    ReplyKind.REGISTERS: b"\x1b[?1;1;0S",
    ReplyKind.SIXEL_SIZE: b"\x1b[?2;1;0S",
    ReplyKind.SYNCHRONIZED: b"\x1b[?2026$p",
    ReplyKind.WINDOW_SIZE: b"\x1b[14t",
    ReplyKind.CELL_SIZE: b"\x1b[16t",
    ReplyKind.ATTRIBUTES: b"\x1b[c",
}
"""What is asked, in this order; the last is the fence."""

_PRINT_APC = frozenset({"Apple Terminal", "Linux console"})
"""Brands that show an application program command as text instead of ignoring it."""

TIMEOUT = 1.0
"""Seconds to wait for the fence on this machine. Nothing waits for it but a better picture."""

REMOTE_TIMEOUT = 5.0
"""Seconds to wait for the fence over SSH: several round trips of a bad link that carries a picture, too."""


def timeout(environ: Mapping[str, str]) -> float:
    """Seconds to wait for the fence, by the environment."""
    return REMOTE_TIMEOUT if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY") else TIMEOUT


def batch(brand: str, multiplexer: str | None) -> bytes:
    """All queries for a terminal as one write.

    Args:
        brand: The terminal by its environment, as in `TerminalCapabilities`.
        multiplexer: What stands between, as in `TerminalCapabilities`.
    """
    kitty = brand not in _PRINT_APC and multiplexer != "screen"
    return b"".join(query for kind, query in QUERIES.items() if kitty or kind is not ReplyKind.KITTY)


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
        """The numbers of a reply that holds numbers."""
        return tuple(int(number) for number in self.text.split(";") if number)


_CSI = re.compile(rb"\x1b\[([?>=<]?)([0-9;:]*)([ -/]*)([@-~])")
_CSI_BEGUN = re.compile(rb"\x1b\[[?>=<]?[0-9;:]*[ -/]*")
_STRING_STARTS = {b"\x1bP>|": ReplyKind.VERSION, b"\x1b_G": ReplyKind.KITTY}
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


# Conclusions


@dataclass(frozen=True, slots=True)
class KittyGraphics:
    """How a terminal is to be told of pictures by kitty's protocol, as for `KittyImage`.

    Attributes:
        placeholders: Whether it draws placeholders.
        frames: Whether it replaces frames.
    """

    placeholders: bool
    frames: bool


class Graphics(StrEnum):
    """How pictures are drawn, best first where the terminal has a choice."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    OCTANT = "octant"
    SEXTANT = "sextant"
    QUADRANT = "quadrant"
    HALF = "half"
    BRAILLE = "braille"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True)
class GraphicsSupport:
    """What follows from the replies.

    Attributes:
        brand: The terminal's name; by its reply, else by its environment.
        version: Its version, () if it is not known.
        multiplexer: What stands between, by reply or environment.
        kitty: How to use kitty's graphics, None if it has none.
        iterm: Whether it shows iTerm2's inline images.
        sixel_registers: Colour registers for sixels, 0 if it shows none.
        sixel_size: Height and width in dots that a sixel picture may have, None if not known.
        synchronized: Whether output between ``CSI ? 2026 h`` and ``l`` is shown at once.
        cell: Height and width of a cell in dots, None if not known.
        best: What pictures should be drawn with.
        reasons: What each was concluded from, pairs of a name and one clause, for people.
    """

    brand: str
    version: tuple[int, ...]
    multiplexer: str | None
    kitty: KittyGraphics | None
    iterm: bool
    sixel_registers: int
    sixel_size: tuple[int, int] | None
    synchronized: bool
    cell: tuple[int, int] | None
    best: Graphics
    reasons: tuple[tuple[str, str], ...]


_NAMES = {
    "contour": "Contour",
    "foot": "foot",
    "ghostty": "Ghostty",
    "iterm2": "iTerm2",
    "kitty": "kitty",
    "konsole": "Konsole",
    "mintty": "mintty",
    "rio": "Rio",
    "vte": "VTE (GNOME Terminal and its kin)",
    "warp": "Warp",
    "wezterm": "WezTerm",
    "xterm": "xterm",
    "xterm.js": "xterm.js",
}
"""Brands by the name in their version, as `TerminalCapabilities` calls them."""

_MULTIPLEXERS = {"tmux": "tmux", "zellij": "zellij"}

_VERSION = re.compile(r"([A-Za-z][A-Za-z0-9.]*?)(?:[ (]v?([0-9]+(?:\.[0-9]+)*)|$)")

_PLACEHOLDERS_FROM: dict[str, tuple[int, ...]] = {
    "kitty": (0, 28),  # changelog: 0.28.0, "Support for displaying images using Unicode placeholders"
    "Ghostty": (1, 0),  # ghostty-org/ghostty pull request 2015, before 1.0
}
"""Releases that draw placeholders. Not among them, though they answer the query: WezTerm (issue 986),
xterm.js and thereby VS Code (issue 5711), Warp (issue 6210), Konsole; zellij refuses them (issue 5530)."""

_FRAMES_FROM: dict[str, tuple[int, ...]] = {"kitty": (0, 20)}  # changelog: 0.20.0, "animation"
"""Releases that replace frames. For others pictures are flipped, which works everywhere."""

_INLINE_IMAGES = frozenset({"iTerm2", "WezTerm", "mintty", "xterm.js", "VS Code", "Tabby", "Warp"})
"""Brands that show iTerm2's images, as their documents say; nothing can be asked."""

_DEFAULT_REGISTERS = 256
"""Of terminals that have sixels and do not say how many colours: all that emulate them have this many."""


def conclude(
    replies: Iterable[Reply],
    *,
    brand: str,
    multiplexer: str | None,
    window: tuple[int, int] | None = None,
    passthrough: bool = False,
) -> GraphicsSupport:
    """What a terminal can show.

    Args:
        replies: What it answered; nothing at all is an answer, too.
        brand: The terminal by its environment, as in `TerminalCapabilities`.
        multiplexer: What stands between by the environment, as in `TerminalCapabilities`.
        window: Rows and columns of the window, to divide its size in dots by where a cell's is not told.
        passthrough: Whether tmux hands on what is wrapped by `through_tmux` (its option allow-passthrough).
    """
    said: dict[ReplyKind, Reply] = {reply.kind: reply for reply in replies}
    name, version = _named(said.get(ReplyKind.VERSION))
    # Who answers by name stands next to us: a terminal's own name belies what the environment says of tmux.
    inside = _MULTIPLEXERS.get(name.lower(), None if name.lower() in _NAMES else multiplexer)
    outside = _NAMES.get(name.lower(), name if name and not inside else brand)
    if inside:
        version = ()  # its own
    reasons = [("terminal", _why_brand(said.get(ReplyKind.VERSION), outside, inside))]
    kitty, why = _kitty(said.get(ReplyKind.KITTY), outside, version, inside, passthrough)
    reasons.append(("kitty graphics", why))
    iterm = outside in _INLINE_IMAGES and (not inside or (inside == "tmux" and passthrough))
    reasons.append(("iTerm2 images", f"{outside} {'shows' if iterm else 'is not known to show'} them"))
    registers, why = _registers(said)
    reasons.append(("sixels", why))
    size = said.get(ReplyKind.SIXEL_SIZE)
    limit = size.numbers[2:0:-1] if size and size.numbers[:1] == (0,) else ()
    state = said.get(ReplyKind.SYNCHRONIZED)
    synchronized = state is not None and state.numbers[:1] in {(1,), (2,), (3,)}
    reasons.append(("synchronised output", f"mode 2026: {state.text if state else 'no answer'}"))
    cell, why = _cell(said, window)
    reasons.append(("cell", why))
    drawable = bool(registers and cell)
    best = Graphics.HALF
    if kitty:
        best = Graphics.KITTY
    elif iterm:
        best = Graphics.ITERM
    elif drawable:
        best = Graphics.SIXEL
    return GraphicsSupport(
        brand=outside,
        version=version,
        multiplexer=inside,
        kitty=kitty,
        iterm=iterm,
        sixel_registers=registers,
        sixel_size=(limit[0], limit[1]) if len(limit) == 2 and all(limit) else None,
        synchronized=synchronized,
        cell=cell,
        best=best,
        reasons=tuple(reasons),
    )


def _named(reply: Reply | None) -> tuple[str, tuple[int, ...]]:
    match = _VERSION.match(reply.text) if reply else None
    if match is None:
        return "", ()
    return match[1], tuple(int(part) for part in match[2].split(".")) if match[2] else ()


def _why_brand(reply: Reply | None, outside: str, inside: str | None) -> str:
    answered = f"it calls itself {reply.text!r}" if reply else "it does not tell its name"
    if inside:
        return f"{answered}; inside {inside}, the terminal outside is {outside} by its environment"
    return answered if reply else f"{answered}, its environment says {outside}"


def _kitty(
    reply: Reply | None, brand: str, version: tuple[int, ...], inside: str | None, passthrough: bool
) -> tuple[KittyGraphics | None, str]:
    if inside == "tmux":
        # The query does not come through; placeholders alone stay where tmux puts text.
        if not passthrough:
            return None, "tmux hands nothing on: set -g allow-passthrough on"
        if brand not in _PLACEHOLDERS_FROM:
            return None, f"through tmux it takes placeholders, which {brand} is not known to draw"
        return KittyGraphics(True, brand in _FRAMES_FROM), f"through tmux, {brand} draws placeholders"
    if inside:
        return None, f"{inside} hands nothing on"
    if reply is None:
        return None, "no answer"
    if not reply.text.endswith(";OK"):
        return None, f"it answered {reply.text!r}"
    placeholders, frames = (
        brand in known and version >= known[brand] for known in (_PLACEHOLDERS_FROM, _FRAMES_FROM)
    )
    where = "draws placeholders" if placeholders else "is not known to draw placeholders: placed directly"
    how = "replaces frames" if frames else "is not known to replace frames: flipped"
    named = f"{brand} {'.'.join(map(str, version))}".strip()
    return KittyGraphics(placeholders, frames), f"answered OK; {named} {where}, {how}"


def _registers(said: Mapping[ReplyKind, Reply]) -> tuple[int, str]:
    attributes, registers = said.get(ReplyKind.ATTRIBUTES), said.get(ReplyKind.REGISTERS)
    if attributes is None:
        return 0, "no answer to DA1"
    if 4 not in attributes.numbers[1:]:
        return 0, f"DA1 has no 4: {attributes.text}"
    told = registers.numbers if registers else ()
    if len(told) == 2 and told[0] == 0 and told[1] > 1:
        return told[1], f"DA1 has 4, XTSMGRAPHICS tells {told[1]} colours"
    return _DEFAULT_REGISTERS, f"DA1 has 4; {_DEFAULT_REGISTERS} colours, which it does not tell"


def _cell(
    said: Mapping[ReplyKind, Reply], window: tuple[int, int] | None
) -> tuple[tuple[int, int] | None, str]:
    cell, whole = said.get(ReplyKind.CELL_SIZE), said.get(ReplyKind.WINDOW_SIZE)
    if cell and len(cell.numbers) == 2 and all(cell.numbers):
        height, width = cell.numbers
        return (height, width), f"{width}x{height} dots, as it tells"
    if whole and len(whole.numbers) == 2 and window and all(window):
        height, width = whole.numbers[0] // window[0], whole.numbers[1] // window[1]
        if height and width:
            return (height, width), f"{width}x{height} dots, its window divided"
    return None, "its size in dots is not told"
