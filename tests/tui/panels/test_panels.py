"""Strip, map, axes and status in the running app: what they show is what the decoder makes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tui.support import ExactDecoder, Explorer, exploring, make_bundle, make_settings
from vaevis_tui.terminal.cells.renderer import cell_renderer
from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.support import infer_support
from vaevis_tui.terminal.graphics import Graphics, KittyGraphics
from vaevis_tui.terminal.images.kitty import KittyImages
from vaevis_tui.terminal.images.sixel import Sixels
from vaevis_tui.terminal.placement import Placement
from vaevis_tui.terminal.surface import Renderer
from vaevis_tui.tui.images.live_image import LiveImage
from vaevis_tui.tui.layout import Panels, arrange
from vaevis_tui.tui.panels.filmstrip_panel import FilmstripPanel, Labels
from vaevis_tui.tui.panels.latent_bars import LatentBars
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.status_line import StatusLine
from vaevis_tui.tui.panels.strip_panel import SIGMAS, Scale, StripPanel, places
from vaevis_tui.tui.panels.tile_image import canvas_in

LARGE = (149, 60)
NOTHING = infer_support([], brand="unknown", multiplexer=None)
RENDERERS: tuple[Renderer, ...] = (
    cell_renderer(Graphics.HALF, ColorMode()),
    KittyImages(ColorMode(), replace(NOTHING, kitty=KittyGraphics(False, True), cell=(11, 6))),
    Sixels(ColorMode(), replace(NOTHING, sixel_registers=256, sixel_size=(1000, 1000), cell=(12, 6))),
)
"""The second has cells that are not twice as high as wide, the third less room than a window."""


def frame_of(explorer: Explorer, selector: str) -> NDArray[np.uint8] | None:
    frame = explorer.screen.query_one(selector, LiveImage).presented
    return None if frame is None else frame.image


def expected_strip(explorer: Explorer) -> NDArray[np.uint8]:
    state = explorer.exploration.state
    with ExactDecoder(explorer.exploration.bundle) as decoder:
        return decoder.decode(state.axis_set.steps_along(state.z, state.selected, SIGMAS))


def shows_strip(explorer: Explorer) -> bool:
    """Whether each tile of the strip is its decode, where the tiles have the decoder's size or a multiple."""
    image = frame_of(explorer, "#strip-image")
    if image is None:
        return False
    tiles = expected_strip(explorer)
    spots = places(image.shape[:2], tiles.shape[1:3], 1)
    for index, left, height, width in spots:
        shown, tile = image[:height, left : left + width], tiles[index]
        rows = np.arange(height) * tile.shape[0] // height
        columns = np.arange(width) * tile.shape[1] // width
        if height >= tile.shape[0] and not np.array_equal(shown, tile[rows[:, None], columns]):
            return False
        # made smaller, each pixel is an average: the whole keeps its brightness
        if abs(float(shown.mean()) - float(tile.mean())) > 12:
            return False
    return True


async def test_the_strip_shows_the_decodes_along_the_row_and_a_click_goes_there() -> None:
    async with exploring(size=LARGE) as explorer:
        await explorer.pilot.press("v")
        await explorer.until(lambda: shows_strip(explorer))
        await explorer.press("down")
        await explorer.until(lambda: shows_strip(explorer))
        strip = explorer.screen.query_one(StripPanel)
        await explorer.pilot.click(strip, offset=(int(strip.size.width * 5.5 / 7), 2))
        await explorer.settle()
        assert explorer.exploration.value == pytest.approx(2.0)
        await explorer.press("u")
        await explorer.pilot.press("v")
        await explorer.pilot.pause()
        assert not strip.display


async def test_the_strip_follows_when_the_rows_are_ordered_by_what_they_do() -> None:
    async with exploring(make_settings(panels=("strip",)), size=LARGE) as explorer:
        first = explorer.exploration.axis_set.order[0]
        assert explorer.exploration.state.selected == first != explorer.exploration.bundle.space.order[0]
        await explorer.until(lambda: shows_strip(explorer))


async def test_the_scale_marks_where_one_is_and_hides_no_label() -> None:
    async with exploring(size=LARGE) as explorer:
        await explorer.press("v", "c", "shift+right")
        scale = explorer.screen.query_one(Scale)
        line = scale.render()
        assert [label for label in line.plain.split() if "σ" in label] == [
            "-3σ",
            "-2σ",
            "-1σ",
            "+1σ",
            "+2σ",
            "+3σ",
        ]
        (mark,) = line.spans
        assert line.plain[mark.start : mark.end] == "+1σ"
        await explorer.press("left", "left", "left")
        assert "▲" in scale.render().plain


