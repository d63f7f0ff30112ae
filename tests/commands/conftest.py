"""The explorer as the commands start it."""

from __future__ import annotations

import pytest

from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.terminal.detect import capabilities


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ExplorerSettings]:
    """With what explorers were started, in place of which nothing runs."""
    started: list[ExplorerSettings] = []

    def explore(settings: ExplorerSettings) -> int:
        started.append(settings)
        return 0

    monkeypatch.setattr("vaevis_tui.tui.run.run_explorer", explore)
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    detected = capabilities.detect(terminal, stdin_isatty=True, stdout_isatty=True)
    monkeypatch.setattr(capabilities, "detect", lambda *_, **__: detected)
    return started
