from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.terminal.emulator import PixelScreen
from vaevis_tui.terminal.cells.halfblock import HalfBlocks
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.cells.surface import CellSurface
from vaevis_tui.terminal.color.colors import ColorDepth, ColorMode
from vaevis_tui.terminal.color.xterm_palette import nearest, palette, to_grey
from vaevis_tui.terminal.graphics import Graphics
from vaevis_tui.terminal.quality import Quality, distances, ladder, reduce
from vaevis_tui.terminal.surface import Update

ROWS, COLUMNS, TOP, LEFT = 5, 7, 2, 3
TRUECOLOR = ColorMode()
EXACT, TOLERANT, *_, COARSEST = ladder(TRUECOLOR)


def noise(seed: int, height: int = 2 * ROWS) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).choice([0, 80, 250], (height, COLUMNS, 3)).astype(np.uint8)


class Terminal:
    """A live picture, and the terminal that shows it."""

    def __init__(self, mode: ColorMode = TRUECOLOR) -> None:
        self.live = CellSurface(HalfBlocks(mode), ROWS, COLUMNS)
        self.screen = PixelScreen(COLUMNS + LEFT + 2, ROWS + TOP + 2)

    def show(self, pixels: NDArray[np.uint8], quality: Quality = EXACT, limit: int | None = None) -> int:
        update = self.live.plan(pixels, quality, (TOP, LEFT), limit=limit)
        update.commit()
        assert update.size == len(update.text.encode())
        self.screen.feed(update.text + "\x1b[m")
        return update.size

    def pixels(self) -> NDArray[np.uint8]:
        return self.screen.pixels()[2 * TOP : 2 * (TOP + ROWS), LEFT : LEFT + COLUMNS]


def shown(live: CellSurface, pixels: NDArray[np.uint8], quality: Quality) -> Update:
    update = live.plan(pixels, quality)
    update.commit()
    return update


def test_the_first_update_draws_all_and_the_same_again_nothing() -> None:
    terminal = Terminal()
    assert terminal.show(noise(0)) > 0
    assert (terminal.pixels() == noise(0)).all()
    assert terminal.live.known.all()
    assert terminal.show(noise(0)) == 0


def test_only_what_changed_is_drawn() -> None:
    terminal = Terminal()
    terminal.show(noise(0))
    other = noise(0)
    other[3, 4] = (9, 9, 9)
    assert 0 < terminal.show(other) < 60
    assert (terminal.pixels() == other).all()


def test_the_lower_half_of_an_odd_last_row_is_background() -> None:
    terminal = Terminal()
    update = terminal.live.plan(noise(0, 2 * ROWS - 1), EXACT, (TOP, LEFT), background=(1, 2, 3))
    terminal.screen.feed(update.text)
    assert (terminal.pixels()[:-1] == noise(0)[:-1]).all()
    assert (terminal.pixels()[-1] == (1, 2, 3)).all()


def test_what_is_tolerated_does_not_add_up() -> None:
    terminal = Terminal()
    pixels = np.full((2 * ROWS, COLUMNS, 3), 100, np.uint8)
    terminal.show(pixels)
    drawn = 0
    for _ in range(20):
        pixels += 1
        drawn += terminal.show(pixels, TOLERANT) > 0
        assert (distances(terminal.pixels(), pixels) <= 9 * TOLERANT.tolerance**2).all()
    assert drawn == 20 // (int(TOLERANT.tolerance) + 1)
    terminal.show(pixels, EXACT)
    assert (terminal.pixels() == pixels).all()


def test_a_limit_leaves_the_rest_for_the_next_update() -> None:
    terminal = Terminal()
    sizes = []
    while not terminal.live.known.all():
        sizes.append(terminal.show(noise(1), limit=200))
    assert len(sizes) > 2
    assert max(sizes) <= 200
    assert (terminal.pixels() == noise(1)).all()
    assert shown(terminal.live, noise(1), EXACT).whole


def test_what_is_shown_better_is_not_drawn_coarser() -> None:
    terminal = Terminal()
    terminal.show(noise(0), EXACT)
    everywhere = np.ones((ROWS, COLUMNS), np.bool_)
    assert terminal.live.plan(noise(0), COARSEST, (TOP, LEFT), within=everywhere).size == 0
    terminal.live.forget(2, slice(3, 5))
    assert terminal.live.plan(noise(0), COARSEST, (TOP, LEFT), within=everywhere).size < 60, "two cells"


@pytest.mark.parametrize("quality", ladder(TRUECOLOR), ids=lambda quality: quality.name)
def test_every_quality_shows_what_it_says(quality: Quality) -> None:
    terminal = Terminal()
    terminal.show(noise(2), quality)
    shown = reduce(noise(2), quality)
    if quality.depth is ColorDepth.PALETTE:
        shown = palette()[nearest(shown)]
    assert (terminal.pixels() == shown).all()
    terminal.show(noise(2), EXACT)
    assert (terminal.pixels() == noise(2)).all()