async def test_the_strip_says_the_rows_name_and_value_where_there_is_room() -> None:
    async with exploring(size=LARGE) as explorer:
        await explorer.press("v", "shift+right")
        scale = str(explorer.screen.query_one(Scale).render())
        name = explorer.exploration.axis_set.axes[explorer.exploration.state.selected].name
        assert scale.split()[0] == name
        assert scale.split()[-1] == f"{explorer.exploration.value:+.2f}"
        await explorer.pilot.resize_terminal(40, 24)
        await explorer.settle()
        assert str(explorer.screen.query_one(Scale).render()).split()[0] == "-3σ"


@pytest.mark.parametrize("renderer", RENDERERS, ids=lambda each: str(each.graphics))
@pytest.mark.parametrize("window", [(198, 12), (118, 9), (75, 30), (320, 8)])
def test_a_composed_image_lies_in_the_cells_that_it_was_composed_for(
    renderer: Renderer, window: tuple[int, int]
) -> None:
    canvas = canvas_in(renderer, *window)
    place = renderer.place(canvas.height, canvas.width, *window)
    assert (place.left, place.columns) == (canvas.left, canvas.columns)
    assert place.rows == renderer.most(*window)[1]


@pytest.mark.parametrize("renderer", RENDERERS, ids=lambda each: str(each.graphics))
async def test_labels_stand_below_their_tiles(renderer: Renderer) -> None:
    async with exploring(size=(200, 60)) as explorer:
        explorer.app.port.renderer = renderer
        await explorer.press("r", "b", "r", "b", "f")
        if not explorer.screen.query_one(StripPanel).display:
            await explorer.press("v")
        strip, film = explorer.screen.query_one(StripPanel), explorer.screen.query_one(FilmstripPanel)
        await explorer.until(lambda: strip.complete and film.complete)
        for panel in (strip, film):
            panel.repaint()

        def place(panel: StripPanel | FilmstripPanel) -> Placement:
            """Where a terminal puts it: without one, half-blocks stand in."""
            image = panel.query_one(LiveImage)
            assert image._newest is not None
            height, width, _ = image._newest.image.shape
            return renderer.place(height, width, image.size.width, image.size.height)

        tiles, line = place(strip), str(strip.query_one(Scale).render())
        for index, label in ((1, "-2σ"), (3, "0"), (5, "+2σ")):
            centre = tiles.left + tiles.columns * (index + 0.5) / len(SIGMAS)
            assert abs(line.index(f" {label} ") + 1 + len(label) / 2 - centre) <= 1, label
        left = place(film).left
        first = str(film.query_one(Labels).render())[left : left + film.slot]
        assert abs(len(first.rstrip()) + len(first) - len(first.lstrip()) - film.slot) <= 2
        await explorer.pilot.click(strip, offset=(tiles.left + int(tiles.columns * 5.5 / 7), 2))
        await explorer.settle()
        assert explorer.exploration.value == pytest.approx(2.0)


async def test_moving_along_the_row_asks_for_no_other_tiles() -> None:
    async with exploring(size=LARGE) as explorer:
        await explorer.pilot.press("v")
        await explorer.until(lambda: shows_strip(explorer))
        shown = explorer.screen.query_one("#strip-image", LiveImage).presented
        await explorer.press("right", "right", "shift+right")
        assert explorer.screen.query_one("#strip-image", LiveImage).presented is shown


async def test_two_dimensions_begin_with_their_map_in_which_arrows_move() -> None:
    bundle = make_bundle("plane", latent_dim=2)
    async with exploring(make_settings(bundle), size=LARGE) as explorer:
        panel = explorer.screen.query_one(MapPanel)
        assert panel.display
        assert "←→↑↓ move  PgUp PgDn zoom  Esc rows" in explorer.hints
        before = explorer.exploration.z.copy()
        await explorer.press("right", "up")
        change = explorer.exploration.z - before
        np.testing.assert_allclose(change, [0.1, 0.1], atol=1e-6)
        await explorer.press("u", "u")
        np.testing.assert_array_equal(explorer.exploration.z, before)
        await explorer.pilot.press("escape")
        await explorer.press("right")
        assert explorer.exploration.z[1 - explorer.exploration.state.selected] == pytest.approx(
            before[1 - explorer.exploration.state.selected]
        )
        assert "↑↓ select  ←→ move" in explorer.hints
        await explorer.pilot.click(panel, offset=(8, 4))
        await explorer.until(lambda: explorer.screen.actions.panels.arrows == "map")
        await explorer.pilot.click(explorer.screen.query_one(LatentBars), offset=(2, 1))
        await explorer.until(lambda: explorer.screen.actions.panels.arrows == "rows")


