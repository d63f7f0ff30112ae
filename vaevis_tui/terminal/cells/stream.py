"""Cells anywhere on the screen as one stream of terminal output, as short as it gets.

What is written, in the order of the cells; SGR is *Select Graphic Rendition*, and all else is ECMA-48 too:

- Where a cell does not follow the one before it, the cursor moves: by ``ESC [ n C`` (CUF) within a row where
  that is shorter, else by ``ESC [ row ; column H`` (CUP).
- One SGR sequence with the colours that are not in force already, which carry over from cell to cell, also
  past moves; no colour is in force where the stream begins.
- The glyph. Halves of two colours are ``▀``, or ``▄`` with foreground and background exchanged; halves of
  one colour are a space, or ``█`` where that colour is the foreground in force already.

The stream ends with colours in force. `encode_glyphs` does the same for characters that are given, without
the choice of glyphs. Where no places are given, the cells follow one another
from where the cursor is, and nothing moves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.color.colors import ColorDepth
from vaevis_tui.terminal.color.sgr import SPACE, SgrColors

MOST_ROWS = MOST_COLUMNS = 999
"""Positions are written with three digits at most."""

Words = NDArray[np.uint32]
Positions = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns of some cells, (n,) each."""
_Mask = NDArray[np.bool_]

# Output is assembled from words of four bytes, so that a table look-up yields the digits of a number; a word
# that has fewer is filled up with NUL, and all NUL are deleted at the end by bytes.translate, which takes
# 0.2 ms for the 360 KB of an image of 128x128. Bytes 1 to 3 stand for the glyphs that take three bytes of
# UTF-8 each until the text is str: decoding ASCII is a copy, decoding UTF-8 is not (0.15 against 0.8 ms).
_NUL = b"\0"
_GLYPHS = " ▀▄█"
_FULL = 3


def _word(text: bytes) -> np.uint32:
    return np.uint32(np.frombuffer(text.ljust(4, _NUL), np.uint32)[0])


def _words(texts: list[bytes]) -> Words:
    return np.array([_word(text) for text in texts], np.uint32)


_INTRODUCER = _word(b"\x1b[")
_ROWS = _words([b"%d;" % n if n > 1 else b";" for n in range(1, MOST_ROWS + 1)])
_COLUMNS = _words([b"%dH" % n if n > 1 else b"H" for n in range(1, MOST_COLUMNS + 1)])
_FORWARD = _words([b""] + [b"%dC" % n if n > 1 else b"C" for n in range(1, MOST_COLUMNS + 1)])
_CHANNELS = _words([b";%d" % value for value in range(256)])
_SEPARATOR = _word(b";")
_END_OF_SGR = _word(b"m")
_END = _words([b" ", b"\x01", b"\x02", b"\x03", b"m ", b"m\x01", b"m\x02", b"m\x03"])
_FOREGROUND_AND_BACKGROUND = {
    ColorDepth.TRUECOLOR: (_word(b"38;2"), _word(b"48;2")),
    ColorDepth.PALETTE: (_word(b"38;5"), _word(b"48;5")),
}
_FULL_RUN = 5
"""Longest run of one colour that is drawn as █: each takes two bytes more than a space, and the SGR sequence
that spaces would need takes 10 bytes or so."""


@dataclass(frozen=True, slots=True)
class CellStream:
    """Terminal output of some cells.

    Attributes:
        text: What to write.
        size: Its length in bytes of UTF-8.
        cells: How many of the cells it holds: the first so many.
    """

    text: str
    size: int
    cells: int


def encode_cells(
    where: Positions | None,
    upper: NDArray[np.uint8],
    lower: NDArray[np.uint8],
    depth: ColorDepth,
    limit: int | None = None,
) -> CellStream:
    """Encode n cells that are ordered by row and then by column.

    Args:
        where: Rows of the screen, from 0, below `MOST_ROWS`, and columns, below `MOST_COLUMNS`, (n,) each;
            None for one cell after the other where the cursor is.
        upper: The numbers that name the colours of the upper halves, shape (channels, n): red, green and
            blue, or an entry of the palette.
        lower: Likewise of the lower halves.
        depth: How colours are named.
        limit: Bytes to stop at, or None; one cell is always taken.
    """
    count = upper.shape[1]
    if not count:
        return CellStream("", 0, 0)
    words, glyphs = _assemble(where, upper, lower, depth)
    packed = words.tobytes().translate(None, _NUL)
    size = len(packed) + 2 * int(np.count_nonzero(glyphs))
    if limit is not None and size > limit:
        count, size = _fitting(np.count_nonzero(words.view(np.uint8), axis=1) + 2 * (glyphs != 0), limit)
        packed = words[:count].tobytes().translate(None, _NUL)
    text = packed.decode("ascii")
    for byte, glyph in enumerate(_GLYPHS[1:], 1):
        text = text.replace(chr(byte), glyph)
    return CellStream(text, size, count)


