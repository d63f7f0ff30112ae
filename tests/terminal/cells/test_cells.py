from __future__ import annotations

import random
import unicodedata
from itertools import product

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from vaevis_tui.terminal.cells.ascii import RAMP, characters
from vaevis_tui.terminal.cells.glyphs import ALL, BRAILLE, HALVES, OCTANTS, QUADRANTS, SEXTANTS, Glyphs
from vaevis_tui.terminal.cells.patterns import GlyphCells, glyph_cells, split
from vaevis_tui.terminal.cells.stream import encode_glyphs
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.dither import Levels, bayer
from vaevis_tui.terminal.color.sgr import SIXTEEN, SgrColors, sgr_colors, sixteen_colors
from vaevis_tui.terminal.color.xterm_palette import palette, to_grey

TRUECOLOR = sgr_colors(ColorMode())
PALETTE = sgr_colors(ColorMode(ColorDepth.PALETTE))
PALETTE_GREYS = sgr_colors(ColorMode(ColorDepth.PALETTE, grey=True))
COLORS = [
    TRUECOLOR,
    sgr_colors(ColorMode(grey=True)),
    PALETTE,
    PALETTE_GREYS,
    sixteen_colors(),
    sixteen_colors(True),
]
COLOR_IDS = ["truecolor", "grey", "256", "256 grey", "16", "16 grey"]

RED, GREEN, BLUE, BLACK, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255)
RESET = "\x1b[0m"


def pixels(*rows: list[tuple[int, int, int]]) -> NDArray[np.uint8]:
    return np.array(rows, np.uint8)


def lines(cells: GlyphCells) -> list[str]:
    """The rows of an image as they are written where the cursor is."""
    rows = zip(cells.words, cells.foreground, cells.background, strict=True)
    return [encode_glyphs(None, row, fg.T, bg.T, cells.colors).text + RESET for row, fg, bg in rows]


