from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.terminal.emulator import PixelScreen
from vaevis_tui.terminal.cells.stream import CellStream, encode_cells
from vaevis_tui.terminal.color.colors import ColorDepth

Color = tuple[int, int, int]
Cell = tuple[int, int, Color, Color]
"""Row, column, upper and lower colour."""

A, B, C, D = (10, 20, 30), (200, 100, 0), (1, 2, 3), (255, 255, 255)


def encode(cells: list[Cell], limit: int | None = None) -> CellStream:
    rows, columns, upper, lower = zip(*cells, strict=True)
    return encode_cells(
        (np.array(rows), np.array(columns)),
        np.array(upper, np.uint8).T,
        np.array(lower, np.uint8).T,
        ColorDepth.TRUECOLOR,
        limit,
    )


def fg(color: Color) -> str:
    return "38;2;{};{};{}".format(*color)


def bg(color: Color) -> str:
    return "48;2;{};{};{}".format(*color)


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ([(0, 0, A, B)], f"\x1b[;H\x1b[{fg(A)};{bg(B)}m▀"),
        ([(2, 11, A, A)], f"\x1b[3;12H\x1b[{bg(A)}m "),
        ([(0, 4, A, B), (0, 5, A, B)], f"\x1b[;5H\x1b[{fg(A)};{bg(B)}m▀▀"),
        ([(0, 0, A, B), (0, 1, C, B)], f"\x1b[;H\x1b[{fg(A)};{bg(B)}m▀\x1b[{fg(C)}m▀"),
        ([(0, 0, A, B), (0, 1, B, A)], f"\x1b[;H\x1b[{fg(A)};{bg(B)}m▀▄"),
        ([(0, 0, A, B), (0, 1, B, C)], f"\x1b[;H\x1b[{fg(A)};{bg(B)}m▀\x1b[{fg(C)}m▄"),
        ([(0, 0, A, A), (0, 1, A, C)], f"\x1b[;H\x1b[{bg(A)}m \x1b[{fg(C)}m▄"),
        ([(0, 0, A, B), (0, 1, A, A)], f"\x1b[;H\x1b[{fg(A)};{bg(B)}m▀█"),
        ([(0, 0, A, B), (0, 1, B, B)], f"\x1b[;H\x1b[{fg(A)};{bg(B)}m▀ "),
        ([(0, 0, A, A), (0, 2, A, A)], f"\x1b[;H\x1b[{bg(A)}m \x1b[C "),
        ([(0, 0, A, A), (0, 8, A, A)], f"\x1b[;H\x1b[{bg(A)}m \x1b[7C "),
        ([(0, 0, A, A), (3, 1, A, A)], f"\x1b[;H\x1b[{bg(A)}m \x1b[4;2H "),
    ],
)
def test_exact_output(cells: list[Cell], text: str) -> None:
    stream = encode(cells)
    assert stream == CellStream(text, len(text.encode()), len(cells))


def test_a_long_run_of_one_colour_is_not_drawn_as_full_blocks() -> None:
    run: list[Cell] = [(0, column, A, A) for column in range(1, 30)]
    assert encode([(0, 0, A, B), *run]).text.endswith(f"\x1b[{bg(A)}m" + " " * 29)


def test_no_cells_are_no_output() -> None:
    nothing = np.zeros((3, 0), np.uint8)
    assert encode_cells(
        (np.zeros(0, np.intp), np.zeros(0, np.intp)), nothing, nothing, ColorDepth.TRUECOLOR
    ) == CellStream("", 0, 0)


def test_palette_entries_are_named_by_one_number() -> None:
    one = np.array([[17]], np.uint8)
    where = np.array([0])
    assert (
        encode_cells((where, where), one, one + 1, ColorDepth.PALETTE).text == "\x1b[;H\x1b[38;5;17;48;5;18m▀"
    )


def test_a_limit_cuts_between_cells_and_takes_at_least_one() -> None:
    cells: list[Cell] = [(row, column, A, (row, column, 0)) for row in range(4) for column in range(8)]
    whole = encode(cells)
    for limit in range(0, whole.size + 10, 7):
        cut = encode(cells, limit)
        assert cut == encode(cells[: cut.cells])
        assert cut.size <= limit or cut.cells == 1
        assert cut.cells == len(cells) or encode(cells[: cut.cells + 1]).size > limit


SIZE = 9
colors = st.sampled_from([A, B, C])
screens = st.lists(
    st.lists(st.one_of(st.none(), st.tuples(colors, colors)), min_size=SIZE, max_size=SIZE),
    min_size=1,
    max_size=4,
)


@given(screens)
def test_the_terminal_shows_the_cells_and_leaves_the_others(
    screen: list[list[tuple[Color, Color] | None]],
) -> None:
    cells = [(y, x, *cell) for y, row in enumerate(screen) for x, cell in enumerate(row) if cell]
    if not cells:
        return
    terminal = PixelScreen(SIZE, len(screen))
    stream = encode(cells)
    terminal.feed(stream.text)
    expected = np.zeros((2 * len(screen), SIZE, 3), np.uint8)
    for y, x, upper, lower in cells:
        expected[2 * y, x], expected[2 * y + 1, x] = upper, lower
    assert (terminal.pixels() == expected).all()
    assert stream.size == len(stream.text.encode())


def cheapest(cells: list[Cell]) -> int:
    """Bytes of the best choice of glyphs, by trying every state; moves not counted."""
    best: dict[tuple[Color | None, Color | None], int] = {(None, None): 0}
    for _, _, upper, lower in cells:
        after: dict[tuple[Color | None, Color | None], int] = {}
        for (old_fg, old_bg), cost in best.items():
            ways: list[tuple[Color | None, Color | None, int]] = [(upper, lower, 3), (lower, upper, 3)]
            if upper == lower:
                ways = [(old_fg, upper, 1), (upper, old_bg, 3)]
            for new_fg, new_bg, glyph in ways:
                sgr = [fg(new_fg)] if new_fg and new_fg != old_fg else []
                sgr += [bg(new_bg)] if new_bg and new_bg != old_bg else []
                total = cost + glyph + (len(";".join(sgr)) + 3 if sgr else 0)
                after[new_fg, new_bg] = min(total, after.get((new_fg, new_bg), total))
        best = after
    return min(best.values())


def picture(seed: int, levels: int) -> NDArray[np.uint8]:
    """Smooth shapes in few colours, as pictures have them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:32, :48]
    a, b, c = rng.uniform(4, 16, 3)
    wave = np.sin(x / a) + np.cos(y / b) + np.sin((x + y) / c)
    grey = np.clip((wave + 2) / 4, 0, 0.999) * levels
    return np.repeat((grey.astype(int) * (255 // levels)).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(("levels", "share"), [(2, 1.1), (4, 1.4), (8, 1.4), (24, 1.1)])
def test_glyphs_are_chosen_nearly_as_well_as_can_be(levels: int, share: float) -> None:
    pixels = [[tuple(color) for color in row] for row in picture(levels, levels).tolist()]
    cells: list[Cell] = [(y, x, pixels[2 * y][x], pixels[2 * y + 1][x]) for y in range(16) for x in range(48)]
    moves = sum(len(f"\x1b[{y + 1 if y else ''};H") for y in range(16))
    assert encode(cells).size - moves <= share * cheapest(cells)
