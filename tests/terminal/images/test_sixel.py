from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.terminal.sixels import filled, read_sixels
from vaevis_tui.bench.report import photograph
from vaevis_tui.terminal.images.sixel import SixelEncoder

PICTURES = st.tuples(st.integers(1, 15), st.integers(1, 12)).flatmap(
    lambda size: arrays(np.uint8, (*size, 3), elements=st.sampled_from([0, 7, 42, 128, 255]))
)


def scaled(pixels: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def gradient(height: int, width: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x // width, 255 * y // height, 255 * (x + y) // (height + width)], -1).astype(
        np.uint8
    )


def test_exact_output() -> None:
    picture = np.zeros((7, 5, 3), np.uint8)
    picture[1, 1:3] = 255
    picture[6] = 255
    encoded = SixelEncoder().encode(picture)

    assert encoded.output == (
        '\x1bP0;1;0q"1;1;5;7#0;2;0;0;0#100;2;100;100;100'
        "#0~||~~"  # black: all six rows, but for the second in two columns
        "$#100?AA"  # white: the second row of these
        "-#100!5@"  # white: the first row of the second band
        "\x1b\\"
    )


def test_exact_output_scaled() -> None:
    encoded = SixelEncoder().encode(np.zeros((2, 1, 3), np.uint8), (8, 4))
    assert encoded.output == '\x1bP0;1;0q"1;1;4;8#0;2;0;0;0#0!4~-#0!4B\x1b\\'


@given(
    picture=PICTURES,
    more=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    registers=st.sampled_from([2, 16, 64, 256]),
)
@settings(max_examples=80, deadline=None)
def test_a_terminal_shows_what_the_encoder_says(
    picture: NDArray[np.uint8], more: tuple[int, int], registers: int
) -> None:
    dots = picture.shape[0] + more[0], picture.shape[1] + more[1]
    encoded = SixelEncoder(registers).encode(picture, dots)

    shown = read_sixels(encoded.output, before=99)

    assert shown.shape == (*dots, 3)
    assert (shown == filled(encoded.shown, dots)).all()


@given(arrays(np.uint8, (9, 11)), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_greys_are_as_exact_as_the_scale_of_percent(grey: NDArray[np.uint8], scale: int) -> None:
    picture = grey[..., None].repeat(3, axis=2)
    shown = read_sixels(SixelEncoder().encode(picture, (9 * scale, 11 * scale)).output).astype(int)
    assert (shown == shown[..., :1]).all()
    assert np.abs(shown - scaled(picture, scale)).max() <= 1.5


def test_colours_are_dithered_to_the_mean() -> None:
    picture = scaled(gradient(8, 8), 8)
    shown = SixelEncoder(63).encode(picture).shown
    means = [a.reshape(8, 8, 8, 8, 3).mean(axis=(1, 3)) for a in (picture, shown)]
    assert np.abs(means[0] - means[1]).max() < 4
    assert np.abs(shown.astype(int) - picture).max() <= 128, "a step of the cube at most"


def test_many_colours_are_found_nearly_and_few_exactly() -> None:
    for picture, most in ((gradient(128, 128), 10), (photograph(128), 14)):
        for registers, worse in ((256, 1), (64, 1.8)):
            off = SixelEncoder(registers).encode(picture).shown.astype(int) - picture
            assert np.sqrt((off**2).mean()) < most * worse, "dithering to a cube is off by 20 and 41"
    few = np.random.default_rng(0).integers(0, 256, (6, 16, 3), np.uint8)
    assert np.abs(SixelEncoder(100).encode(few).shown.astype(int) - few).max() <= 1.5, "whole percents"


@pytest.mark.parametrize("registers", [2, 3, 8, 16, 64, 100, 256, 1024])
def test_it_keeps_to_the_registers_there_are(registers: int) -> None:
    for picture in (gradient(40, 40), gradient(40, 40)[..., :1].repeat(3, axis=2)):
        output = SixelEncoder(registers).encode(picture).output
        numbers = {int(part.partition(";")[0]) for part in output.split("#")[1:] if ";" in part}
        assert len(numbers) <= min(registers, 256)
        assert max(numbers) < min(registers, 256)
        read_sixels(output)


@pytest.mark.parametrize(
    ("picture", "dots"),
    [
        (np.zeros((4, 4), np.uint8), None),
        (np.zeros((4, 4, 3), np.float32), None),
        (np.zeros((0, 4, 3), np.uint8), None),
        (np.zeros((4, 4, 3), np.uint8), (4, 3)),
        (np.zeros((4, 4, 3), np.uint8), (20000, 20000)),
    ],
)
def test_what_cannot_be_shown_is_refused(picture: NDArray[np.uint8], dots: tuple[int, int] | None) -> None:
    with pytest.raises(ValueError, match=r"must be uint8|cannot show"):
        SixelEncoder().encode(picture, dots)


def test_one_register_is_refused() -> None:
    with pytest.raises(ValueError, match="not 1"):
        SixelEncoder(1)
