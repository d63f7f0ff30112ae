"""Bytes a frame and time to encode for every way to draw a picture, ours and others', from one run.

    python -m tests.benchmarks.encoders [--repeat 15] [--json]

First whole pictures, then what a walk sends of 128x128 pictures: only what changed, in the best and the next
quality, as the explorer does (tests/link/simulator.py makes the walk).

Two pictures: 128x128 in colour, smooth with noise, and a 28x28 digit-like stroke in grey. Cells show every
pixel once (128x128 takes 128x64 cells of half-blocks and 64x32 of octants); sixels are scaled by 4, which is
what a terminal with cells of 8x16 dots needs for 64x32 cells. rich-pixels, textual-image and chafa are
measured if they are installed, at the same numbers of cells, and at the dots a cell that they take for
granted without a terminal (textual-image 10x20). Times are the least of some, chafa's with starting it.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from tests.link.simulator import walk
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.cells.styles import CellStyle
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics, KittyGraphics
from vaevis_tui.terminal.images.iterm2 import inline_image
from vaevis_tui.terminal.images.kitty import KittyImage
from vaevis_tui.terminal.images.sixel import SixelEncoder
from vaevis_tui.terminal.renderers import renderer_for

Pixels = NDArray[np.uint8]

SCALE = 4
"""Dots a pixel for sixels."""


@dataclass(frozen=True)
class Row:
    """What one way costs for one picture."""

    name: str
    picture: str
    bytes: int
    ms: float


def colored(side: int = 128) -> Pixels:
    """Smooth shapes and noise, as hard to compress as a photograph."""
    y, x = np.mgrid[:side, :side]
    smooth = np.stack([np.sin(x / 9 + y / 17), np.cos(y / 7), np.sin(x * y / 700)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 4, smooth.shape)
    return np.clip(128 + 100 * smooth + noise, 0, 255).astype(np.uint8)


def digit(side: int = 28) -> Pixels:
    """A soft ring on black: as much black and grey as a handwritten nought."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    stroke = np.exp(-((np.hypot(x / 0.8, y) - side / 3.5) ** 2) / 4)
    values = np.where(stroke < 0.02, 0, 255 * stroke).astype(np.uint8)
    return values[..., None].repeat(3, axis=2)


Encode = Callable[[], int]
"""Encodes once and returns the number of bytes."""


def ours(pixels: Pixels) -> Iterator[tuple[str, Encode]]:
    """Our encoders."""
    for graphics in (each for each in Graphics if each not in PROTOCOLS):
        for depth in ColorDepth if graphics is not Graphics.ASCII else (ColorDepth.SIXTEEN,):
            style = cell_renderer(graphics, ColorMode(depth)).style
            yield f"{graphics}, {depth}", partial(drawn, style, pixels)
    sixel, dots = SixelEncoder(), (len(pixels) * SCALE, pixels.shape[1] * SCALE)
    yield f"sixel, scale {SCALE}", lambda: len(sixel.encode(pixels, dots).output)
    columns, rows = octant_cells(pixels)
    frames = KittyImage(1, placeholders=True, frames=True)
    frames.show(pixels, columns, rows)
    yield "kitty, frame", lambda: frames.show(pixels, columns, rows).size
    flip = KittyImage(1, placeholders=True, frames=False)
    flip.show(pixels, columns, rows)
    yield "kitty, flip", lambda: flip.show(pixels, columns, rows).size
    yield "iterm", lambda: len(inline_image(pixels, columns, rows))


def drawn(style: CellStyle, pixels: Pixels) -> int:
    """Bytes of an image in cells, all of which are drawn."""
    cells = style.render(pixels, style.ladder[0], (0, 0, 0))
    return cells.stream(np.arange(cells.halves[..., 0, 0].size), (0, 0)).size


