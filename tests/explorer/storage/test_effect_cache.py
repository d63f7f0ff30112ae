"""What rows do to the image is known at the next start, of the same files alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.models.make import write_bundle
from vaevis_tui.explorer.effects import keep_effects, recall_effects
from vaevis_tui.latent.axes import axis_sets
from vaevis_tui.models.bundle import open_bundle


def test_effects_are_those_of_these_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    bundle = open_bundle(write_bundle(tmp_path / "model", 4))
    dimensions, principal = axis_sets(bundle.space)[:2]
    effects = np.array([1.0, 0.1, 3.0, 2.0])
    assert recall_effects(bundle, dimensions) is None
    keep_effects(bundle, dimensions, effects)
    np.testing.assert_array_equal(recall_effects(bundle, dimensions), effects)
    assert recall_effects(bundle, principal) is None
    assert recall_effects(replace(bundle, notes=("its values are -1 to 1",)), dimensions) is None
    (file,) = (tmp_path / "cache").rglob("*.bin")
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert recall_effects(bundle, dimensions) is None
    file.write_bytes(content)
    later = bundle.decoder_path.stat().st_mtime_ns + 1_000_000
    os.utime(bundle.decoder_path, ns=(later, later))
    assert recall_effects(bundle, dimensions) is None
    keep_effects(bundle, dimensions, effects)
    assert len(list((tmp_path / "cache").rglob("*.bin"))) == 1


def test_a_model_without_a_file_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle = replace(open_bundle(write_bundle(tmp_path / "model", 4)), decoder_path=tmp_path / "nowhere")
    axes = axis_sets(bundle.space)[0]
    keep_effects(bundle, axes, np.ones(4))
    assert recall_effects(bundle, axes) is None
    assert not (tmp_path / "cache").exists()
