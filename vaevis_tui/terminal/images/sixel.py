r"""Images as sixels: columns of six dots, colour by colour (DEC STD 070, VT330/340 Programmer Reference).

The output is one device control string::

    ESC P 0;1;0 q " 1;1;W;H  #c;2;R;G;B ...  band - band - ... band  ESC \

P2 = 1 leaves dots alone that are not set, so nothing is cleared beforehand; the raster attributes
``"1;1;W;H`` give square dots and the size, so that the terminal makes room once. Colour registers that the
image uses are defined in percent (``2`` is RGB). A band is six rows of dots: for each colour in it ``#c``
and one character a column, ``?`` + bits, the least significant bit uppermost; ``$`` goes back to the left for
the next colour. Runs of four characters or more are written ``!n`` and the character once; what follows the
last dot of a colour is left out.

Images in grey get the 101 greys that the scale has. Others get a palette of their own where there are
registers enough: an octree finds one in 0.2 ms, off by 4 of 255 for faces of dogs and 12 for grain (root of
the mean square), where dithering is off by 20. Where registers are few, the palette is a fixed colour cube
with ordered dithering, so that nothing flickers from frame to frame. The image is scaled by repetition
here, which costs little, as each of its rows is looked at once or twice only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaevis_tui.terminal.color.dither import Levels
from vaevis_tui.terminal.color.xterm_palette import to_grey
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.renderer import At, PixelRenderer, PixelSurface, move_to
from vaevis_tui.terminal.pixels import Pixels, checked
from vaevis_tui.terminal.placement import Placement, fit_pixels
from vaevis_tui.terminal.quality import Quality
from vaevis_tui.terminal.surface import Mask, Update

_BAND = 6
"""Rows of dots in a band."""

_COLORS_FROM = 8
"""Registers that the smallest cube takes."""

_IMAGE_PALETTE_FROM = 64
"""Registers from which on a palette of the image's own beats dithering to a cube."""

_BITS = 6
_COLUMN_BITS = 14
_COLOR_BITS = 8
MOST_DOTS = 1 << _COLUMN_BITS
"""Dots along a side at most; terminals may take fewer, xterm 1000 by default (maxGraphicSize)."""

_NUL = b"\0"


@dataclass(frozen=True, slots=True)
class SixelImage:
    """An image as sixels.

    Attributes:
        output: What draws it, its upper left corner where the cursor is. Where that is left differs among
            terminals (mode 8452): save and restore the cursor around the output.
        shown: What is shown, at the size that was given, uint8 (h, w, 3).
    """

    output: str
    shown: Pixels


@dataclass(frozen=True, slots=True)
class _Palette:
    """Colours to choose from.

    Attributes:
        percent: Red, green and blue of each register, 0 to 100, (n, 3).
        levels: How many there are of red, green and blue in a cube; () for other colours.
    """

    percent: NDArray[np.int64]
    levels: tuple[int, ...]

    @property
    def colors(self) -> Pixels:
        """The registers as terminals show them, uint8 (n, 3)."""
        return _of_percent(self.percent)


class SixelEncoder:
    """Encodes images as sixels; see the module.

    Args:
        registers: How many colours the terminal has; XTSMGRAPHICS tells, a VT340 has 16. More than 256 are
            not used; fewer than 8 make all images grey.

    Raises:
        ValueError: There are fewer than 2 registers.
    """

    def __init__(self, registers: int = 256) -> None:
        if registers < 2:
            raise ValueError(f"sixels need at least 2 colour registers, not {registers}")
        self.registers = min(256, registers)

    def encode(self, pixels: Pixels, dots: tuple[int, int] | None = None) -> SixelImage:
        """Encode pixels, each shown as one dot or more.

        Args:
            pixels: uint8 (h, w, 3).
            dots: Height and width to fill, at least as many as there are pixels; None for one dot each. Where
                they are no multiple, some pixels are shown a dot larger than others.

        Raises:
            ValueError: The pixels have another shape or type, there are none, or there are too many dots or
                too few.
        """
        height, width, _ = checked(pixels).shape
        tall, wide = dots or (height, width)
        if tall < height or wide < width or max(tall, wide) > MOST_DOTS:
            raise ValueError(
                f"cannot show {width}x{height} pixels as {wide}x{tall} dots: as many at least, "
                f"and {MOST_DOTS} a side at most"
            )
        palette, registers = _choose_palette(pixels, self.registers)
        used = np.unique(registers)
        defined = zip(used.tolist(), palette.percent[used].tolist(), strict=True)
        definitions = "".join(f"#{n};2;{r};{g};{b}" for n, (r, g, b) in defined)
        header = f'\x1bP0;1;0q"1;1;{wide};{tall}{definitions}'
        return SixelImage(header + _bands(registers, tall, wide) + "\x1b\\", palette.colors[registers])


