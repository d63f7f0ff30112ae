from __future__ import annotations

from pathlib import Path

from tests.models.make import write_bundle
from vaevis_tui.explorer.watch import ModelWatch


def test_what_changed_is_noticed_once_it_rests(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "model", 4)
    watch = ModelWatch(folder)
    assert not watch.changed()
    (folder / "decoder.onnx").write_bytes((folder / "decoder.onnx").read_bytes() + b" ")
    assert not watch.changed()  # seen for the first time: more may come
    (folder / "model.toml").write_text((folder / "model.toml").read_text() + "\n")
    assert not watch.changed()
    assert watch.changed()
    assert not watch.changed()


def test_other_files_do_not_matter_and_a_missing_decoder_is_waited_for(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "model", 4)
    watch = ModelWatch(folder)
    (folder / "sheet.png").write_bytes(b"")
    assert not watch.changed()
    assert not watch.changed()
    decoder = (folder / "decoder.onnx").read_bytes()
    (folder / "decoder.onnx").unlink()
    assert not watch.changed()
    assert not watch.changed()
    (folder / "decoder.onnx").write_bytes(decoder)
    assert not watch.changed()
    assert watch.changed()
