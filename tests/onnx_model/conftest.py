"""Nothing that is remembered of a file comes from another test, or stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaevis_tui.onnx_model.adapter import decisions


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(decisions, "_SAID", {})