def encode_glyphs(
    where: Positions | None,
    glyphs: Words,
    foreground: NDArray[np.uint8],
    background: NDArray[np.uint8],
    colors: SgrColors,
    limit: int | None = None,
) -> CellStream:
    """Encode n cells that are ordered by row and then by column, each with a character of its own.

    Args:
        where: As for `encode_cells`.
        glyphs: What each cell holds, UTF-8 as `sgr.word`, (n,); `sgr.SPACE` shows no foreground.
        foreground: The numbers that name the foregrounds, shape (channels, n).
        background: Likewise of the backgrounds.
        colors: How they are named.
        limit: Bytes to stop at, or None; one cell is always taken.
    """
    count = len(glyphs)
    if not count:
        return CellStream("", 0, 0)
    channels = len(foreground)
    new_fg = _is_new(_packed(foreground), glyphs != SPACE)
    new_bg = _is_new(_packed(background), np.ones(count, np.bool_))
    new_any = new_fg | new_bg
    # A cell: move (3 words) | ESC[ | 38;2 | ;R | ;G | ;B | ; | 48;2 | ;R | ;G | ;B | m | glyph
    words = np.empty((count, 9 + 2 * channels), np.uint32)
    words[:, 0], words[:, 1], words[:, 2] = _moves(where)
    words[:, 3] = new_any * _INTRODUCER
    words[:, 4] = new_fg * colors.foreground
    words[:, 5 + channels] = (new_fg & new_bg) * _SEPARATOR
    words[:, 6 + channels] = new_bg * colors.background
    for channel in range(channels):
        words[:, 5 + channel] = colors.foreground_numbers[foreground[channel]] * new_fg
        words[:, 7 + channels + channel] = colors.background_numbers[background[channel]] * new_bg
    words[:, -2] = new_any * _END_OF_SGR
    words[:, -1] = glyphs
    packed = words.tobytes().translate(None, _NUL)
    size = len(packed)
    if limit is not None and size > limit:
        count, size = _fitting(np.count_nonzero(words.view(np.uint8), axis=1), limit)
        packed = words[:count].tobytes().translate(None, _NUL)
    return CellStream(packed.decode(), size, count)


def _fitting(sizes: NDArray[np.intp], limit: int) -> tuple[int, int]:
    """How many cells of these sizes fit into so many bytes, at least one, and their size."""
    sums = np.cumsum(sizes)
    count = max(1, int(np.searchsorted(sums, limit, side="right")))
    return count, int(sums[count - 1])


def _assemble(
    where: Positions | None,
    upper: NDArray[np.uint8],
    lower: NDArray[np.uint8],
    depth: ColorDepth,
) -> tuple[Words, NDArray[np.intp]]:
    """The words of each cell, (n, 8 + 2 channels), and which of `_GLYPHS` it is."""
    channels, count = upper.shape
    top, bottom = _packed(upper), _packed(lower)
    glyphs, swapped = _choose_glyphs(top, bottom)
    foreground, background = np.where(swapped, bottom, top), np.where(swapped, top, bottom)
    new_fg = _is_new(foreground, glyphs != 0)
    new_bg = _is_new(background, glyphs != _FULL)
    new_any = new_fg | new_bg
    fg_word, bg_word = _FOREGROUND_AND_BACKGROUND[depth]
    # A cell: move (3 words) | ESC[ | 38;2 | ;R | ;G | ;B | ; | 48;2 | ;R | ;G | ;B | m▀
    words = np.empty((count, 8 + 2 * channels), np.uint32)
    words[:, 0], words[:, 1], words[:, 2] = _moves(where)
    words[:, 3] = new_any * _INTRODUCER
    words[:, 4] = new_fg * fg_word
    words[:, 5 + channels] = (new_fg & new_bg) * _SEPARATOR
    words[:, 6 + channels] = new_bg * bg_word
    for channel in range(channels):
        shift = np.uint32(8 * channel)
        words[:, 5 + channel] = _CHANNELS[(foreground >> shift) & 0xFF] * new_fg
        words[:, 7 + channels + channel] = _CHANNELS[(background >> shift) & 0xFF] * new_bg
    words[:, -1] = _END[glyphs + 4 * new_any]
    return words, glyphs


