"""``python -m vaevis_tui.bench.walk MODEL BACKEND REPORT [--no-tune]``: walks and tells when it presented."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from vaevis_tui.terminal.link.meter import FrameMeter


class RecordingMeter(FrameMeter):
    """A meter that remembers the time of every frame, not of the last second's only."""

    def __init__(self) -> None:
        super().__init__(time.perf_counter)
        self.times: list[float] = []
        self.total_dropped = 0

    def presented(self, draw: float, write: float, size: int) -> None:
        """A frame is on the screen."""
        super().presented(draw, write, size)
        self.times.append(time.perf_counter())

    def dropped(self) -> None:
        """A frame gave way to a newer one."""
        super().dropped()
        self.total_dropped += 1


def main(model: str, backend: str, report: str, option: str = "") -> int:
    """Walk until told to quit, then write the report as JSON."""
    from vaevis_tui.explorer.settings import ExplorerSettings, tuned_source, untuned_source
    from vaevis_tui.tui.run import run_explorer

    meter = RecordingMeter()
    source = untuned_source if option == "--no-tune" else tuned_source
    settings = ExplorerSettings(
        model=model, backend=backend, walk=True, meter=meter, decoder_source=source, panels=()
    )
    code = run_explorer(settings)
    Path(report).write_text(json.dumps({"presented": meter.times, "dropped": meter.total_dropped}))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
