"""A modern terminal without a window: knows its modes, answers queries, counts frames, keeps a screen.

Sequences are those of xterm (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html), synchronised output
(https://github.com/contour-terminal/vt-extensions/blob/master/synchronized-output.md), in-band resize reports
(https://gist.github.com/rockorager/e695fb2924d36b2bcf1fff4a3704bd83) and kitty's keyboard protocol
(https://sw.kovidgoyal.net/kitty/keyboard-protocol/).

pyte, which draws the screen, knows no private prefix but ``?`` (it prints the rest of such a sequence), no
strings but OSC and no alternate screen, so those never reach it as they are. It is slow: what it would draw
waits until somebody looks.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from dataclasses import dataclass

from tests.e2e.harness.screen import ALTERNATE_MODES, Screen

# What may go to the screen as it comes: CSI without prefix or intermediate, of the kinds that pyte knows.
# Nearly all that a picture is made of has two parameters or more: to let it pass, the first tells enough.
_PLAIN = rb"\[[0-9]*(?:;|[@A-HJ-MPX`adefgmr])"
_SEQUENCE = (
    rb"(?:\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    rb"|[PX^_][^\x1b]*(?:\x1b[^\\][^\x1b]*)*\x1b\\"  # DCS, SOS, PM, APC
    rb"|[ -/]*[0-OQ-WYZ`-~\\])"  # the others
)
_UNFINISHED_SEQUENCE = (
    rb"(?:\[[0-?]*[ -/]*"
    rb"|\][^\x07\x1b]*\x1b?"
    rb"|[PX^_][^\x1b]*(?:\x1b[^\\][^\x1b]*)*\x1b?"
    rb"|[ -/]*)\Z"
)
_SPECIAL = re.compile(rb"\x1b(?!" + _PLAIN + rb")" + _SEQUENCE, re.DOTALL)
_UNFINISHED = re.compile(rb"\x1b" + _UNFINISHED_SEQUENCE, re.DOTALL)
_BEGINNINGS = (b"\x1b", b"\x1b]", b"\x1bP", b"\x1bX", b"\x1b^", b"\x1b_")  # of what may be cut off
_CSI = re.compile(rb"\x1b\[([<=>?]?)([0-9;:]*)([ -/]*)([@-~])")
_CURSOR_MOVE = re.compile(rb"\x1b\[(\d*)(?:;(\d*))?[Hf]\Z")
_KITTY_QUERY = re.compile(rb"\x1b_Gi=(\d+),[^;]*a=q")
_COLOUR_QUERY = re.compile(rb"\x1b\](1[012]|4;\d+);\?(?:\x07|\x1b\\)")
_CLIPBOARD_PACKET = re.compile(rb"\x1b\]5522;([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")

_OFF_AT_REST = {
    1: "application cursor keys",
    **dict.fromkeys(ALTERNATE_MODES, "the alternate screen"),
    **dict.fromkeys((9, 1000, 1001, 1002, 1003), "mouse reports"),
    **dict.fromkeys((1005, 1006, 1015, 1016), "a mouse encoding"),
    1004: "focus reports",
    2004: "bracketed paste",
    2026: "an open synchronised update",
    2048: "in-band resize reports",
}
_ON_AT_REST = {7: "no line wrap", 25: "a hidden cursor"}
_IGNORED = {" q", "!p", ">m", "?m", "?s", "?r", "t", "Z", "I"}  # cursor shape, key formats, titles, tabs


@dataclass(frozen=True)
class Frame:
    """One synchronised update.

    Attributes:
        time: When its end was read, in seconds of the caller's clock.
        size: Bytes since the end of the frame before.
    """

    time: float
    size: int


@dataclass(frozen=True)
class Traits:
    """What kind of terminal it is.

    Attributes:
        answers: Whether it answers queries at all.
        in_band_resize: Whether it offers reports of its size, mode 2048.
        foreground: Default colour of text, hexadecimal.
        background: Default colour behind text, hexadecimal.
        cell_height: Of a cell, in pixels.
        cell_width: Of a cell, in pixels.
        name: How it calls itself, and its version.
        kitty: Whether it says that it has kitty's graphics; it shows none.
        clipboard: What it answers to who writes to its clipboard by OSC 5522 (``"DONE"``); empty if it knows
            none.
    """

    answers: bool = True
    in_band_resize: bool = False
    foreground: str = "e5e5e5"
    background: str = "000000"
    cell_height: int = 16
    cell_width: int = 8
    name: str = "ptyharness 1.0"
    kitty: bool = False
    clipboard: str = ""


class Terminal:
    """Takes what a program writes, gives what a terminal sends back.

    Attributes:
        columns: Width in cells.
        rows: Height in cells.
        modes: DEC private modes that are on (True) or were turned off again.
        frames: Synchronised updates so far.
        received: Bytes so far.
        queries: Queries so far, answered or not.
        clipboard: What was written to its clipboard by OSC 5522, by MIME type.
        unknown: Sequences that nothing here understands, and how often each came.

    Args:
        emulate: Whether there is a screen. Without one, a cursor report is right just after a cursor move,
            and tells of the upper left corner otherwise.
    """

    def __init__(
        self, columns: int, rows: int, *, emulate: bool = True, traits: Traits | None = None
    ) -> None:
        self.columns = columns
        self.rows = rows
        self.traits = traits or Traits()
        self.modes: dict[int, bool] = dict.fromkeys(_ON_AT_REST, True)
        self.frames: list[Frame] = []
        self.received = 0
        self.queries: list[bytes] = []
        self.clipboard: dict[str, bytes] = {}
        self._copying: dict[str, bytes] | None = None
        self.unknown: Counter[bytes] = Counter()
        self._keyboard: dict[bool, list[int]] = {
            False: [],
            True: [],
        }  # flags by screen, True the alternate one
        self._screen: Screen | None = None
        if emulate:
            self._screen = Screen(columns, rows, self.traits.foreground, self.traits.background)
        self._undrawn: list[tuple[bool, bytes]] = []  # whether pyte needs help with it, and what
        self._last_plain = (
            b""  # the end of what came before the sequence at hand, if the cursor is still there
        )
        self._unfinished = b""
        self._frame_start = 0
        self._replies = bytearray()

    @property
    def screen(self) -> Screen:
        """What it shows now.

        Raises:
            ValueError: there is no screen.
        """
        if self._screen is None:
            raise ValueError("this terminal was made without a screen")
        for special, data in self._undrawn:
            (self._screen.control if special else self._screen.write)(data)
        self._undrawn.clear()
        return self._screen

    @property
    def emulate(self) -> bool:
        """Whether there is a screen."""
        return self._screen is not None

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is on."""
        return any(self.modes.get(mode) for mode in ALTERNATE_MODES)

    def left_behind(self) -> list[str]:
        """What a program that ends now leaves other than it found it, in words; [] is as it should be."""
        found = [what for mode, what in _OFF_AT_REST.items() if self.modes.get(mode)]
        found += [what for mode, what in _ON_AT_REST.items() if not self.modes.get(mode)]
        if any(self._keyboard.values()):
            found.append("kitty's keyboard protocol")
        if self._screen is not None and not self.screen.plain:
            found.append("coloured text")
        return sorted(set(found))

    def resize(self, columns: int, rows: int) -> bytes:
        """Change the size; gives the report that mode 2048 asks for."""
        if self._screen is not None:
            self.screen.resize(columns, rows)
        self.columns, self.rows = columns, rows
        return self._size_report() if self.modes.get(2048) else b""

    def feed(self, data: bytes, now: float) -> bytes:
        """Take output of the program; gives the answers to its queries."""
        offset = self.received - len(self._unfinished)  # where `data` begins in all that was received
        self.received += len(data)
        data = self._unfinished + data
        end = _end_of_whole_sequences(data)
        self._unfinished = data[end:]
        done = 0
        for match in _SPECIAL.finditer(data, 0, end):
            self._plain(data[done : match.start()])
            done = match.end()
            self._special(match.group(), now, offset + done)
        self._plain(data[done:end])
        replies = bytes(self._replies) if self.traits.answers else b""
        self._replies.clear()
        return replies

    def _plain(self, data: bytes) -> None:
        if not data:
            return
        self._last_plain = data[-16:]
        if self._screen is not None:
            self._undrawn.append((False, data))

    def _special(self, sequence: bytes, now: float, position: int) -> None:
        if csi := _CSI.fullmatch(sequence):
            prefix, numbers, intermediate, final = csi.groups()
            kind = (prefix + intermediate + final).decode()
            parameters = [int(number or 0) for number in re.split(rb"[;:]", numbers)]
            if kind in ("?h", "?l"):
                self._set_modes(parameters, kind == "?h", sequence, now, position)
            else:
                self._csi(kind, parameters, sequence)
        elif sequence[1:2] in b"P]_":
            self._string(sequence)
        elif sequence[1:2] not in b"X^_":
            if sequence == b"\x1bc":
                self.modes = dict.fromkeys(_ON_AT_REST, True)
                self._keyboard = {False: [], True: []}
            self._draw(sequence)

    def _csi(self, kind: str, parameters: list[int], sequence: bytes) -> None:
        if kind in ("h", "l", "b"):
            self._draw(sequence)
        elif kind in ("s", "u"):
            self._draw(b"\x1b7" if kind == "s" else b"\x1b8")
        elif kind in (">u", "<u", "=u"):
            self._set_keyboard(kind[0], parameters[0])
        elif answer := self._answer(kind, parameters[0]):
            self.queries.append(sequence)
            self._replies += answer
        elif kind not in _IGNORED:
            self.unknown[sequence] += 1

    def _draw(self, sequence: bytes, moves: bool = True) -> None:
        if moves:
            self._last_plain = b""
        if self._screen is not None:
            self._undrawn.append((True, sequence))

    def _set_modes(self, modes: list[int], on: bool, sequence: bytes, now: float, position: int) -> None:
        self._draw(sequence, moves=not set(modes).isdisjoint(ALTERNATE_MODES))
        for mode in modes:
            self.modes[mode] = on
            if mode == 2026 and not on:
                self.frames.append(Frame(now, position - self._frame_start))
                self._frame_start = position
            if mode == 2048 and on:
                self._replies += self._size_report()

    def _set_keyboard(self, action: str, number: int) -> None:
        stack = self._keyboard[self.alternate]
        if action == ">":
            stack.append(number)
        elif action == "<":
            del stack[max(0, len(stack) - max(1, number)) :]
        elif stack:
            stack[-1] = number

    def _answer(self, kind: str, first: int) -> bytes:
        """What a CSI query is answered with; empty if it is none."""
        if kind == "?$p":
            return b"\x1b[?%d;%d$y" % (first, self._mode_report(first))
        if (kind, first) == ("n", 6):
            return b"\x1b[%d;%dR" % self._cursor()
        if (kind, first) == ("?n", 6):
            return b"\x1b[?%d;%d;1R" % self._cursor()
        traits, keyboard = self.traits, self._keyboard[self.alternate]
        answers = {
            ("c", 0): b"\x1b[?62;22c",  # VT220 with colours, without sixel
            (">c", 0): b"\x1b[>1;10;0c",
            ("=c", 0): b"\x1bP!|00000000\x1b\\",
            (">q", 0): b"\x1bP>|%s\x1b\\" % traits.name.encode(),
            ("n", 5): b"\x1b[0n",
            ("?n", 996): b"\x1b[?997;1n",  # a dark colour scheme
            ("?u", 0): b"\x1b[?%du" % (keyboard[-1] if keyboard else 0),
            ("t", 14): b"\x1b[4;%d;%dt" % (self.rows * traits.cell_height, self.columns * traits.cell_width),
            ("t", 16): b"\x1b[6;%d;%dt" % (traits.cell_height, traits.cell_width),
            ("t", 18): b"\x1b[8;%d;%dt" % (self.rows, self.columns),
        }
        return answers.get((kind, first), b"")

    def _mode_report(self, mode: int) -> int:
        """0 for an unknown mode, 1 for one that is set, 2 for one that is reset."""
        if mode == 5522:  # events of pastes, which only terminals with OSC 5522 have
            return 2 if self.traits.clipboard else 0
        known = mode in _OFF_AT_REST or mode in _ON_AT_REST
        if not known or (mode == 2048 and not self.traits.in_band_resize):
            return 0
        return 1 if self.modes.get(mode) else 2

    def _cursor(self) -> tuple[int, int]:
        """Row and column from 1. Right after a move they are known without drawing."""
        if move := _CURSOR_MOVE.search(self._last_plain):
            row, column = (int(number or 1) for number in move.groups())
            return min(max(row, 1), self.rows), min(max(column, 1), self.columns)
        return self.screen.cursor if self._screen is not None else (1, 1)

    def _size_report(self) -> bytes:
        height, width = self.rows * self.traits.cell_height, self.columns * self.traits.cell_width
        return b"\x1b[48;%d;%d;%d;%dt" % (self.rows, self.columns, height, width)

    def _string(self, sequence: bytes) -> None:
        """Answer a query that comes as OSC, DCS or APC; others (titles, links) show nothing."""
        if match := _COLOUR_QUERY.fullmatch(sequence):
            colour = self.traits.background if match[1] == b"11" else self.traits.foreground
            channels = "/".join(2 * colour[i : i + 2] for i in (0, 2, 4))
            answer = b"\x1b]%s;rgb:%s\x1b\\" % (match[1], channels.encode())
        elif sequence.startswith(b"\x1bP+q"):  # terminfo by name
            answer = b"\x1bP0+r\x1b\\"
        elif sequence.startswith(b"\x1bP$q"):  # settings
            answer = b"\x1bP0$r\x1b\\"
        elif self.traits.kitty and (query := _KITTY_QUERY.match(sequence)):
            answer = b"\x1b_Gi=%s;OK\x1b\\" % query[1]
        elif self.traits.clipboard and (packet := _CLIPBOARD_PACKET.fullmatch(sequence)):
            answer = self._copy(packet[1].decode(), packet[2] or b"")
            if not answer:
                return
        else:
            return
        self.queries.append(sequence)
        self._replies += answer

    def _copy(self, metadata: str, payload: bytes) -> bytes:
        """Take a packet of OSC 5522; gives the answer to the last (https://sw.kovidgoyal.net/kitty/clipboard/)."""
        fields = dict(field.partition("=")[::2] for field in metadata.split(":"))
        status = self.traits.clipboard
        data = base64.b64decode(payload, validate=True)
        if fields["type"] == "write":
            self._copying = {}
            return b""
        if self._copying is None or len(data) > 4096:
            status = "EINVAL"
        elif fields.get("mime"):
            mime = base64.b64decode(fields["mime"], validate=True).decode()
            self._copying[mime] = self._copying.get(mime, b"") + data
            return b""
        elif status == "DONE":
            self.clipboard = self._copying
        self._copying = None
        return b"\x1b]5522;type=write:status=%s\x1b\\" % status.encode()


def _end_of_whole_sequences(data: bytes) -> int:
    """Where a sequence begins whose end has yet to come, or the length of the data."""
    starts = (data.rfind(beginning) for beginning in _BEGINNINGS)
    return min(
        (start for start in starts if start >= 0 and _UNFINISHED.match(data, start)), default=len(data)
    )