def _packed(codes: NDArray[np.uint8]) -> Words:
    """One number a colour, (channels, n) to (n,)."""
    packed: Words = codes[0].astype(np.uint32)
    for channel in range(1, len(codes)):
        packed |= codes[channel].astype(np.uint32) << np.uint32(8 * channel)
    return packed


def _moves(where: Positions | None) -> tuple[Words | int, Words | int, Words | int]:
    """The words that bring the cursor from each cell's right neighbour to the next cell."""
    if where is None:
        return 0, 0, 0
    rows, columns = where
    jump = np.ones(len(rows), np.bool_)
    skipped = np.zeros(len(rows), np.intp)
    same_row = rows[1:] == rows[:-1]
    skipped[1:] = (columns[1:] - columns[:-1] - 1) * same_row
    jump[1:] = ~same_row
    moved = jump | (skipped > 0)
    # CUP takes both numbers, so CUF is never longer.
    to_row = _ROWS[rows] * jump
    to_column = np.where(jump, _COLUMNS[columns], _FORWARD[skipped])
    return moved * _INTRODUCER, to_row, to_column


def _choose_glyphs(top: Words, bottom: Words) -> tuple[NDArray[np.intp], _Mask]:
    """A glyph for each cell, and whether its foreground is the lower half.

    Between two cells of two colours it costs the same to keep or to exchange foreground and background
    whichever way round the first one is, so the better choice is made for all cells at once, and summed up.
    A cell of one colour, drawn as a space, leaves that colour in the background: the next one begins anew.
    """
    flat = top == bottom
    after_split = np.zeros(len(top), np.bool_)
    after_split[1:] = ~flat[:-1]
    keeps, swaps, meets = (np.zeros(len(top), np.int8) for _ in range(3))
    keeps[1:] = (top[1:] == top[:-1]).view(np.int8) + (bottom[1:] == bottom[:-1]).view(np.int8)
    swaps[1:] = (bottom[1:] == top[:-1]).view(np.int8) + (top[1:] == bottom[:-1]).view(np.int8)
    meets[1:] = top[1:] == bottom[:-1]
    turned = np.where(after_split, swaps > keeps, meets > 0) & ~flat
    begins = ~(after_split | flat)
    begins[0] = True
    turns = np.cumsum(turned)
    since = np.maximum.accumulate(np.where(begins, np.arange(len(top)), 0))
    swapped = ((turns - turns[since] + turned[since]) & 1).astype(np.bool_) & ~flat
    glyphs = np.where(flat, 0, 1 + swapped)
    if flat.any():
        glyphs[_cheaper_full(top, bottom, flat, swapped)] = _FULL
    return glyphs, swapped


def _cheaper_full(top: Words, bottom: Words, flat: _Mask, swapped: _Mask) -> _Mask:
    """Which cells of one colour find it in the foreground, and not in the background, of the cell before."""
    heads = np.ones(len(top), np.bool_)
    heads[1:] = ~flat[1:] | ~flat[:-1] | (top[1:] != top[:-1])
    meets = np.zeros(len(top), np.bool_)
    meets[1:] = np.where(swapped[:-1], bottom[:-1], top[:-1]) == top[1:]
    meets[1:] &= ~flat[:-1] & flat[1:]
    starts = np.flatnonzero(heads)
    lengths = np.diff(starts, append=len(top))
    full: _Mask = np.repeat(meets[starts] & (lengths <= _FULL_RUN), lengths)
    return full


def _is_new(colors: Words, needed: _Mask) -> _Mask:
    """Where a colour that is needed is not the one last needed."""
    new = needed.copy()
    last = np.maximum.accumulate(np.where(needed, np.arange(len(colors)), -1))[:-1]
    new[1:] &= (last < 0) | (colors[np.maximum(last, 0)] != colors[1:])
    return new
