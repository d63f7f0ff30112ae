"""What real terminals show of our output, by screenshots."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vaevis_tui
from tests.models.make import write_bundle
from tests.support import require
from tests.terminal.dotscreen import stretched
from tests.terminal.real import becomes, is_in, running, screen, terminal
from vaevis_tui.terminal.images.kitty import KittyImage
from vaevis_tui.terminal.images.sixel import SixelEncoder

CLEARED = "\x1b[2J\x1b[?25l"

OLD, NEW, PATCHED = (20, 60, 200), (200, 60, 20), (60, 200, 20)


def gradient(side: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[:side, :side] * (255 / (side - 1))
    return np.stack([x, y, (x + y) / 2], axis=-1).astype(np.uint8)


def scaled(pixels: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def test_xterm_shows_sixels(tmp_path: Path) -> None:
    require(shutil.which("xterm"), "xterm (Debian: xterm)")
    colored, grey = gradient(64), gradient(64)[..., :1].repeat(3, axis=2)
    encoded = [SixelEncoder().encode(picture, (192, 192)) for picture in (colored, grey)]
    output = f"{CLEARED}\x1b[2;3H{encoded[0].output}\x1b[2;50H{encoded[1].output}"
    with screen() as (display, screenshot):
        command = [
            "xterm",
            "-ti",
            "vt340",
            "-fn",
            "6x13",
            "-bg",
            "black",
            "-fg",
            "white",
            "-geometry",
            "100x30",
            "-e",
        ]
        with terminal(command, display, output, tmp_path):
            for picture in encoded:
                expected = scaled(picture.shown, 3)
                assert becomes(partial(is_in, expected, tolerance=1), screenshot)


KITTY = ["kitty", "-o", "initial_window_width=780", "-o", "initial_window_height=500", "-o", "font_size=10"]
KITTY += ["-o", "remember_window_size=no"]


@pytest.mark.parametrize("placeholders", [False, True], ids=["direct", "placeholders"])
def test_kitty_shows_frames_and_flips(placeholders: bool, tmp_path: Path) -> None:
    require(shutil.which("kitty"), "kitty (Debian: kitty)")
    version = subprocess.run(["kitty", "--version"], capture_output=True, text=True, check=True).stdout
    draws = tuple(map(int, version.split()[1].split("."))) >= (0, 28)
    if placeholders and not draws:  # never required: Debian 12 has no such kitty
        pytest.skip("no kitty that draws placeholders, 0.28 or later (Debian 13: kitty)")
    # Only kitty knows the size of a cell, but a patch of one colour is exact at any size. What little noise
    # is on it keeps it from being compressed into a single chunk.
    noise = np.random.default_rng(0).integers(0, 2, (128, 128, 3), dtype=np.uint8)
    output = CLEARED
    for column, frames in ((3, True), (40, False)):
        image = KittyImage(10 + column, placeholders=placeholders, frames=frames)
        for color in (OLD, NEW):
            shown = image.show(noise + np.array(color, np.uint8), 20, 8)
            assert "m=1" in shown.before
            output += f"{shown.before}\x1b[2;{column}H{shown.at_corner}"
            for y, row in enumerate(shown.rows or ()):
                output += f"\x1b[{2 + y};{column}H{row}"
            output += shown.after
        if frames:  # two halves of the picture are replaced by themselves
            output += image.patch(noise[:64] + np.array(PATCHED, np.uint8), 0)
            output += image.patch(noise[64:] + np.array(NEW, np.uint8), 64)
    with screen() as (display, screenshot), terminal(KITTY, display, output, tmp_path):
        assert becomes(two_patches_beside(PATCHED, NEW), screenshot)
        assert not of_color(screenshot(), OLD).any(), "a picture that was replaced is still there"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose pictures are 128x128 in colour, and noise."""
    return write_bundle(tmp_path_factory.mktemp("models") / "noise", height=128, width=128, channels=3)


EXPLORERS = {
    "sixel": ["xterm", "-ti", "vt340", "-fn", "6x13", "-geometry", "120x44", "-e"],
    "kitty": KITTY,
}


@pytest.mark.parametrize("graphics", EXPLORERS)
def test_the_explorer_shows_its_picture(graphics: str, bundle: Path, tmp_path: Path) -> None:
    command = EXPLORERS[graphics]
    require(shutil.which(command[0]), f"{command[0]} (Debian: {command[0]})")
    with vaevis_tui.load(bundle, backend="onnxruntime") as model:
        picture = model.decode(model.sample(3))[0]
    shown = SixelEncoder().encode(picture).shown if graphics == "sixel" else picture
    program = [sys.executable, "-m", "vaevis_tui", "--model", str(bundle), "--backend", "onnxruntime"]
    with (
        screen() as (display, screenshot),
        running([*command, *program, "--seed", "3"], display, tmp_path),
    ):
        assert becomes(partial(holds, shown), screenshot, seconds=60)


