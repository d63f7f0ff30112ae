"""Where pictures of dots go. That they are shown there is proved by tests/tui/test_live_image_dots.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.link.simulator import walk
from tests.terminal.dotscreen import DotScreen
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import KittyGraphics, conclude
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.images.surface import InlineImages, KittyImages, Sixels, fit_cells_to, fit_dots
from vaevis_tui.terminal.quality import DOTS_LADDER
from vaevis_tui.terminal.renderers import medium
from vaevis_tui.terminal.surface import Renderer

sides, cells = st.integers(1, 300), st.tuples(st.integers(1, 40), st.integers(1, 20))
CELL = (16, 8)
ALL = replace(
    conclude([], brand="unknown", multiplexer=None),
    kitty=KittyGraphics(placeholders=False, frames=True),
    iterm=True,
    sixel_registers=256,
    cell=CELL,
)


@given(sides, sides, sides, sides, cells)
def test_stretched_pictures_fit_and_one_side_is_used_up(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int]
) -> None:
    place = fit_cells_to(height, width, columns, rows, cell)
    assert 1 <= place.columns <= columns
    assert 1 <= place.rows <= rows
    assert 0 <= place.left <= columns - place.columns
    assert 0 <= place.top <= rows - place.rows
    assert place.columns == min(columns, 297) or place.rows == min(rows, 297)


def test_stretched_pictures_keep_their_proportions_nearly() -> None:
    place = fit_cells_to(128, 128, 80, 30, (20, 9))
    assert (place.rows, place.columns) == (30, 67)  # 600 by 603 dots
    assert place.scale == 1
    assert fit_cells_to(28, 28, 80, 30, (20, 9)).scale == 4


@given(sides, sides, sides, sides, cells)
def test_dots_fit_within_their_cells(
    height: int, width: int, columns: int, rows: int, cell: tuple[int, int]
) -> None:
    place = fit_dots(height, width, columns, rows, cell, (1000, 1000))
    dots = place.height * place.scale, place.width * place.scale
    assert max(dots) <= 1000
    for used, side, cells_used, window in (
        (dots[0], cell[0], place.rows, rows),
        (dots[1], cell[1], place.columns, columns),
    ):
        assert (cells_used - 1) * side < used <= cells_used * side
        assert cells_used <= window
    if place.scale > 1 or (place.height, place.width) == (height, width):
        assert (place.height, place.width) == (height, width)


def test_a_picture_larger_than_the_window_or_the_limit_is_made_smaller() -> None:
    place = fit_dots(300, 200, 20, 10, (16, 8), (1000, 1000))
    assert (place.height, place.width, place.scale) == (160, 106, 1)
    place = fit_dots(300, 200, 200, 100, (16, 8), (100, 1000))
    assert (place.height, place.width) == (100, 66)


@pytest.mark.parametrize(
    ("graphics", "kind"),
    [(Graphics.KITTY, KittyImages), (Graphics.ITERM, InlineImages), (Graphics.SIXEL, Sixels)],
)
def test_there_is_a_medium_for_each_kind(graphics: Graphics, kind: type[Renderer]) -> None:
    made = medium(graphics, ColorMode(), ALL)
    assert isinstance(made, kind)
    assert made.graphics is graphics
    assert made.fallback.graphics is Graphics.HALF


@pytest.mark.parametrize("graphics", list(Graphics))
def test_every_medium_says_which_it_is(graphics: Graphics) -> None:
    assert medium(graphics, ColorMode(), ALL).graphics is graphics


def noise(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_a_limit_sends_some_rows_of_a_frame_and_the_rest_later() -> None:
    images = KittyImages(ColorMode(), ALL)
    place = images.place(32, 32, 20, 10)
    canvas, screen = images.surface(place, 40), DotScreen(20, 12, CELL)
    for pixels, limit in ((noise(0), None), *[(noise(1), 1500)] * 20):
        update = canvas.plan(pixels, DOTS_LADDER[0], (1, 1), limit=limit)
        assert limit is None or update.size <= limit
        screen.feed(update.text)
        update.commit()
        done = update.whole
    assert done
    assert update.size == 0
    assert (screen.kitty.images[40][::4, ::4] == noise(1)).all()


def test_what_is_not_committed_has_not_happened() -> None:
    images = KittyImages(ColorMode(), replace(ALL, kitty=KittyGraphics(True, False)))
    canvas, screen = images.surface(images.place(32, 32, 20, 10), 40), DotScreen(20, 12, CELL)
    for seed in range(4):
        for quality in DOTS_LADDER[1:]:
            canvas.plan(noise(seed), quality, (1, 1))
        update = canvas.plan(noise(seed), DOTS_LADDER[0], (1, 1))
        screen.feed(update.text)
        update.commit()
        (image,) = screen.kitty.placements
        assert (screen.kitty.images[image][::4, ::4] == noise(seed)).all()


def test_every_step_of_the_ladder_takes_fewer_bytes() -> None:
    (picture,) = walk(128, 1)
    for graphics in (Graphics.KITTY, Graphics.ITERM, Graphics.SIXEL):
        made = medium(graphics, ColorMode(), ALL)
        canvas = made.surface(made.place(128, 128, 64, 32), 40)
        sizes = [canvas.plan(picture, quality).size for quality in canvas.ladder]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < sizes[0] / 2.5


def test_a_still_ends_on_the_line_below_it() -> None:
    for graphics in Graphics:
        made = medium(graphics, ColorMode(), ALL)
        screen = DotScreen(40, 20, CELL)
        screen.feed("prompt\r\n" + made.still(noise(0), 40, 10).replace("\n", "\r\n"))
        place = made.place(32, 32, 40, 10)
        assert (screen.screen.cursor.y, screen.screen.cursor.x) == (1 + place.rows, 0)
