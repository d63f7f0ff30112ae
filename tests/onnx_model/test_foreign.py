"""Files that people take for ONNX models are named, with what to do."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.onnx_model.zoo.animals import DIM, Writer
from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.load import load_decoder


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name in names:
            made.writestr(name, b"content")
    return data.getvalue()


def npz() -> bytes:
    data = io.BytesIO()
    np.savez(data, z=np.zeros(3))
    return data.getvalue()


def safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


FILES: dict[str, tuple[bytes, str]] = {
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "run git lfs pull"),
    "web page": (b"\n<!DOCTYPE html><html><body>404</body></html>", "download the raw file"),
    "checkpoint": (archive("archive/data.pkl", "archive/data/0"), "a PyTorch checkpoint: export the decoder"),
    "TorchScript": (archive("m/constants.pkl", "m/data.pkl"), "a TorchScript archive"),
    "pickle": (pickle.dumps({"w": 1}, protocol=2), "a pickle, as PyTorch writes checkpoints"),
    "zip of a model": (archive("readme", "model/decoder.onnx"), "open the .onnx file in it"),
    "other zip": (archive("readme"), "a zip archive: unpack it"),
    "cut zip": (archive("readme")[:20], "a zip archive that is damaged"),
    "safetensors": (safetensors(), "weights without a graph"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "as Keras writes"),
    "Keras": (archive("config.json", "model.weights.h5"), "a Keras model"),
    "TFLite": (b"\x1c\0\0\0TFL3" + bytes(99), "TensorFlow Lite"),
    "arrays": (npz(), "NumPy arrays"),
    "gzip": (b"\x1f\x8b" + bytes(64), "compressed by gzip"),
    "JSON": (b'{"error": "not found"}', "JSON text: give a decoder"),
    "text": ("Une clé: été ".encode() * 60, "text: give a decoder"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), "--from takes pictures"),
    "nothing": (b"", "empty: export it or download it again"),
}


def refusal(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "decoder.onnx"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        load_decoder(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    return message


@pytest.mark.parametrize("name", FILES)
def test_a_foreign_file_is_named(tmp_path: Path, name: str) -> None:
    data, expected = FILES[name]
    message = refusal(tmp_path, data)
    assert "not an ONNX file but " in message
    assert expected in message


def test_noise_that_begins_like_json_is_not_called_text(tmp_path: Path) -> None:
    noise = b"[" + np.random.default_rng(1).bytes(600).replace(b"\0", b"\1")
    assert "not an ONNX file, or cut short: export it or download it again" in refusal(tmp_path, noise)


def test_an_encoder_is_named(tmp_path: Path) -> None:
    w = Writer(shape=("n", 3, 32, 32), name="image", begin=False).add("Flatten")
    w.add("MatMul", w.constant(np.ones((3 * 32 * 32, DIM), np.float32)))
    message = refusal(tmp_path, w.model().SerializeToString())
    assert "it takes 1x3x32x32 and makes 1x6, which is less: this seems to be an encoder" in message


def test_indices_of_a_codebook_are_named(tmp_path: Path) -> None:
    w = Writer(shape=("n", 4, 4), name="codes", dtype=TensorProto.INT64, begin=False)
    book = numpy_helper.from_array(np.ones((10, 3), np.float32), "book")
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["book", "codes"], ["picked"]),
            helper.make_node("Transpose", ["picked"], ["image"], perm=[0, 3, 1, 2]),
        ],
        "vq",
        list(w.inputs),
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, None)],
        [book],
    )
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    assert "indices of a codebook" in refusal(tmp_path, model.SerializeToString())
