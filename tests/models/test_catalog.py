from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.make import write_bundle
from vaevis_tui.models import catalog
from vaevis_tui.resources import weights_dir


def test_names_are_those_of_the_shipped_folders() -> None:
    assert set(catalog.names()) == {card.parent.name for card in weights_dir().glob("*/model.toml")}
    assert catalog.names()[0] == catalog.DEFAULT_MODEL


def test_the_default_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("zebra", catalog.DEFAULT_MODEL, "ape"):
        write_bundle(tmp_path / name)
    (tmp_path / "no bundle").mkdir()
    monkeypatch.setattr(catalog, "weights_dir", lambda: tmp_path)
    assert catalog.names() == [catalog.DEFAULT_MODEL, "ape", "zebra"]
