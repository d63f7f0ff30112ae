"""What a terminal is asked and what it answers, one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
    CLIPBOARD = "image clipboard"
    CLIPBOARD_WRITTEN = "image copied"
    ATTRIBUTES = "DA1"
    FOREIGN = "a question that is not ours"


@dataclass(frozen=True, slots=True)
class Query:
    """A question, and how its answer is told from keys.

    Attributes:
        sent: What is written.
        strings: What answers begin with that are strings (DCS, OSC, APC), ended by ST or BEL.
        control: Of an answer that is a control sequence: what stands after CSI, what stands before the final
            byte, and that.
        first: The number that this answer begins with, where others have the same form; it is no part of what
            the answer says.
    """

    sent: bytes
    strings: tuple[bytes, ...] = ()
    control: tuple[bytes, bytes, bytes] | None = None
    first: str = ""


Queries = Mapping[str, Query]
"""By what their answers are called, a `ReplyKind` or the word of a protocol."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a terminal answered.

    Attributes:
        kind: What it answers.
        text: What it says: a name and version, a message, or numbers separated by semicolons.
        raw: The bytes.
    """

    kind: str
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