def photo(height: int = 48, width: int = 48) -> NDArray[np.uint8]:
    """Smooth shapes and noise."""
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([np.sin(x / 9 + y / 17), np.cos(y / 7), np.sin(x * y / 700)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 12, smooth.shape)
    return np.clip(128 + 100 * smooth + noise, 0, 255).astype(np.uint8)


# Glyphs


def drawn(character: str) -> set[tuple[int, int]] | None:
    """Which eighths of a cell, (row, column) of 4x2, a character fills, by its name in Unicode."""
    name = unicodedata.name(character)
    if name == "SPACE":
        return set()
    if name.startswith("BRAILLE"):
        places = {c: (i % 3, i // 3) for i, c in enumerate("123456")} | {"7": (3, 0), "8": (3, 1)}
        return {places[dot] for dot in name.split("-")[1]}
    shape = name.removeprefix("QUADRANT ").removesuffix(" BLOCK")
    whole = {"UPPER HALF", "LOWER HALF", "LEFT HALF", "RIGHT HALF", "FULL"}
    parts = [shape] if shape in whole else shape.split(" AND ")
    cells = set(product(range(4), range(2)))
    return {
        (y, x)
        for y, x in cells
        if any(
            ("UPPER" not in part or y < 2)
            and ("LOWER" not in part or y > 1)
            and ("LEFT" not in part or x == 0)
            and ("RIGHT" not in part or x == 1)
            for part in parts
        )
    }


@pytest.mark.parametrize("glyphs", [HALVES, QUADRANTS, BRAILLE], ids=lambda glyphs: glyphs.name)
def test_characters_draw_their_patterns(glyphs: Glyphs) -> None:
    tall, wide = 4 // glyphs.rows, 2 // glyphs.columns
    for pattern, character in enumerate(glyphs.characters):
        filled = {
            (y, x)
            for y, x in product(range(4), range(2))
            if pattern >> (y // tall * glyphs.columns + x // wide) & 1
        }
        assert drawn(character) == filled, f"{pattern:b} {character}"


def test_sextants_are_numbered_by_their_names() -> None:
    named = {}
    for pattern, character in enumerate(SEXTANTS.characters):
        kind, _, places = unicodedata.name(character).partition("-")
        if kind == "BLOCK SEXTANT":
            named[pattern] = sum(1 << int(place) - 1 for place in places)
    assert len(named) == 60
    assert all(pattern == by_name for pattern, by_name in named.items())


# From UnicodeData.txt of Unicode 16: BLOCK OCTANT-3, -23, -123 ... -2345678, and other blocks' characters.
@pytest.mark.parametrize(
    ("places", "code"),
    [
        ("3", 0x1CD00),
        ("23", 0x1CD01),
        ("123", 0x1CD02),
        ("4", 0x1CD03),
        ("14", 0x1CD04),
        ("5", 0x1CD09),
        ("1235", 0x1CD0F),
        ("2345", 0x1CD16),
        ("2345678", 0x1CDE5),
        ("1", 0x1CEA8),
        ("2", 0x1CEAB),
        ("7", 0x1CEA3),
        ("8", 0x1CEA0),
        ("12", 0x1FB82),
        ("123456", 0x1FB85),
        ("78", 0x2582),
        ("345678", 0x2586),
        ("35", 0x1FBE6),
        ("46", 0x1FBE7),
        ("1234", 0x2580),
        ("1357", 0x258C),
        ("2468", 0x2590),
        ("13", 0x2598),
        ("68", 0x2597),
        ("", 0x20),
        ("12345678", 0x2588),
    ],
)
def test_octants_are_those_of_unicode_16(places: str, code: int) -> None:
    assert ord(OCTANTS.characters[sum(1 << int(place) - 1 for place in places)]) == code


@pytest.mark.parametrize("glyphs", ALL.values(), ids=ALL.keys())
def test_no_two_patterns_look_the_same(glyphs: Glyphs) -> None:
    assert len(set(glyphs.characters)) == len(glyphs.characters)


def test_a_set_of_characters_that_lacks_some_is_refused() -> None:
    with pytest.raises(ValueError, match="half: 3 characters for 4 patterns"):
        Glyphs("half", 1, 2, " ▀▄")


# Division of a cell


def error_of(cell: NDArray[np.float64], pattern: int) -> float:
    """Squared error if the pixels of a cell, (k, 3), are divided so."""
    member = np.array([pattern >> i & 1 for i in range(len(cell))], bool)
    groups = [group for group in (cell[member], cell[~member]) if len(group)]
    return float(sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups))


@given(st.sampled_from([2, 4, 6, 8]).flatmap(lambda k: arrays(np.uint8, (k, 3))))
@settings(max_examples=40, deadline=None)
def test_no_division_has_less_error(cell: NDArray[np.uint8]) -> None:
    pattern, means = split(cell.T[..., None].astype(np.float32))

    exact = cell.astype(float)
    least = min(error_of(exact, other) for other in range(2 ** (len(cell) - 1)))
    assert error_of(exact, int(pattern[0])) <= least + 0.5
    assert means[0, 0].astype(int).sum() >= means[1, 0].astype(int).sum() - 2, "the brighter is foreground"


# Bytes


@pytest.mark.parametrize(
    ("glyphs", "colors", "picture", "row"),
    [
        pytest.param(
            QUADRANTS,
            TRUECOLOR,
            pixels([RED, BLACK], [BLACK, BLACK]),
            "\x1b[38;2;255;0;0;48;2;0;0;0m▘" + RESET,
            id="two colours",
        ),
        pytest.param(
            QUADRANTS,
            TRUECOLOR,
            pixels([RED, RED], [RED, RED]),
            "\x1b[48;2;255;0;0m " + RESET,
            id="one colour",
        ),
        pytest.param(
            QUADRANTS,
            TRUECOLOR,
            pixels([RED, BLACK, BLACK, BLACK, BLACK, RED], [BLACK, BLACK, BLACK, BLACK, RED, BLACK]),
            "\x1b[38;2;255;0;0;48;2;0;0;0m▘ ▞" + RESET,
            id="nothing again while nothing changes",
        ),
        pytest.param(
            QUADRANTS,
            TRUECOLOR,
            pixels([RED, BLACK, BLUE, BLACK], [BLACK, BLACK, BLACK, BLACK]),
            "\x1b[38;2;255;0;0;48;2;0;0;0m▘\x1b[38;2;0;0;255m▘" + RESET,
            id="foreground alone",
        ),
        pytest.param(
            SEXTANTS,
            TRUECOLOR,
            pixels([WHITE, BLACK], [BLACK, BLACK], [BLACK, WHITE]),
            "\x1b[38;2;255;255;255;48;2;0;0;0m\U0001fb1f" + RESET,
            id="sextant 16",
        ),
        pytest.param(
            OCTANTS,
            PALETTE,
            pixels([BLACK, BLACK], [RED, BLACK], [BLACK, BLACK], [BLACK, BLACK]),
            "\x1b[38;5;196;48;5;16m\U0001cd00" + RESET,
            id="octant 3 of 256 colours",
        ),
        pytest.param(
            BRAILLE,
            sixteen_colors(),
            pixels([BLACK, BLACK], [BLACK, BLACK], [BLACK, BLACK], [WHITE, WHITE]),
            "\x1b[97;40m⣀" + RESET,
            id="dots 7 and 8 of 16 colours",
        ),
    ],
)
def test_exact_output(glyphs: Glyphs, colors: SgrColors, picture: NDArray[np.uint8], row: str) -> None:
    assert lines(glyph_cells(picture, glyphs, colors)) == [row]


def test_cells_that_reach_beyond_the_picture_are_background() -> None:
    cells = glyph_cells(pixels([RED]), QUADRANTS, TRUECOLOR, background=BLACK)
    assert lines(cells) == ["\x1b[38;2;255;0;0;48;2;0;0;0m▘" + RESET]


# Read back


def read_back(cells: GlyphCells) -> tuple[list[str], NDArray[np.uint8]]:
    """Characters and colours that an emulator shows if rows are written one at a time, in any order."""
    rows, (count, columns) = lines(cells), cells.patterns.shape
    screen = pyte.Screen(columns + 2, count + 1)
    stream = pyte.Stream(screen)
    for y in random.Random(count).sample(range(count), count):
        stream.feed(f"\x1b[{y + 1};2H{rows[y]}")
        assert screen.cursor.x == 1 + columns
        assert screen.cursor.attrs == screen.default_char
    read = [[screen.buffer[y][x] for x in range(1, columns + 1)] for y in range(count)]
    pairs = [[(rgb(cell.fg), rgb(cell.bg)) for cell in row] for row in read]
    return ["".join(cell.data for cell in row) for row in read], np.array(pairs, np.uint8)


_NAMES = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
_SIXTEEN = dict(zip([*_NAMES, *("bright" + name for name in _NAMES)], SIXTEEN.tolist(), strict=True))
_SIXTEEN["bfightmagenta"] = _SIXTEEN["brightmagenta"]  # a slip of pyte's


def rgb(color: str) -> tuple[int, ...]:
    if color == "default":
        return BLACK
    return tuple(_SIXTEEN[color] if color in _SIXTEEN else bytes.fromhex(color))


@pytest.mark.parametrize("colors", COLORS, ids=COLOR_IDS)
@pytest.mark.parametrize("glyphs", ALL.values(), ids=ALL.keys())
def test_an_emulator_shows_the_same_cells(glyphs: Glyphs, colors: SgrColors) -> None:
    picture = photo(23, 29)
    picture[:8, :12] = 0  # cells of one colour, and of few

    cells = glyph_cells(picture, glyphs, colors, background=(1, 2, 3))
    held, pairs = read_back(cells)

    assert held == ["".join(glyphs.characters[pattern] for pattern in row) for row in cells.patterns.tolist()]
    used = np.array([[character != " " for character in row] for row in held])
    assert (pairs[:, :, 1] == cells.pairs[:, :, 1]).all()
    assert (pairs[:, :, 0] == cells.pairs[:, :, 0])[used].all()
    assert cells.halves.shape == cells.pairs.shape


@given(arrays(np.uint8, (8, 4, 3), elements=st.sampled_from([0, 7, 42, 99, 255])))
@settings(max_examples=30, deadline=None)
def test_pictures_of_two_colours_a_cell_are_exact(picture: NDArray[np.uint8]) -> None:
    cells = glyph_cells(picture, HALVES, TRUECOLOR)
    assert (cells.shown == picture).all()
    assert (cells.halves.swapaxes(1, 2).reshape(picture.shape) == picture).all()


@pytest.mark.parametrize("glyphs", [SEXTANTS, OCTANTS], ids=lambda glyphs: glyphs.name)
def test_a_drawing_in_two_colours_is_exact(glyphs: Glyphs) -> None:
    ink = np.random.default_rng(1).random((24, 24, 1)) < 0.5
    picture = np.where(ink, np.array([200, 180, 20], np.uint8), np.array([10, 20, 40], np.uint8))
    assert (glyph_cells(picture, glyphs, TRUECOLOR).shown == picture).all()


def test_halves_are_means_of_what_is_shown() -> None:
    cells = glyph_cells(pixels([WHITE, WHITE], [WHITE, BLACK], [BLACK, BLACK]), SEXTANTS, TRUECOLOR)
    # The middle row lies in both halves, for a third of each.
    assert cells.halves[0, 0, :, 0].tolist() == [round(255 * 5 / 6), round(255 / 6)]


# Dithering


def test_bayers_matrix() -> None:
    assert bayer()[:2, :2].tolist() == [[0, 32], [48, 16]]
    assert sorted(bayer().ravel().tolist()) == list(range(64))


def test_dithered_levels_have_the_mean_of_what_was_dithered() -> None:
    values = np.array([0, 95, 135, 175, 215, 255])
    levels = Levels(values)
    for value in range(256):
        dithered = values[levels.dithered(np.full((8, 8), value, np.uint8))]
        assert abs(dithered.mean() - value) < 1
        assert len(np.unique(dithered)) <= 2


@pytest.mark.parametrize(
    ("colors", "table"), [(PALETTE, palette()), (sixteen_colors(), SIXTEEN)], ids=["256", "16"]
)
def test_codes_name_what_is_shown(colors: SgrColors, table: NDArray[np.uint8]) -> None:
    codes, shown_ = colors.quantize(photo())
    assert (table[codes[..., 0]] == shown_).all()


@pytest.mark.parametrize(("colors", "off"), [(PALETTE, 2), (sixteen_colors(), 18)], ids=["256", "16"])
def test_dithered_colors_have_the_mean_of_the_picture(colors: SgrColors, off: int) -> None:
    smooth = np.repeat(np.repeat(photo(8, 8), 8, axis=0), 8, axis=1)
    _, dithered = colors.quantize(smooth)
    means = [a.reshape(8, 8, 8, 8, 3).mean(axis=(1, 3)) for a in (smooth.astype(float), dithered)]
    assert np.abs(means[0] - means[1]).mean() < off


@pytest.mark.parametrize("colors", [PALETTE_GREYS, sixteen_colors(True)], ids=["256", "16"])
def test_greys_are_shown_in_greys(colors: SgrColors) -> None:
    picture = photo()
    _, dithered = colors.quantize(picture)
    assert (dithered == dithered[..., :1]).all()
    assert abs(dithered.mean() - to_grey(picture).mean()) < 3


# ASCII


def test_ascii_is_plain_text() -> None:
    ramp = np.repeat(
        np.repeat(np.linspace(0, 255, len(RAMP)).round().astype(np.uint8)[None, :, None], 2, 0), 3, 2
    )
    codes, greys = characters(ramp)
    assert codes.tobytes().decode() == RAMP
    assert greys[0, 0] == 0
    assert greys[0, -1] == 255


def test_ascii_is_dithered_to_the_mean() -> None:
    _, greys = characters(np.full((16, 8, 3), 100, np.uint8))
    assert len(np.unique(greys)) == 2
    assert greys.mean() == pytest.approx(100, abs=4)


def test_what_is_no_image_is_refused() -> None:
    for refused in (lambda bad: glyph_cells(bad, OCTANTS, TRUECOLOR), characters):
        with pytest.raises(ValueError, match="uint8 \\(h, w, 3\\)"):
            refused(np.zeros((4, 4), np.uint8))