def _of_percent(percent: NDArray[np.int64]) -> Pixels:
    return ((percent * 255 + 50) // 100).astype(np.uint8)


def _choose_palette(pixels: Pixels, registers: int) -> tuple[_Palette, NDArray[np.uint8]]:
    """Choose a palette; returns it, and the register of each pixel, uint8 (h, w)."""
    if registers < _COLORS_FROM:
        pixels = to_grey(pixels)
    red, green, blue = (pixels[..., channel] for channel in range(3))
    if (red == green).all() and (green == blue).all():
        count = min(101, registers)
        palette = _greys(count)
        if count == 101:
            return palette, ((red.astype(np.uint16) * 100 + 127) // 255).astype(np.uint8)
        return palette, _channel_levels(count).dithered(red)
    if registers >= _IMAGE_PALETTE_FROM:
        return _image_palette(pixels, registers)
    palette = _cube(registers)
    r, g, b = (
        _channel_levels(n).dithered(c) for n, c in zip(palette.levels, (red, green, blue), strict=True)
    )
    _, greens, blues = palette.levels
    return palette, (r * np.uint8(greens) + g) * np.uint8(blues) + b


def _image_palette(pixels: Pixels, registers: int) -> tuple[_Palette, NDArray[np.uint8]]:
    """A palette of the image's own: its colours if they are few enough, else an octree's."""
    image = Image.fromarray(pixels)
    if image.getcolors(registers) is not None:
        colors, found = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
        numbers = found.reshape(pixels.shape[:2]).astype(np.uint8)
    else:
        quantized = image.quantize(registers, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        colors = np.array(quantized.getpalette(), np.uint8).reshape(-1, 3)
        numbers = np.asarray(quantized)
    return _Palette((colors.astype(np.int64) * 100 + 127) // 255, ()), numbers


@lru_cache(maxsize=4)
def _greys(count: int) -> _Palette:
    return _Palette(_percent(count)[:, None].repeat(3, axis=1), ())


@lru_cache(maxsize=4)
def _cube(registers: int) -> _Palette:
    """The finest colour cube for the registers; green, which the eye sees best, has most levels."""
    red = green = blue = 1
    while True:
        if red * (green + 1) * blue <= registers and green <= min(red, blue):
            green += 1
        elif (red + 1) * green * blue <= registers and red <= blue:
            red += 1
        elif red * green * (blue + 1) <= registers and blue < red:
            blue += 1
        else:
            break
    grid = np.meshgrid(_percent(red), _percent(green), _percent(blue), indexing="ij")
    return _Palette(np.stack(grid, axis=-1).reshape(-1, 3), (red, green, blue))


def _percent(count: int) -> NDArray[np.int64]:
    """Evenly spaced levels from 0 to 100; a single one is in the middle."""
    return np.rint(np.linspace(0, 100, count)).astype(np.int64) if count > 1 else np.array([50])


@lru_cache(maxsize=8)
def _channel_levels(count: int) -> Levels:
    return Levels(_of_percent(_percent(count)).astype(np.int64))


def _bands(registers: NDArray[np.uint8], tall: int, wide: int) -> str:
    """All bands of an image, (h, w), scaled to tall x wide dots.

    Every pixel of a row in a band becomes a number: band, colour, column, and the bits that the row fills.
    Once these are sorted, equal neighbours are runs.
    """
    height, width = registers.shape
    row, bits, band = _rows_in_bands(height, tall)
    keys = band[:, None] << _COLOR_BITS | registers[row]
    keys = keys << _COLUMN_BITS | np.arange(width)
    sorted_keys = np.sort((keys << _BITS | bits[:, None]).ravel())
    column, value = _merged(sorted_keys)
    return _runs(column, value, np.arange(width + 1) * wide // width)


@lru_cache(maxsize=8)
def _rows_in_bands(height: int, tall: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which rows of an image lie in which bands: row, bits that it fills, band, each (n,)."""
    dots = np.arange(tall)
    rows = np.repeat(np.arange(height), np.diff(np.arange(height + 1) * tall // height))
    first = np.flatnonzero(np.diff(dots // _BAND * height + rows, prepend=-1))
    bits = np.add.reduceat(1 << dots % _BAND, first)
    return rows[first], bits, dots[first] // _BAND


def _merged(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Combine the bits of equal band, colour and column: ascending places, and the bits at each."""
    place = keys >> _BITS
    first = np.flatnonzero(np.diff(place, prepend=-1))
    return place[first], np.add.reduceat(keys & (1 << _BITS) - 1, first)


def _runs(place: NDArray[np.int64], bits: NDArray[np.int64], edges: NDArray[np.int64]) -> str:
    """Encode runs of equal bits as text; edges are the dots at which columns begin, and the last ends."""
    line = place >> _COLUMN_BITS  # band and colour
    new_line = np.diff(line, prepend=-1) != 0
    first = np.flatnonzero(new_line | (np.diff(place, prepend=-2) != 1) | (np.diff(bits, prepend=-1) != 0))
    columns = np.diff(first, append=len(place))
    new_line, line, column = new_line[first], line[first], place[first] & MOST_DOTS - 1
    begin, end = edges[column], edges[column + columns]
    gap, length = begin.copy(), end - begin
    gap[1:] -= np.where(new_line[1:], 0, end[:-1])
    color = line & (1 << _COLOR_BITS) - 1
    new_band = np.diff(line >> _COLOR_BITS, prepend=0)
    # Three words a run: $ or - and #c, the gap before it, the run; NUL fills words up and goes at the end.
    words = np.empty((len(first), 3), "<u8")
    words[:, 0] = _selections()[new_band, color] * new_line
    words[0, 0] >>= np.uint64(8)  # nothing to go back from
    counts, characters = _repetitions(int(edges[-1]))
    words[:, 1] = counts[gap] + characters[gap] * np.uint64(ord("?"))
    words[:, 2] = counts[length] + characters[length] * (ord("?") + bits[first]).astype(np.uint64)
    return words.tobytes().translate(None, _NUL).decode("ascii")


def _word(text: bytes) -> int:
    return int.from_bytes(text, "little")


@lru_cache(maxsize=1)
def _selections() -> NDArray[np.uint64]:
    """``$#c`` and ``-#c`` for all colours, (2, 256), up to five bytes in a word each."""
    words = [[_word(b"%c#%d" % (back, color)) for color in range(1 << _COLOR_BITS)] for back in b"$-"]
    return np.array(words, np.uint64)


@lru_cache(maxsize=8)
def _repetitions(longest: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """For runs of 0 to ``longest`` dots: what stands before the character, and what to multiply it by.

    Up to three characters are written out, ``cc`` being ``0x0101 * c``; others are ``!n`` and, shifted beyond
    that, the character.
    """
    counts = np.zeros(longest + 1, np.uint64)
    characters = np.zeros(longest + 1, np.uint64)
    for n in range(1, longest + 1):
        count = b"" if n <= 3 else b"!%d" % n
        counts[n] = _word(count)
        characters[n] = _word(b"\1" * n) if n <= 3 else 1 << 8 * len(count)
    return counts, characters


_COARSE_REGISTERS = 64
"""Colours of a sixel image that is not exact: a fifth fewer bytes than 256 take."""

_MOST_DOTS = (1000, 1000)
"""Height and width that a sixel image may have where the terminal does not tell: as xterm has it."""


class SixelSurface(PixelSurface):
    """An image in sixels."""

    def __init__(self, place: Placement, registers: int) -> None:
        super().__init__(place)
        self._exact = SixelEncoder(registers)
        self._coarse = SixelEncoder(min(registers, _COARSE_REGISTERS))

    def _update(self, pixels: Pixels, changed: Mask, at: At, limit: int | None, quality: Quality) -> Update:
        height, width, _ = pixels.shape
        block = quality.block
        if height % block or width % block:
            block = 1
        # Block by block: dithering would make pixels of a block differ.
        encoder = self._coarse if quality.tolerance else self._exact
        sixels = encoder.encode(pixels[::block, ::block], self._place.dots)
        return self._whole(move_to(at) + sixels.output, pixels, at)


@dataclass(frozen=True)
class Sixels(PixelRenderer):
    """Sixels, which fill the window as far as the terminal takes them."""

    graphics = Graphics.SIXEL

    def most(self, columns: int, rows: int) -> tuple[int, int]:
        """As for any renderer."""
        (height, width), (most_height, most_width) = self.cell, self._limit
        return max(min(columns, most_width // width), 1), max(min(rows, most_height // height), 1)

    def place(self, height: int, width: int, columns: int, rows: int) -> Placement:
        """As for any renderer."""
        return fit_pixels(height, width, columns, rows, self.cell, self._limit)

    @property
    def _limit(self) -> tuple[int, int]:
        return self.support.sixel_size or _MOST_DOTS

    def _surface(self, place: Placement, image_id: int) -> PixelSurface:
        return SixelSurface(place, self.support.sixel_registers)
