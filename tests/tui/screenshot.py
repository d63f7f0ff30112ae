"""``python -m tests.tui.screenshot docs/explorer.svg``: the picture in the README, taken by the program."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from vaevis_tui.models import catalog
from vaevis_tui.tui.app import ExplorerApp
from vaevis_tui.tui.decoding import Decoding
from vaevis_tui.tui.fps_panel import FpsPanel
from vaevis_tui.tui.settings import ExplorerSettings
from vaevis_tui.tui.viewport import Viewport

SIZE = (100, 30)
FRAMES = 100


async def take(path: Path, model: str) -> None:
    """Let the explorer walk, headless, until its statistics are full, then draw the first picture as SVG."""
    settings = ExplorerSettings(model=model, catalog=tuple(catalog.names()), walk=True)
    decoding = Decoding(settings)
    app = ExplorerApp(settings, decoding)
    try:
        async with app.run_test(size=SIZE) as pilot:
            viewport = app.screen.query_one(Viewport)
            while len(viewport.meter.snapshot().frame_times) < FRAMES:
                await pilot.pause(0.05)
            walking = viewport.meter.snapshot()
            await pilot.press("w", "u")  # back to where it began
            await pilot.pause(0.5)
            app.screen.query_one(FpsPanel).statistics = walking
            await pilot.pause()
            path.write_text(app.export_screenshot(title=f"vaevis-tui --model {model}"))
    finally:
        decoding.close()


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else catalog.DEFAULT_MODEL))
