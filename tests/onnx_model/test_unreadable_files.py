"""Files that are cut short, too large, no files, or hold weights that are no numbers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from tests.models.make import decoder_model, write_decoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.onnx_model.limits import MAX_FILE_BYTES
from vaevis_tui.onnx_model.load import load_decoder


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_weight_that_is_no_number_is_named(number: float, tmp_path: Path) -> None:
    model = decoder_model(8)
    name, weight = next((t.name, t) for t in model.graph.initializer if len(t.dims) > 1)
    values = numpy_helper.to_array(weight).copy()
    values.flat[0] = number
    weight.CopyFrom(numpy_helper.from_array(values, name))
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    notes = "; ".join(open_bundle(path).notes)
    assert "images hold NaN or infinities" in notes
    assert repr(name) in notes


def test_a_weight_that_is_no_number_is_named_though_no_image_shows_it(tmp_path: Path) -> None:
    model = decoder_model(8)
    node = next(node for node in model.graph.node if node.op_type == "Sigmoid")
    infinite = numpy_helper.from_array(np.array([np.inf], np.float32), "infinite")
    model.graph.initializer.append(infinite)
    kept = node.input[0]
    model.graph.node.insert(
        len(model.graph.node) - 1, helper.make_node("Min", [kept, "infinite"], ["bounded"])
    )
    node.input[0] = "bounded"
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert any("its weight 'infinite' holds NaN or infinities" in note for note in open_bundle(path).notes)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hello, I am no model at all", bytes(100), b"\x1f\x8b" + bytes(64)]
)
def test_files_that_are_no_onnx(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not an ONNX file"):
        load_decoder(path)


def test_truncated_anywhere_is_refused(tmp_path: Path) -> None:
    path = write_decoder(tmp_path / "model.onnx", 4, height=8, width=8, features=2)
    whole = path.read_bytes()
    graph_begins = whole.index(b"decoder") - 2
    for length in range(0, graph_begins, 3):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not an ONNX file"):
            load_decoder(path)
    for length in range(graph_begins, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not an ONNX file, or cut short"):
            load_decoder(path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = write_decoder(tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes().replace(b"conv1.weight", b"\xff" * 12))
    with pytest.raises(UserError, match="a name in it is not UTF-8 text"):
        load_decoder(path)


def test_files_beyond_the_limit_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # sparse: takes no room
    with pytest.raises(UserError, match="larger than the 512 MiB that are supported"):
        load_decoder(path)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_decoder(tmp_path / "missing.onnx")
    with pytest.raises(UserError, match="not a file"):
        load_decoder(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero on this system")
def test_devices_are_no_files() -> None:
    with pytest.raises(UserError, match="not a file"):
        load_decoder(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(UserError, match="not a file"):
        load_decoder(tmp_path / "pipe.onnx")
