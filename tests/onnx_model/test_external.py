"""Weights beside the model, as PyTorch's exporter leaves them, and files that only pretend to have some."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.models.make import decoder_model
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.external import inline_weights
from vaevis_tui.onnx_model.load import load_decoder
from vaevis_tui.onnx_model.node import UnsupportedError

DATA = "decoder.onnx.data"


def write(folder: Path) -> tuple[Path, onnx.ModelProto]:
    """A model with all its weights in another file, and the model with them inside."""
    model = decoder_model(4, height=8, width=8, features=4)
    path = folder / "decoder.onnx"
    onnx.save(model, path, save_as_external_data=True, location=DATA, size_threshold=0)
    return path, decoder_model(4, height=8, width=8, features=4)


def change(path: Path, key: str, value: str) -> None:
    """Rewrite where the first weight says that it lies."""
    model = onnx.load(path, load_external_data=False)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.external_data)
    entries = {entry.key: entry.value for entry in tensor.external_data} | {key: value}
    del tensor.external_data[:]
    for name, entry in entries.items():
        tensor.external_data.add(key=name, value=entry)
    path.write_bytes(model.SerializeToString())


def test_they_are_read_as_if_they_were_inside(tmp_path: Path) -> None:
    path, inside = write(tmp_path)
    assert (tmp_path / DATA).stat().st_size > 0
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in inside.graph.initializer}
    found = load_decoder(path).model.graph.initializer
    assert {tensor.name for tensor in found} == set(weights)
    for tensor in found:
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), weights[tensor.name])


def test_a_model_is_opened_from_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert open_bundle("decoder.onnx").latent_dim == 4


LIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "elsewhere": (lambda p: change(p, "location", "../decoder.onnx.data"), "a file beside the model"),
    "absolute": (lambda p: change(p, "location", "/etc/hostname"), "a file beside the model"),
    "backslash": (lambda p: change(p, "location", "..\\x"), "a file beside the model"),
    "the folder": (lambda p: change(p, "location", ".."), "a file beside the model"),
    "nowhere": (lambda p: change(p, "location", ""), "a file beside the model"),
    "NUL": (lambda p: change(p, "location", "a\0b"), "a file beside the model"),
    "missing": (lambda p: (p.parent / DATA).unlink(), f"'{DATA}', which cannot be read"),
    "no file": (lambda p: change(p, "location", "folder"), "'folder', which is no file"),
    "beyond the end": (lambda p: change(p, "offset", "1000000"), "which has "),
    "before the start": (lambda p: change(p, "offset", "-4"), "bytes are needed"),
    "no number": (lambda p: change(p, "offset", "4k"), "bytes are needed"),
    "too long": (lambda p: change(p, "length", "1000000000000"), "bytes are needed"),
    "too short": (lambda p: change(p, "length", "1"), "bytes are needed"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_there_is_named_in_one_line(tmp_path: Path, lie: str) -> None:
    path, _ = write(tmp_path)
    (tmp_path / "folder").mkdir()
    tell, message = LIES[lie]
    tell(path)
    with pytest.raises(UserError) as refusal:
        load_decoder(path)
    assert message in str(refusal.value)
    assert "initializer '" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_their_number_is_bounded_however_often_they_lie_in_the_same_place(tmp_path: Path) -> None:
    path, _ = write(tmp_path)
    model = onnx.load(path, load_external_data=False)
    size = (tmp_path / DATA).stat().st_size
    for _ in range(2):
        model.graph.initializer.extend(list(model.graph.initializer))
    with pytest.raises(UnsupportedError, match="its weights take more than"):
        inline_weights(model, tmp_path, 3 * size)


@pytest.mark.skipif(not hasattr(Path, "symlink_to"), reason="no symbolic links on this system")
def test_links_are_followed_only_where_they_stay(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    path, _ = write(model)
    (model / DATA).rename(tmp_path / "elsewhere")
    (model / DATA).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="a link that leads out of the model's folder"):
        load_decoder(path)
    (model / DATA).unlink()
    (tmp_path / "elsewhere").rename(model / "inside")
    (model / DATA).symlink_to("inside")
    assert load_decoder(path).latent_dim == 4


@pytest.mark.skipif(not hasattr(Path, "symlink_to"), reason="no symbolic links on this system")
def test_a_hugging_face_cache_is_read_as_it_lies(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "models--x" / "blobs", tmp_path / "models--x" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    write(blobs)
    for name in ("decoder.onnx", DATA):
        (snapshot / name).symlink_to(Path("..") / ".." / "blobs" / name)
    assert load_decoder(snapshot / "decoder.onnx").latent_dim == 4