def test_every_step_takes_fewer_bytes() -> None:
    y, x = np.mgrid[:64, :64]
    moving = [
        np.stack([x * 3 + t, y * 3 + 2 * t, x + y - t], -1).astype(np.uint8) // 2 + 60 for t in range(12)
    ]
    totals = []
    for quality in ladder(TRUECOLOR):
        live = CellSurface(HalfBlocks(TRUECOLOR), 32, 64)
        totals.append(sum(shown(live, pixels, quality).size for pixels in moving))
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < totals[0] / 8


def test_greys_and_256_colours() -> None:
    terminal = Terminal(ColorMode(grey=True))
    terminal.show(noise(0))
    assert (terminal.pixels() == to_grey(noise(0))).all()
    mode = ColorMode(ColorDepth.PALETTE)
    terminal = Terminal(mode)
    update = shown(terminal.live, noise(0), ladder(mode)[0])
    assert "38;5;" in update.text
    assert "38;2;" not in update.text


def test_sixteen_colours() -> None:
    mode = ColorMode(ColorDepth.SIXTEEN)
    medium = cell_renderer(Graphics.HALF, mode)
    canvas = medium.surface(medium.place(10, 7, 7, 5))
    update = canvas.plan(noise(0), ladder(mode)[0])
    update.commit()
    assert "38;" not in update.text
    assert "\x1b[" in update.text
    assert canvas.plan(noise(0), ladder(mode)[0]).size == 0


def test_nonsense_is_refused() -> None:
    for size in ((0, 5), (5, 0)):
        with pytest.raises(ValueError, match="no image has"):
            CellSurface(HalfBlocks(TRUECOLOR), *size)
    with pytest.raises(ValueError, match="do not hold"):
        Terminal().show(noise(0)[:4])


@pytest.mark.parametrize("at", [(996, 0), (0, 996)])
def test_what_cannot_be_addressed_is_left_out(at: tuple[int, int]) -> None:
    live, screen = CellSurface(HalfBlocks(TRUECOLOR), ROWS, COLUMNS), PixelScreen(1000, 1000)
    update = live.plan(noise(0), EXACT, at)
    update.commit()
    assert update.whole
    assert not live.stale
    screen.feed(update.text)
    for row in range(ROWS):
        for column in range(COLUMNS):
            cell = screen.screen.buffer[at[0] + row][at[1] + column]
            assert (cell.bg != "default") == (at[0] + row < 999 and at[1] + column < 999)


actions = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), st.integers(0, 9), st.sampled_from(ladder(TRUECOLOR)), st.booleans()),
        st.tuples(st.just("scribble"), st.integers(0, ROWS - 1)),
        st.tuples(st.just("other"), st.integers(0, ROWS - 1)),
        st.tuples(st.just("cover"), st.integers(0, ROWS - 1)),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(actions)
def test_whatever_happened_it_ends_with_the_last_frame(actions: list[tuple[object, ...]]) -> None:
    terminal = Terminal()
    covered = np.zeros((ROWS, COLUMNS), np.bool_)
    for kind, *arguments in actions:
        match kind, arguments:
            case "frame", (int(seed), Quality() as quality, bool(cut)):
                before = terminal.pixels()
                terminal.show(noise(seed), quality, 100 if cut else None)
                untouched = covered.repeat(2, axis=0)
                assert (terminal.pixels()[untouched] == before[untouched]).all()
            case "scribble", (int(row),):
                terminal.screen.write_at(LEFT, TOP + row, "\x1b[48;2;7;7;7m" + " " * COLUMNS + "\x1b[m")
                terminal.live.forget(row)
            case "other", (int(row),):
                within = np.zeros((ROWS, COLUMNS), np.bool_)
                within[row] = True
                before = terminal.pixels()
                update = terminal.live.plan(noise(7), TOLERANT, (TOP, LEFT), within=within)
                update.commit()
                terminal.screen.feed(update.text + "\x1b[m")
                untouched = ~within.repeat(2, axis=0)
                assert (terminal.pixels()[untouched] == before[untouched]).all()
            case "cover", (int(row),):
                covered = np.zeros((ROWS, COLUMNS), np.bool_)
                covered[row, 2:5] = True
                terminal.screen.write_at(LEFT, TOP + row, "\x1b[48;2;7;7;7m" + " " * COLUMNS + "\x1b[m")
                terminal.live.forget(row)
                terminal.live.cover(covered)
    terminal.live.cover(np.zeros((ROWS, COLUMNS), np.bool_))
    terminal.show(noise(99))
    assert (terminal.pixels() == noise(99)).all()


def test_stale_is_known_at_any_time() -> None:
    """It is remembered, since it is asked several times a frame."""
    terminal = Terminal()
    covered = np.zeros((ROWS, COLUMNS), np.bool_)
    covered[1] = True
    assert terminal.live.stale
    terminal.live.cover(covered)
    terminal.show(noise(0))
    assert not terminal.live.stale
    terminal.live.cover(np.zeros((ROWS, COLUMNS), np.bool_))
    assert terminal.live.stale
    terminal.show(noise(0))
    assert not terminal.live.stale
    terminal.live.forget(3, slice(2, 3))
    assert terminal.live.stale
    terminal.show(noise(0))
    assert not terminal.live.stale
