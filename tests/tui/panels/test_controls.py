"""A class and a number of a decoder as rows of the app."""

from __future__ import annotations

from pathlib import Path

from tests.onnx_model.conditional import CLASSES, write_conditional
from tests.tui.driving import keep
from tests.tui.support import Clock, exploring
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.tui.menus.bookmark_list import BookmarkList
from vaevis_tui.tui.panels.map_panel import MapPanel
from vaevis_tui.tui.panels.strip_panel import Scale, StripPanel


async def test_rows_of_controls(tmp_path: Path) -> None:
    path = write_conditional(tmp_path / "faces.onnx")
    settings = ExplorerSettings(
        str(path), backend="onnxruntime", clock=Clock(), seed=1, panels=("strip", "map")
    )
    async with exploring(settings, size=(120, 40)) as explorer:
        strip, panel = explorer.screen.query_one(StripPanel), explorer.screen.query_one(MapPanel)
        await explorer.until(lambda: strip.complete and panel.complete)
        z = explorer.exploration.z.tolist()
        first = explorer.frame.image
        await explorer.press("home", "right", "right")
        assert explorer.exploration.state.values == (2, 1, 0)
        assert explorer.exploration.z.tolist() == z
        assert (explorer.frame.image != first).any()
        scale = strip.query_one(Scale)
        await explorer.until(lambda: scale.stops == tuple(range(CLASSES)))
        await explorer.until(lambda: strip.complete and panel.complete)
        tiles = strip._tiles
        assert len(tiles) == CLASSES
        assert tiles[2] is not None
        assert (tiles[2] == explorer.frame.image).all()
        line = "".join(segment.text for segment in explorer.screen.work.widgets.bars.render_line(1))
        assert line.split()[:2] == ["▌label", "2"]
        await explorer.pilot.press("enter", "9")
        await explorer.pilot.pause()
        await explorer.pilot.press("enter", "escape")
        assert explorer.exploration.state.values == (2, 1, 0)
        await explorer.pilot.press("enter", "4", "enter")
        await explorer.settle()
        assert explorer.exploration.state.values == (4, 1, 0)
        await explorer.press("down", "left")
        assert explorer.exploration.state.values[1] < 1
        await explorer.press("backspace", "u", "u", "u")
        assert explorer.exploration.state.values == (2, 1, 0)
        await explorer.pilot.click(
            explorer.screen.work.widgets.bars, offset=(explorer.screen.work.widgets.bars.size.width // 2, 1)
        )
        await explorer.settle()
        assert explorer.exploration.state.values[0] in range(CLASSES)
        await keep(explorer, "home", "backspace", "right", "right", "right")
        third = explorer.frame.image
        await explorer.press("left", "left")
        assert explorer.exploration.state.values[0] == 1
        await explorer.pilot.press("B")
        await explorer.until(lambda: isinstance(explorer.app.screen, BookmarkList))
        await explorer.press("enter")
        assert explorer.exploration.state.values[0] == 3
        assert (explorer.frame.image == third).all()