async def test_a_click_on_the_map_goes_to_what_is_shown_there() -> None:
    bundle = make_bundle("plane", latent_dim=2)
    async with exploring(make_settings(bundle), size=LARGE) as explorer:
        panel = explorer.screen.query_one(MapPanel)
        await explorer.until(lambda: panel.complete)
        image = explorer.screen.query_one("#map-image", LiveImage)
        place = image.placement
        assert place is not None
        await explorer.pilot.click(image, offset=(place.left + 3, place.top + 2))
        await explorer.settle()
        u, v = panel.under(3 + 0.5, 2 + 0.5)
        np.testing.assert_allclose(explorer.exploration.z, [u, v], atol=1e-5)


async def test_tab_changes_the_rows_and_values_go_by_them() -> None:
    async with exploring() as explorer:
        await explorer.press("tab")
        assert explorer.exploration.axis_set.name == "axes"
        before = explorer.exploration.z.copy()
        await explorer.press("shift+right")
        step = explorer.exploration.axis_set.step(explorer.exploration.state.selected)
        np.testing.assert_allclose(explorer.exploration.z - before, step, atol=1e-5)
        await explorer.press("u", "shift+tab")
        assert explorer.exploration.axis_set.name == "dimensions"
        np.testing.assert_array_equal(explorer.exploration.z, before)


async def test_examples_are_gone_to_and_named() -> None:
    async with exploring(size=(120, 36)) as explorer:
        anchors = explorer.exploration.anchors
        await explorer.press("n")
        here = anchors.at(explorer.exploration.z)
        assert here is not None
        label = anchors.anchors.labels[here]
        status = explorer.screen.query_one(StatusLine)
        await explorer.until(lambda: f"near {label}, 100 %" in str(status.render()))
        assert "typical" in str(status.render()) or "data" in str(status.render())
        await explorer.press("9")
        assert "has no example '9'" in explorer.notices


async def test_a_row_that_leaves_the_data_is_told_where_the_whole_point_does_not() -> None:
    async with exploring(make_settings(make_bundle("many", 256)), size=(120, 36)) as explorer:
        status = explorer.screen.query_one(StatusLine)
        name = explorer.exploration.axis_set.axes[explorer.exploration.state.selected].name
        await explorer.press("enter", "6", "enter")
        await explorer.until(lambda: f"{name} beyond the data" in str(status.render()))
        await explorer.press("t")
        await explorer.until(lambda: "typical" in str(status.render()))
        assert explorer.value == 4.0


async def test_details_are_opened_and_closed() -> None:
    async with exploring(size=(120, 36)) as explorer:
        await explorer.pilot.press("i")
        await explorer.until(lambda: bool(explorer.screen.query_one("Details").display))
        await explorer.pilot.press("i")
        await explorer.until(lambda: not explorer.screen.query_one("Details").display)


def test_the_strip_has_room_at_80x24() -> None:
    layout = arrange(80, 24, (128, 128), Panels(rows=128, strip=True))
    assert layout.strip.height >= 4
    assert layout.image.height >= 15


@pytest.mark.parametrize(("size", "opened"), [((120, 36), False), ((200, 60), True)])
async def test_what_there_is_room_for_is_open_at_first(size: tuple[int, int], opened: bool) -> None:
    async with exploring(size=size) as explorer:
        assert explorer.screen.query_one(StripPanel).display is opened
        assert explorer.screen.query_one(MapPanel).display is opened
        assert explorer.screen.actions.panels.arrows == "rows"
        if opened:
            await explorer.until(lambda: explorer.screen.query_one(MapPanel).complete)


async def test_panels_and_steps_are_what_the_settings_say() -> None:
    settings = make_settings(panels=("strip", "filmstrip"), step=0.25, coarse_step=2.0, fine_step=0.05)
    async with exploring(settings, size=(160, 50)) as explorer:
        shown = {
            name: explorer.screen.query_one(f"#{name}").display for name in ("strip", "map", "filmstrip")
        }
        assert shown == {"strip": True, "map": False, "filmstrip": True}
        await explorer.press("c", "right", "shift+right", "ctrl+left")
        assert explorer.value == pytest.approx(2.2)


@pytest.mark.parametrize("panel", ["v", "p", "f", "x"])
async def test_panels_in_the_narrowest_windows(panel: str) -> None:
    async with exploring(size=(120, 40)) as explorer:
        await explorer.press("r", "r", "b", panel)
        for width, height in [*((width, 40) for width in range(1, 12)), (200, 1), (120, 3), (40, 60)]:
            await explorer.pilot.resize_terminal(width, height)
            await explorer.pilot.press("r")
            assert explorer.app.is_running