def test_xterm_says_that_it_draws_24_bit_colours(tmp_path: Path) -> None:
    """Nothing in its environment tells; a picture in 256 colours would be another one."""
    require(shutil.which("xterm"), "xterm (Debian: xterm)")
    bundle = write_bundle(tmp_path / "noise", height=32, width=32, channels=3)
    with vaevis_tui.load(bundle, backend="onnxruntime") as model:
        picture = model.decode(model.sample(3))[0]
    program = [sys.executable, "-m", "vaevis_tui", "--model", str(bundle), "--backend", "onnxruntime"]
    xterm = ["xterm", "-fn", "6x13", "-geometry", "120x44", "-e", *program, "--seed", "3"]
    with screen() as (display, screenshot), running([*xterm, "--graphics", "half"], display, tmp_path):
        colors = {tuple(color) for color in picture.reshape(-1, 3).tolist()}
        assert becomes(lambda scene: colors <= colors_in(scene), screenshot, seconds=60)


def colors_in(scene: NDArray[np.uint8]) -> set[tuple[int, ...]]:
    """All that there are."""
    return {tuple(color) for color in np.unique(scene.reshape(-1, 3), axis=0).tolist()}


def holds(picture: NDArray[np.uint8], scene: NDArray[np.uint8]) -> bool:
    """Whether the largest patch that is no background is the picture, stretched to its size.

    Backgrounds and frames are dark, or grey in a theme that is not.
    """
    patches = [_patch(scene, there, gap) for there, gap in ((_bright, 7), (_coloured, 13))]
    # The frame beside it may be as coloured: then the patch is wider than its proportions tell.
    height, width = picture.shape[:2]
    patches += [
        (top, bottom, left, left + (bottom - top) * width // height) for top, bottom, left, _ in patches
    ]
    return any(_is_at(picture, scene, *patch) for patch in patches if patch[3] <= scene.shape[1])


def _is_at(
    picture: NDArray[np.uint8], scene: NDArray[np.uint8], top: int, bottom: int, left: int, right: int
) -> bool:
    """Whether the picture is there; a terminal may round the edges of a pixel otherwise by a dot."""
    if min(right - left, bottom - top) < 128:
        return False
    wanted = stretched(picture, bottom - top, right - left).astype(np.int16)
    there = scene[top:bottom, left:right].astype(np.int16)
    shifted = [np.roll(wanted, (y, x), axis=(0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    off = np.min([np.abs(there - each).max(axis=-1) for each in shifted], axis=0)
    return float((off <= 2).mean()) > 0.99


def _patch(
    scene: NDArray[np.uint8], there: Callable[[NDArray[np.uint8]], NDArray[np.bool_]], gap: int
) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the patch that a third of the way down is the widest."""
    left, right = first_run(there(scene[len(scene) // 3]), gap)
    top, bottom = first_run(there(scene[:, (left + right) // 2]), gap)
    return top, bottom, left, right


def _bright(line: NDArray[np.uint8]) -> NDArray[np.bool_]:
    bright: NDArray[np.bool_] = line.max(axis=-1) > 90
    return bright


def _coloured(line: NDArray[np.uint8]) -> NDArray[np.bool_]:
    coloured: NDArray[np.bool_] = np.ptp(line, axis=-1) > 40
    return coloured


def first_run(flags: NDArray[np.bool_], gap: int = 7) -> tuple[int, int]:
    """The longest stretch of flags that are set, with gaps of less than so many."""
    places = np.flatnonzero(flags)
    if not len(places):
        return 0, 0
    starts = np.flatnonzero(np.diff(places, prepend=-gap) >= gap)
    ends = np.append(starts[1:], len(places)) - 1
    longest = int((places[ends] - places[starts]).argmax())
    return int(places[starts[longest]]), int(places[ends[longest]]) + 1


def of_color(scene: NDArray[np.uint8], color: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Where a colour is, but for rounding."""
    off: NDArray[np.int64] = np.abs(scene.astype(np.int64) - color).max(axis=-1)
    return off <= 1


def two_patches_beside(
    other: tuple[int, int, int], color: tuple[int, int, int]
) -> Callable[[NDArray[np.uint8]], bool]:
    """Whether there are two patches of a colour side by side and some of another: more than a few dots."""

    def condition(scene: NDArray[np.uint8]) -> bool:
        there = of_color(scene, color)
        columns = np.flatnonzero(there.any(axis=0))
        two = there.sum() > 1000 and int((np.diff(columns) > 1).sum()) == 1
        return bool(two and of_color(scene, other).sum() > 1000)

    return condition
