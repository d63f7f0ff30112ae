"""NaN and numbers far beyond all data, wherever a number is read: one line, and exit code 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.make import card_text, latents_arrays
from tests.tui.support import make_bundle
from vaevis_tui.cli import main
from vaevis_tui.errors import UserError
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.explorer.storage.bookmarks import Bookmarks
from vaevis_tui.explorer.storage.config import CONFIG_VARIABLE, read_config
from vaevis_tui.explorer.storage.model_data import ModelData
from vaevis_tui.explorer.storage.session import read_session
from vaevis_tui.export.png import encode_png
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.card import read_card
from vaevis_tui.models.latents_file import read_latents

UNFIT = [float("nan"), float("inf"), -1e30, 1e30, 1e300]


def written(folder: Path, kind: str, value: float) -> list[str]:
    """Arguments of `decode` by which a latent vector of the value and 0 is given."""
    path = folder / f"z.{kind}"
    if kind in ("z", "sigma"):
        return [f"--{kind}={value},0"]
    if kind in ("csv", "-"):
        path.write_text(f"{value},0\n")
    elif kind == "json":
        path.write_text(json.dumps({"z": [[value, 0]]}))
    elif kind == "npy":
        np.save(path, np.array([[value, 0]]))
    elif kind == "npz":
        np.savez(path, z=np.array([[value, 0]]))
    else:
        info = SnapshotInfo("mnist-2d", "0", (123.5, 0.0), None, "onnxruntime", "")
        metadata = {
            name: text.replace("123.5", json.dumps(value)) for name, text in info.to_metadata().items()
        }
        path.write_bytes(encode_png(np.zeros((4, 4, 3), np.uint8), 1, metadata))
        return ["--from", str(path)]
    return ["-" if kind == "-" else str(path)]


@pytest.mark.parametrize("kind", ["z", "sigma", "csv", "json", "npy", "npz", "png", "-"])
@pytest.mark.parametrize("value", UNFIT)
def test_no_command_decodes_them(
    kind: str,
    value: float,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = written(tmp_path, kind, value)
    if kind == "-":
        monkeypatch.setattr(sys, "stdin", (tmp_path / "z.-").open())
    out = tmp_path / "out.npz"
    assert main(["decode", "--model", "mnist-2d", "--backend", "onnxruntime", "--out", str(out), *given]) == 2
    error = capsys.readouterr().err
    assert error.startswith("vaevis-tui: error: ")
    assert error.count("\n") == 1
    assert "holds" in error or "finite" in error
    assert not out.exists()


def session(folder: Path, value: float) -> None:
    text = Exploration("m", make_bundle(latent_dim=4), seed=1).session("auto").to_text()
    fields = json.loads(text)
    fields["z"][0] = value
    (folder / "session.json").write_text(json.dumps(fields))
    read_session(folder / "session.json")


def bookmark(folder: Path, value: float) -> None:
    Bookmarks(ModelData("ab", folder), 2).add(np.array([value, 0]), "", np.zeros((4, 4, 3), np.uint8))


def pasted(folder: Path, value: float) -> None:
    Exploration("m", make_bundle(latent_dim=2)).steer_towards([value, 0], 1.0)


def latents(folder: Path, value: float) -> None:
    arrays: dict[str, Any] = {**latents_arrays(2), "mean": np.array([value, 0], np.float32)}
    np.savez(folder / "latents.npz", **arrays)
    read_latents(folder / "latents.npz")


def setting(folder: Path, value: float) -> None:
    (folder / "config.toml").write_text(f"speed = {value}\n")
    read_config()


def card(folder: Path, value: float) -> None:
    text = card_text("digits", 8, 28, 28, 1, 1234).replace("size = 8", f"size = {value}")
    assert str(value) in text
    (folder / "model.toml").write_text(text)
    read_card(folder / "model.toml")


@pytest.mark.parametrize("read", [session, bookmark, pasted, latents, setting, card])
@pytest.mark.parametrize("value", UNFIT)
@pytest.mark.filterwarnings("ignore:overflow")
def test_no_file_holds_them(
    read: Callable[[Path, float], None], value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.toml"))
    with pytest.raises(UserError) as error:
        read(tmp_path, value)
    assert str(error.value).isprintable()
