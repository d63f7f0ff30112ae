"""Where images of pixel protocols go; tests/tui/images/test_pixel_protocols.py proves that they are shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.link.simulator import walk
from tests.terminal.dotscreen import DotScreen
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import Graphics, KittyGraphics
from vaevis_tui.terminal.images.iterm2 import InlineImages
from vaevis_tui.terminal.images.kitty import KittyImages
from vaevis_tui.terminal.images.sixel import Sixels
from vaevis_tui.terminal.quality import DOTS_LADDER
from vaevis_tui.terminal.renderers import renderer_for
from vaevis_tui.terminal.surface import Renderer

CELL = (16, 8)
ALL = replace(
    infer_support([], brand="unknown", multiplexer=None),
    kitty=KittyGraphics(placeholders=False, frames=True),
    iterm=True,
    sixel_registers=256,
    cell=CELL,
)


@pytest.mark.parametrize(
    ("graphics", "kind"),
    [(Graphics.KITTY, KittyImages), (Graphics.ITERM, InlineImages), (Graphics.SIXEL, Sixels)],
)
def test_there_is_a_renderer_for_each_kind(graphics: Graphics, kind: type[Renderer]) -> None:
    made = renderer_for(graphics, ColorMode(), ALL)
    assert isinstance(made, kind)
    assert made.graphics is graphics
    assert made.fallback.graphics is Graphics.HALF


@pytest.mark.parametrize("graphics", list(Graphics))
def test_every_renderer_says_which_it_is(graphics: Graphics) -> None:
    assert renderer_for(graphics, ColorMode(), ALL).graphics is graphics


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
        made = renderer_for(graphics, ColorMode(), ALL)
        canvas = made.surface(made.place(128, 128, 64, 32), 40)
        sizes = [canvas.plan(picture, quality).size for quality in canvas.ladder]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < sizes[0] / 2.5


def test_a_still_ends_on_the_line_below_it() -> None:
    for graphics in Graphics:
        made = renderer_for(graphics, ColorMode(), ALL)
        screen = DotScreen(40, 20, CELL)
        screen.feed("prompt\r\n" + made.still(noise(0), 40, 10).replace("\n", "\r\n"))
        place = made.place(32, 32, 40, 10)
        assert (screen.screen.cursor.y, screen.screen.cursor.x) == (1 + place.rows, 0)
