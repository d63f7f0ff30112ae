from __future__ import annotations

import io
import math
import random
import timeit
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich_pixels import Pixels

from tests.terminal.emulator import PixelScreen
from vaevis_tui.terminal.cells.halfblock import HalfBlocks
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.xterm_palette import nearest, palette, to_grey
from vaevis_tui.terminal.pixels import RGB
from vaevis_tui.terminal.quality import Quality

TRUECOLOR = ColorMode()
PALETTE = ColorMode(ColorDepth.PALETTE)
GREY = ColorMode(grey=True)

# Few colours, so that neighbours are often the same, and all numbers of digits.
PICTURES = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda size: arrays(np.uint8, (*size, 3), elements=st.sampled_from([0, 7, 42, 99, 100, 255]))
)

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
RESET = "\x1b[0m"


def pixels(*rows: list[tuple[int, int, int]]) -> NDArray[np.uint8]:
    return np.array(rows, np.uint8)


EXACT = Quality("exact")


def lines(style: HalfBlocks, picture: NDArray[np.uint8], background: RGB = (0, 0, 0)) -> list[str]:
    """The rows of an image as they are written where the cursor is."""
    cells = style.render(picture, EXACT, background)
    rows, columns = cells.halves.shape[:2]
    where = np.arange(rows * columns).reshape(rows, columns)
    return [cells.stream(row, None).text + RESET for row in where]


@pytest.mark.parametrize(
    ("picture", "row"),
    [
        (pixels([RED], [BLUE]), "\x1b[38;2;255;0;0;48;2;0;0;255m▀"),
        (pixels([RED], [RED]), "\x1b[48;2;255;0;0m "),
        (pixels([RED, RED], [BLUE, BLUE]), "\x1b[38;2;255;0;0;48;2;0;0;255m▀▀"),
        (pixels([(1, 20, 203)], [(99, 100, 9)]), "\x1b[38;2;1;20;203;48;2;99;100;9m▀"),
    ],
    ids=["two colours", "one colour is a space", "nothing again while nothing changes", "no leading zeros"],
)
def test_exact_output(picture: NDArray[np.uint8], row: str) -> None:
    assert lines(HalfBlocks(TRUECOLOR), picture) == [row + RESET]


def test_exact_output_in_256_colours() -> None:
    shown = lines(HalfBlocks(PALETTE), pixels([RED, RED], [(135, 135, 135), RED]))
    assert shown == ["\x1b[38;5;196;48;5;102m▀█" + RESET]


def test_exact_output_in_greys() -> None:
    assert lines(HalfBlocks(GREY), pixels([RED], [GREEN])) == [
        "\x1b[38;2;54;54;54;48;2;182;182;182m▀" + RESET
    ]


def test_the_last_half_row_of_an_odd_height_is_background() -> None:
    shown = lines(HalfBlocks(TRUECOLOR), pixels([RED], [RED], [RED]), background=GREEN)
    assert shown[1] == "\x1b[38;2;255;0;0;48;2;0;255;0m▀" + RESET


def read_back(rows: list[str], columns: int) -> NDArray[np.uint8]:
    """What an emulator shows if rows are written one at a time, in any order."""
    screen = PixelScreen(columns + 2, len(rows) + 1)
    for y in random.Random(len(rows)).sample(range(len(rows)), len(rows)):
        screen.write_at(1, y, rows[y])
    cursor = screen.screen.cursor
    assert cursor.x == 1 + columns
    assert cursor.attrs == screen.screen.default_char
    shown = screen.pixels()
    assert not shown[:, [0, -1]].any(), "something was drawn beside the rows"
    return shown[: 2 * len(rows), 1:-1]


@given(picture=PICTURES)
@settings(max_examples=60, deadline=None)
def test_an_emulator_shows_the_same_pixels(picture: NDArray[np.uint8]) -> None:
    shown = read_back(lines(HalfBlocks(TRUECOLOR), picture, background=(1, 2, 3)), picture.shape[1])

    height = len(picture)
    assert (shown[:height] == picture).all()
    assert (shown[height:] == (1, 2, 3)).all()
    halves = HalfBlocks(TRUECOLOR).render(picture, EXACT, (1, 2, 3)).halves
    assert (halves.swapaxes(1, 2).reshape(shown.shape) == shown).all()


@given(picture=PICTURES)
@settings(max_examples=30, deadline=None)
def test_an_emulator_shows_256_colours_as_they_were_chosen(picture: NDArray[np.uint8]) -> None:
    shown = read_back(lines(HalfBlocks(PALETTE), picture), picture.shape[1])
    cells = HalfBlocks(PALETTE).render(picture, EXACT, (0, 0, 0))
    assert (cells.shown == shown).all()
    assert (cells.halves.swapaxes(1, 2).reshape(shown.shape) == shown).all()


def test_256_colours_are_mixed_to_the_mean_where_no_link_is_slow() -> None:
    """The nearest of 256 makes brown grey, with pink and olive blotches."""
    brown = np.full((64, 64, 3), (139, 111, 84), np.uint8)
    cells = HalfBlocks(PALETTE).render(brown, EXACT, (0, 0, 0))
    assert np.abs(cells.shown.mean(axis=(0, 1)) - brown[0, 0]).max() < 1.5
    coarse = HalfBlocks(PALETTE).render(brown, Quality("256 colours", tolerance=16), (0, 0, 0))
    assert (coarse.shown == palette()[nearest(brown)]).all(), "one colour takes few bytes"


@pytest.mark.parametrize("depth", [ColorDepth.TRUECOLOR, ColorDepth.PALETTE])
def test_an_emulator_shows_greys_alone(depth: ColorDepth) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (10, 10, 3), dtype=np.uint8)

    shown = read_back(lines(HalfBlocks(ColorMode(depth, grey=True)), picture), 10)

    assert (shown == shown[..., :1]).all()
    assert np.abs(shown.astype(int) - to_grey(picture)).max() <= (0 if depth is ColorDepth.TRUECOLOR else 12)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
    ],
    ids=["grey", "alpha", "float", "no rows", "no columns"],
)
def test_what_is_no_picture_is_refused(bad: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="uint8 \\(h, w, 3\\)"):
        HalfBlocks(TRUECOLOR).render(bad, EXACT, (0, 0, 0))


def seconds(function: Callable[[], object], times: int) -> float:
    """The least of some times, which is what other programs on the machine disturb least."""
    return min(timeit.repeat(function, number=1, repeat=times))


def test_it_is_many_times_faster_than_rich_pixels() -> None:
    """A hundred to 250 times on most processors, 61 to 85 on one: half of that."""
    y, x = np.mgrid[:128, :128]
    picture = np.stack([2 * x, 2 * y, x + y], axis=-1).astype(np.uint8)
    console = Console(file=io.StringIO(), width=128, force_terminal=True, color_system="truecolor")

    style, where = HalfBlocks(TRUECOLOR), np.arange(64 * 128)

    def ours_once() -> object:
        return style.render(picture, EXACT, (0, 0, 0)).stream(where, (0, 0))

    # In turns, until both have had a quiet moment; only what is too slow never gets there.
    ours = theirs = math.inf
    for _ in range(20):
        ours = min(ours, seconds(ours_once, 20))
        theirs = min(theirs, seconds(lambda: console.print(Pixels.from_image(Image.fromarray(picture))), 1))
        if theirs / ours > 30:
            break
    assert theirs / ours > 30
