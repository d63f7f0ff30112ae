"""Images as half-block characters: two pixels, one above the other, in every cell.

A row is written as follows; SGR is *Select Graphic Rendition* (ECMA-48, 8.3.117; colours: ISO 8613-6):

- A cell whose halves differ is ``▀`` (U+2580), the upper pixel being foreground and the lower one background.
- A cell whose halves are the same is a space, that pixel being background; the foreground stays what it was.
- Before a cell stands one SGR sequence with the colours that are not in force already: ``ESC [ 38;2;R;G;B m``
  for the foreground, ``ESC [ 48;2;R;G;B m`` for the background, ``ESC [ 38;2;R;G;B;48;2;R;G;B m`` for both,
  nothing for none. With 256 colours ``38;5;N`` and ``48;5;N`` stand in their place.
- Numbers have no leading zeros. No colour is in force where a row begins, and a row ends with ``ESC [ 0 m``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.palette import nearest, palette, to_grey
from vaevis_tui.terminal.encoder import RGB, EncodedPicture, Pixels

UPPER_HALF = "▀"

_Mask = NDArray[np.bool_]
_Words = NDArray[np.uint32]

# Output is assembled from words of four bytes, so that a table look-up yields the digits of a number; a word
# that has fewer is filled up with NUL, and all NUL are deleted at the end by bytes.translate, which takes
# 0.2 ms for the 360 KB of a 128x128 picture. One byte stands for ▀ until rows have become str: decoding ASCII
# is a copy, decoding UTF-8 is not (0.15 against 0.8 ms).
_NUL = b"\0"
_UPPER_HALF_BYTE = b"\x01"


def _word(text: bytes) -> np.uint32:
    return np.uint32(np.frombuffer(text.ljust(4, _NUL), np.uint32)[0])


_INTRODUCER = _word(b"\x1b[")
_NUMBERS = np.array([_word(b";%d" % value) for value in range(256)], np.uint32)
_SEPARATOR = _word(b";")
_GLYPHS = np.array([_word(sgr_end + glyph) for sgr_end in (b"", b"m") for glyph in (b" ", _UPPER_HALF_BYTE)])
_RESET = _word(b"\x1b[0m")
_END_OF_ROW = _word(b"\n")
_FOREGROUND_AND_BACKGROUND = {
    ColorDepth.TRUECOLOR: (_word(b"38;2"), _word(b"48;2")),
    ColorDepth.PALETTE: (_word(b"38;5"), _word(b"48;5")),
}


class HalfBlockEncoder:
    """Encodes pictures as half-blocks; see the module for the exact bytes.

    Args:
        mode: The colours to draw in, of 24 or 8 bits; truecolor if None. Sixteen are dithered to, which
            `vaevis_tui.terminal.cells.styles` does.
    """

    def __init__(self, mode: ColorMode | None = None) -> None:
        self.mode = mode or ColorMode()

    def encode(self, pixels: Pixels, background: RGB = (0, 0, 0)) -> EncodedPicture:
        """Encode pixels, uint8 (h, w, 3); where h is odd the last lower half is ``background``.

        Raises:
            ValueError: The pixels have another shape or type, or there are none.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
            raise ValueError(f"pixels must be uint8 (h, w, 3), not {pixels.dtype} {pixels.shape}")
        if len(pixels) % 2:
            pixels = np.concatenate((pixels, np.full((1, *pixels.shape[1:]), background, np.uint8)))
        codes, shown = quantized(pixels, self.mode)
        rows, sizes = half_rows(codes, self.mode.depth)
        return EncodedPicture(rows, pixels.shape[1], halves(shown), sizes)


def quantized(pixels: Pixels, mode: ColorMode) -> tuple[NDArray[np.uint8], Pixels]:
    """The numbers that name the colour of each pixel, uint8 (h, w, c), and what is shown, uint8 (h, w, 3)."""
    if mode.grey:
        pixels = to_grey(pixels)
    if mode.depth is ColorDepth.PALETTE:
        entries = nearest(pixels)
        return entries[..., None], palette()[entries]
    return pixels, pixels


def halves(shown: Pixels) -> NDArray[np.uint8]:
    """Pixels, (2 rows, columns, 3), by cells: uint8 (rows, columns, 2, 3), the upper half first."""
    height, width, _ = shown.shape
    return shown.reshape(height // 2, 2, width, 3).swapaxes(1, 2)


def half_rows(codes: NDArray[np.uint8], depth: ColorDepth) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The rows as strings, and the length of each in bytes of UTF-8.

    Args:
        codes: The numbers that name each pixel's colour, (h, w, c), h even.
        depth: How they name it.
    """
    foreground, background = _FOREGROUND_AND_BACKGROUND[depth]
    height, width, channels = codes.shape
    split, new_fg, new_bg = _changes(codes)
    new_any = new_fg | new_bg
    # The words of a cell: ESC [ | 38;2 | ;R | ;G | ;B | ; | 48;2 | ;R | ;G | ;B | m▀. A row has two more.
    size = 2 * channels + 5
    words = np.empty((height // 2, width * size + 2), np.uint32)
    words[:, -2:] = _RESET, _END_OF_ROW
    cells = np.lib.stride_tricks.as_strided(
        words, (height // 2, width, size), (words.strides[0], size * words.itemsize, words.itemsize)
    )
    cells[..., 0] = new_any * _INTRODUCER
    cells[..., 1] = new_fg * foreground
    cells[..., 2 + channels] = (new_fg & new_bg) * _SEPARATOR
    cells[..., 3 + channels] = new_bg * background
    for channel in range(channels):  # by channel: NumPy is slow where the innermost axis is short
        cells[..., 2 + channel] = _NUMBERS[codes[0::2, :, channel]] * new_fg
        cells[..., 4 + channels + channel] = _NUMBERS[codes[1::2, :, channel]] * new_bg
    cells[..., -1] = _GLYPHS[split + np.uint8(2) * new_any]
    packed = words.tobytes().translate(None, _NUL).split(b"\n")[:-1]
    placeholder = _UPPER_HALF_BYTE.decode()
    rows = tuple(row.decode("ascii").replace(placeholder, UPPER_HALF) for row in packed)
    more = 2 * split.sum(axis=1)  # ▀ takes three bytes where one stands for it
    return rows, tuple(len(row) + extra for row, extra in zip(packed, more.tolist(), strict=True))


def _changes(codes: NDArray[np.uint8]) -> tuple[_Mask, _Mask, _Mask]:
    """Which cells hold two colours, which set a foreground and which a background, (h / 2, w) each."""
    colors = _packed(codes)
    upper, lower = colors[0::2], colors[1::2]
    split = upper != lower
    new_bg = np.ones(split.shape, np.bool_)
    new_bg[:, 1:] = lower[:, 1:] != lower[:, :-1]
    # The foreground in force is that of the last cell to the left that had two colours.
    last_split = np.maximum.accumulate(np.where(split, np.arange(split.shape[1]), -1), axis=1)[:, :-1]
    in_force = np.take_along_axis(upper, np.maximum(last_split, 0), axis=1)
    new_fg = split.copy()
    new_fg[:, 1:] &= (last_split < 0) | (in_force != upper[:, 1:])
    return split, new_fg, new_bg


def _packed(codes: NDArray[np.uint8]) -> _Words:
    """One number a colour, (h, w, c) to (h, w), for c up to 4."""
    height, width, channels = codes.shape
    padded = np.zeros((height, width, 4), np.uint8)
    for channel in range(channels):
        padded[..., channel] = codes[..., channel]
    return padded.view(np.uint32)[..., 0]