def octant_cells(pixels: Pixels) -> tuple[int, int]:
    """Columns and rows that an image takes at 2x4 pixels a cell."""
    return -(-pixels.shape[1] // 2), -(-len(pixels) // 4)


def others(pixels: Pixels, folder: Path) -> Iterator[tuple[str, Encode]]:
    """What else is installed."""
    image = Image.fromarray(pixels)
    halves = pixels.shape[1], -(-len(pixels) // 2)
    if importlib.util.find_spec("rich_pixels"):
        yield "rich-pixels", lambda: printed(import_module("rich_pixels").Pixels.from_image(image))
    if importlib.util.find_spec("textual_image"):
        for name, module, (width, height) in (
            ("half", "halfcell", halves),
            ("sixel", "sixel", octant_cells(pixels)),
            ("kitty", "tgp", octant_cells(pixels)),
        ):
            made = import_module(f"textual_image.renderable.{module}").Image
            yield f"textual-image, {name}", partial(printed_new, made, image, width, height)
    if program := shutil.which("chafa"):
        path = folder / "picture.png"
        image.save(path)
        for kind, (width, height) in (
            ("symbols", halves),
            ("sixels", octant_cells(pixels)),
            ("kitty", octant_cells(pixels)),
        ):
            command = [
                program,
                "--format",
                kind,
                "--symbols",
                "vhalf",
                f"--size={width}x{height}",
                "--stretch",
            ]
            yield f"chafa, {kind}", partial(output_size, [*command, str(path)])


def output_size(command: list[str]) -> int:
    """Bytes that a program writes."""
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return len(subprocess.run(command, check=True, capture_output=True, timeout=60, env=environ).stdout)


def printed_new(made: Callable[..., object], image: Image.Image, width: int, height: int) -> int:
    """Bytes written for what is made anew of an image, as for a live one, some of them past rich."""
    past_rich = io.StringIO()
    stdout, sys.__stdout__ = sys.__stdout__, past_rich  # type: ignore[misc, assignment]
    try:
        size = printed(made(image, width=width, height=height))
    finally:
        sys.__stdout__ = stdout  # type: ignore[misc]
    return size + len(past_rich.getvalue())


def printed(renderable: object) -> int:
    """Bytes that rich writes for something."""
    file = io.StringIO()
    Console(file=file, width=200, force_terminal=True, color_system="truecolor").print(renderable)
    return len(file.getvalue().encode())


def measure(repeat: int) -> list[Row]:
    """All ways, for both pictures."""
    rows = []
    with TemporaryDirectory() as folder:
        for picture, pixels in (("128x128 RGB", colored()), ("28x28 digit", digit())):
            for source, times in ((ours(pixels), repeat), (others(pixels, Path(folder)), 3)):
                for name, encode in source:
                    size = encode()
                    best = min(timeit.repeat(encode, number=1, repeat=times))
                    rows.append(Row(name, picture, size, round(1e3 * best, 2)))
    return rows


def walking(frames: int = 30) -> Iterator[Row]:
    """Bytes and processor time a frame of a walk, for each kind of graphics."""
    nothing = infer_support([], brand="unknown", multiplexer=None)
    kitty = KittyGraphics(placeholders=False, frames=True)
    support = replace(nothing, kitty=kitty, iterm=True, sixel_registers=256, cell=(16, 8))
    pictures = walk(128, frames)
    for graphics in Graphics:
        drawn_with = renderer_for(graphics, ColorMode(), support)
        place = drawn_with.place(128, 128, 128, 64)
        canvas = drawn_with.surface(place, image_id=40)
        for quality in canvas.ladder[:2]:
            size, began = 0, time.process_time()
            for picture in pictures:
                update = canvas.plan(drawn_with.pixels(picture, place), quality)
                update.commit()
                size += update.size
            seconds = (time.process_time() - began) / frames
            yield Row(
                f"{graphics}, {quality.name}", "walk of 128x128 RGB", size // frames, round(1e3 * seconds, 2)
            )


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=15, help="times each of ours is encoded")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    rows = [*measure(options.repeat), *walking()]
    if options.json:
        print(json.dumps([vars(row) for row in rows], indent=2))
        return
    for picture in dict.fromkeys(row.picture for row in rows):
        print(f"\n| {picture} | bytes a frame | ms |\n|---|---:|---:|")
        for row in rows:
            if row.picture == picture:
                print(f"| {row.name} | {row.bytes:,} | {row.ms:.2f} |")


if __name__ == "__main__":
    main()
