from __future__ import annotations

import unicodedata
from base64 import b64encode

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.terminal.kittens import KittyTerminal, unwrap
from vaevis_tui.terminal.images.kitty import (
    KittyImage,
    KittyOutput,
    diacritics,
    placeholder_rows,
)
from vaevis_tui.terminal.images.passthrough import through_tmux
from vaevis_tui.terminal.images.png import png
from vaevis_tui.terminal.images.renderer import MAX_CELLS

WAYS = [(placeholders, frames) for placeholders in (True, False) for frames in (True, False)]


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def feed(terminal: KittyTerminal, output: KittyOutput) -> None:
    for part in (output.before, output.at_corner, output.after):
        terminal.feed(part)


def test_exact_output() -> None:
    image = KittyImage(7, placeholders=True, frames=True)
    pixels = np.zeros((1, 2, 3), np.uint8)
    payload = b64encode(png(pixels)).decode()
    first = image.show(pixels, 2, 1)

    assert first.before == (f"\x1b_Ga=t,i=7,f=100,q=2;{payload}\x1b\\\x1b_Ga=p,i=7,p=1,c=2,r=1,U=1,q=2\x1b\\")
    cells = "\U0010eeee\u0305\u0305\U0010eeee\u0305\u030d"
    assert first.rows == (f"\x1b[38;5;7m{cells}\x1b[0m",)
    assert first.at_corner == first.after == ""
    assert image.show(pixels, 2, 1) == KittyOutput(
        f"\x1b_Ga=f,r=1,X=1,i=7,f=100,q=2;{payload}\x1b\\", None, "", ""
    )
    assert image.delete() == "\x1b_Ga=d,d=I,i=7,q=2\x1b\\"
    assert image.delete() == ""


def test_exact_output_of_a_direct_placement() -> None:
    output = KittyImage(7, placeholders=False, frames=False).show(np.zeros((1, 2, 3), np.uint8), 2, 1)
    assert output.at_corner == "\x1b_Ga=p,i=7,p=1,c=2,r=1,C=1,q=2\x1b\\"
    assert output.rows is None


@pytest.mark.parametrize(("placeholders", "frames"), WAYS)
def test_a_terminal_shows_the_exact_pixels(placeholders: bool, frames: bool) -> None:
    terminal = KittyTerminal()
    image = KittyImage(1, placeholders=placeholders, frames=frames)
    rows: tuple[str, ...] | None = None
    # Small, then many chunks; the same size again; another size; other cells.
    for seed, (size, cells) in enumerate(
        [((3, 2), (2, 2)), ((90, 80), (9, 5)), ((90, 80), (9, 5)), ((90, 80), (4, 3)), ((3, 2), (4, 3))]
    ):
        pixels = noise(*size, seed)
        output = image.show(pixels, *cells)
        feed(terminal, output)
        rows = output.rows or rows

        assert len(terminal.images) == 1, "a picture was left behind"
        ((image_id, shown),) = terminal.images.items()
        if placeholders:
            assert rows
            shown = terminal.shown(rows)
        else:
            place = terminal.placements[image_id]
            assert (int(place["c"]), int(place["r"]), place["C"]) == (*cells, "1")
        assert (shown == pixels).all()
    feed(terminal, image.again())
    terminal.feed(image.delete())
    assert not terminal.images


@pytest.mark.parametrize("placeholders", [True, False])
def test_frames_replace_pixels_and_nothing_else(placeholders: bool) -> None:
    terminal = KittyTerminal()
    image = KittyImage(1, placeholders=placeholders, frames=True)
    for seed in range(3):
        feed(terminal, image.show(noise(8, 8, seed), 4, 2))
    assert terminal.events == ["t 1", "p 1", "f 1", "f 1"]


@pytest.mark.parametrize("placeholders", [True, False])
def test_without_frames_a_new_picture_is_there_before_the_old_one_goes(placeholders: bool) -> None:
    terminal = KittyTerminal()
    image = KittyImage(1, placeholders=placeholders, frames=False)
    for seed in range(3):
        feed(terminal, image.show(noise(8, 8, seed), 4, 2))
    assert terminal.events == ["t 1", "p 1", "t 2", "p 2", "d 1", "t 1", "p 1", "d 2"]


def test_what_is_hidden_comes_back() -> None:
    terminal = KittyTerminal()
    image = KittyImage(1, placeholders=False, frames=True)
    assert image.hide() == ""
    assert image.again() == KittyOutput("", None, "", "")
    feed(terminal, image.show(noise(8, 8), 4, 2))
    place = terminal.placements[1]
    terminal.feed(image.hide())
    assert not terminal.placements
    feed(terminal, image.again())
    assert terminal.placements[1] == place
    assert (terminal.images[1] == noise(8, 8)).all()


def test_through_tmux_every_command_is_wrapped_by_itself() -> None:
    terminal = KittyTerminal()
    pixels = noise(90, 80)
    output = KittyImage(1, placeholders=True, frames=True, wrap=through_tmux).show(pixels, 9, 5)
    terminal.feed(unwrap(output.before))
    assert output.rows
    assert (terminal.shown(output.rows) == pixels).all()
    longest = max(map(len, output.before.split("\x1bPtmux;")))
    assert longest < 4300


def test_diacritics_are_those_of_kitty() -> None:
    marks = diacritics()
    assert len(marks) == MAX_CELLS == len(set(marks))
    assert sorted(marks) == list(marks)
    assert {unicodedata.combining(mark) for mark in marks} == {230}
    # From the document: rows and columns 0 to 2, and the last of the table.
    assert [ord(mark) for mark in (*marks[:3], marks[-1])] == [0x305, 0x30D, 0x30E, 0x1D244]


def test_rows_of_placeholders_are_as_wide_as_they_say() -> None:
    (row, *_), size = placeholder_rows(200, MAX_CELLS, MAX_CELLS), MAX_CELLS
    assert row.count("\U0010eeee") == size


@pytest.mark.parametrize(
    ("pixels", "cells"),
    [
        (np.zeros((4, 4), np.uint8), (1, 1)),
        (np.zeros((4, 4, 3), np.float32), (1, 1)),
        (np.zeros((0, 4, 3), np.uint8), (1, 1)),
        (np.zeros((4, 4, 3), np.uint8), (0, 1)),
        (np.zeros((4, 4, 3), np.uint8), (1, 298)),
    ],
)
def test_what_cannot_be_shown_is_refused(pixels: NDArray[np.uint8], cells: tuple[int, int]) -> None:
    image = KittyImage(1, placeholders=True, frames=True)
    with pytest.raises(ValueError, match=r"must be uint8|an image takes"):
        image.show(pixels, *cells)
    assert image.delete() == ""


@pytest.mark.parametrize("image_id", [0, 255])
def test_a_number_out_of_range_is_refused(image_id: int) -> None:
    with pytest.raises(ValueError, match="1 to 254"):
        KittyImage(image_id, placeholders=True, frames=True)
