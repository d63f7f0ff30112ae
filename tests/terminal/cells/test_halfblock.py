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
from vaevis_tui.terminal.cells.halfblock import HalfBlockEncoder
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.palette import nearest, palette, to_grey
from vaevis_tui.terminal.encoder import EncodedPicture, PictureEncoder

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


@pytest.mark.parametrize(
    ("picture", "row"),
    [
        pytest.param(
            pixels([RED], [BLUE]),
            "\x1b[38;2;255;0;0;48;2;0;0;255m▀" + RESET,
            id="two colours",
        ),
        pytest.param(pixels([RED], [RED]), "\x1b[48;2;255;0;0m " + RESET, id="one colour is a space"),
        pytest.param(
            pixels([RED, RED], [BLUE, BLUE]),
            "\x1b[38;2;255;0;0;48;2;0;0;255m▀▀" + RESET,
            id="nothing again while nothing changes",
        ),
        pytest.param(
            pixels([RED, GREEN], [BLUE, BLUE]),
            "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;0;255;0m▀" + RESET,
            id="foreground alone",
        ),
        pytest.param(
            pixels([RED, RED], [BLUE, GREEN]),
            "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[48;2;0;255;0m▀" + RESET,
            id="background alone",
        ),
        pytest.param(
            pixels([RED, BLUE, RED], [BLUE, BLUE, BLUE]),
            "\x1b[38;2;255;0;0;48;2;0;0;255m▀ ▀" + RESET,
            id="foreground carried over a space",
        ),
        pytest.param(
            pixels([BLACK, RED], [BLACK, BLACK]),
            "\x1b[48;2;0;0;0m \x1b[38;2;255;0;0m▀" + RESET,
            id="foreground first needed after a space",
        ),
        pytest.param(
            pixels([(1, 20, 203)], [(99, 100, 9)]),
            "\x1b[38;2;1;20;203;48;2;99;100;9m▀" + RESET,
            id="no leading zeros",
        ),
    ],
)
def test_exact_output(picture: NDArray[np.uint8], row: str) -> None:
    encoded = HalfBlockEncoder().encode(picture)

    assert encoded.rows == (row,)
    assert encoded.size == len(row.encode())
    assert encoded.columns == picture.shape[1]


def test_exact_output_in_256_colours() -> None:
    encoded = HalfBlockEncoder(PALETTE).encode(pixels([RED, RED], [(128, 128, 128), RED]))
    assert encoded.rows == ("\x1b[38;5;196;48;5;244m▀\x1b[48;5;196m " + RESET,)


def test_exact_output_in_greys() -> None:
    encoded = HalfBlockEncoder(GREY).encode(pixels([RED], [GREEN]))
    assert encoded.rows == ("\x1b[38;2;54;54;54;48;2;182;182;182m▀" + RESET,)


def test_the_last_half_row_of_an_odd_height_is_background() -> None:
    encoded = HalfBlockEncoder().encode(pixels([RED], [RED], [RED]), background=GREEN)
    assert encoded.rows[1] == "\x1b[38;2;255;0;0;48;2;0;255;0m▀" + RESET


def read_back(encoded: EncodedPicture) -> NDArray[np.uint8]:
    """What an emulator shows if rows are written one at a time, in any order."""
    rows = len(encoded.rows)
    screen = PixelScreen(encoded.columns + 2, rows + 1)
    for y in random.Random(rows).sample(range(rows), rows):
        screen.write_at(1, y, encoded.rows[y])
    cursor = screen.screen.cursor
    assert cursor.x == 1 + encoded.columns
    assert cursor.attrs == screen.screen.default_char
    shown = screen.pixels()
    assert not shown[:, [0, -1]].any(), "something was drawn beside the rows"
    return shown[: 2 * rows, 1:-1]


@given(picture=PICTURES)
@settings(max_examples=60, deadline=None)
def test_an_emulator_shows_the_same_pixels(picture: NDArray[np.uint8]) -> None:
    encoded = HalfBlockEncoder().encode(picture, background=(1, 2, 3))

    shown = read_back(encoded)

    height = len(picture)
    assert (shown[:height] == picture).all()
    assert (shown[height:] == (1, 2, 3)).all()
    assert (encoded.colors.swapaxes(1, 2).reshape(shown.shape) == shown).all()
    assert encoded.sizes == tuple(len(row.encode()) for row in encoded.rows)
    assert encoded.size == sum(encoded.sizes)


@given(picture=PICTURES)
@settings(max_examples=30, deadline=None)
def test_an_emulator_shows_the_nearest_of_256_colours(picture: NDArray[np.uint8]) -> None:
    encoded = HalfBlockEncoder(PALETTE).encode(picture)

    shown = read_back(encoded)

    assert (shown[: len(picture)] == palette()[nearest(picture)]).all()
    assert (encoded.colors.swapaxes(1, 2).reshape(shown.shape) == shown).all()


@pytest.mark.parametrize("depth", [ColorDepth.TRUECOLOR, ColorDepth.PALETTE])
def test_an_emulator_shows_greys_alone(depth: ColorDepth) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (10, 10, 3), dtype=np.uint8)

    shown = read_back(HalfBlockEncoder(ColorMode(depth, grey=True)).encode(picture))

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
        HalfBlockEncoder().encode(bad)


def test_it_is_a_picture_encoder() -> None:
    encoder: PictureEncoder = HalfBlockEncoder()
    assert encoder.encode(pixels([RED])).columns == 1


def seconds(function: Callable[[], object], times: int) -> float:
    """The least of some times, which is what other programs on the machine disturb least."""
    return min(timeit.repeat(function, number=1, repeat=times))


def test_it_is_a_hundred_times_faster_than_rich_pixels() -> None:
    y, x = np.mgrid[:128, :128]
    picture = np.stack([2 * x, 2 * y, x + y], axis=-1).astype(np.uint8)
    console = Console(file=io.StringIO(), width=128, force_terminal=True, color_system="truecolor")

    # In turns, until both have had a quiet moment; only what is too slow never gets there.
    ours = theirs = math.inf
    for _ in range(20):
        ours = min(ours, seconds(lambda: HalfBlockEncoder().encode(picture), 20))
        theirs = min(theirs, seconds(lambda: console.print(Pixels.from_image(Image.fromarray(picture))), 1))
        if theirs / ours > 100:
            break
    assert theirs / ours > 100
