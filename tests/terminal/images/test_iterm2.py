from __future__ import annotations

import io
import re
from base64 import b64decode

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.terminal.kittens import unwrap
from vaevis_tui.terminal.images.iterm2 import PART, inline_image
from vaevis_tui.terminal.images.passthrough import through_tmux
from vaevis_tui.terminal.images.png import png

_SEQUENCE = re.compile(r"\x1b\]1337;([A-Za-z]+)(?:=([^\x07]*))?\x07")


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def read_png(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def received(output: str) -> tuple[dict[str, str], bytes]:
    """What iTerm2 gets: the arguments and the file."""
    assert _SEQUENCE.sub("", output) == ""
    sequences = [(match[1], match[2] or "") for match in _SEQUENCE.finditer(output)]
    if len(sequences) == 1:
        ((kind, value),) = sequences
        assert kind == "File"
        about, _, content = value.partition(":")
    else:
        (kind, about), *parts, end = sequences
        assert (kind, end) == ("MultipartFile", ("FileEnd", ""))
        assert {part for part, _ in parts} == {"FilePart"}
        assert all(len(value) % 4 == 0 and len(value) <= PART for _, value in parts)
        content = "".join(value for _, value in parts)
    return dict(pair.split("=") for pair in about.split(";")), b64decode(content, validate=True)


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[..., :1].repeat(3, axis=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (30, 17)])
def test_files_hold_the_exact_pixels(size: tuple[int, int]) -> None:
    for pixels in (noise(*size), grey(noise(*size))):
        assert (read_png(png(pixels)) == pixels).all()


def test_grey_files_are_smaller() -> None:
    assert len(png(grey(noise(50, 50)))) < len(png(noise(50, 50))) / 2.5


def test_exact_output() -> None:
    pixels = noise(2, 2)
    output = inline_image(pixels, 5, 3)
    file = png(pixels)
    assert output.startswith(
        f"\x1b]1337;File=inline=1;size={len(file)};width=5;height=3;preserveAspectRatio=0;doNotMoveCursor=1:"
    )
    assert output.endswith("\x07")


def test_a_terminal_gets_the_exact_pixels() -> None:
    pixels = noise(40, 30)
    about, file = received(inline_image(pixels, 12, 8))
    assert (read_png(file) == pixels).all()
    assert about["size"] == str(len(file))
    assert (about["width"], about["height"], about["inline"]) == ("12", "8", "1")


def test_through_tmux_it_comes_in_parts() -> None:
    pixels = noise(200, 200)
    output = inline_image(pixels, 12, 8, wrap=through_tmux)
    about, file = received(unwrap(output))
    assert (read_png(file) == pixels).all()
    assert about["size"] == str(len(file))
    assert output.count("FilePart=") == -(-len(file) * 4 // 3 // PART)
    assert max(map(len, output.split("\x1bPtmux;"))) < 1 << 20


@pytest.mark.parametrize(
    ("pixels", "cells"),
    [
        (np.zeros((4, 4), np.uint8), (1, 1)),
        (np.zeros((4, 4, 3), np.float32), (1, 1)),
        (np.zeros((0, 4, 3), np.uint8), (1, 1)),
        (np.zeros((4, 4, 3), np.uint8), (0, 1)),
    ],
)
def test_what_cannot_be_shown_is_refused(pixels: NDArray[np.uint8], cells: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"must be uint8|at least one cell"):
        inline_image(pixels, *cells)
