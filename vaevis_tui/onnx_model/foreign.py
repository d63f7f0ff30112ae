"""Files that are not ONNX models, recognised by how they begin."""

from __future__ import annotations

import io
import re
import zipfile

_EXPORT = "export the decoder with torch.onnx.export(decoder, torch.zeros(1, d), 'decoder.onnx')"

_PICTURE = "which is no model: --from takes pictures"

_DECODER = "give a decoder's .onnx file"

_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs", "a git-lfs pointer, not the file itself: run git lfs pull"),
    (0, b"\x80\x02", f"a pickle, as PyTorch writes checkpoints: {_EXPORT}"),
    (0, b"\x80\x04", f"a pickle, as PyTorch writes checkpoints: {_EXPORT}"),
    (0, b"\x89HDF\r\n", "an HDF5 file, as Keras writes: convert it, as with tf2onnx"),
    (4, b"TFL3", "a TensorFlow Lite model: convert it, as with tf2onnx --tflite"),
    (4, b"ORTM", "a model in onnxruntime's own format: take the .onnx file that it was made of"),
    (0, b"GGUF", f"a GGUF file, of language models: {_DECODER}"),
    (0, b"\x93NUMPY", f"a NumPy array: {_DECODER}"),
    (0, b"\x89PNG", f"a PNG picture, {_PICTURE}"),
    (0, b"\xff\xd8\xff", f"a JPEG picture, {_PICTURE}"),
    (0, b"GIF8", f"a GIF picture, {_PICTURE}"),
    (0, b"%PDF", f"a PDF: {_DECODER}"),
    (0, b"\x1f\x8b", "compressed by gzip: unpack it"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (257, b"ustar", "a tar archive: unpack it"),
)
"""Where, what bytes, and what the file is and what to do."""


def recognise(data: bytes) -> str | None:
    """What a file is that is no ONNX model, and what to do, a clause; None where that is not known."""
    if not data:
        return "empty: export it or download it again"
    for start, beginning, name in _BEGINNINGS:
        if data[start : start + len(beginning)] == beginning:
            return name
    if data[:4] == b"PK\x03\x04":
        return _archive(data)
    text = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"<!doctype html|<html|<\?xml", text):
        return "a web page, not the file that it links to: download the raw file"
    if re.match(rb"ir_version\s*:", text):
        return "an ONNX model written as text: save it as binary protobuf"
    if len(data) > 9 and data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data):
        return f"a safetensors file, weights without a graph: {_EXPORT}"
    if b"\0" not in text and _is_text(text):
        return f"{'JSON ' if text[:1] in (b'{', b'[') else ''}text: {_DECODER}"
    return None


def _is_text(beginning: bytes) -> bool:
    """Whether bytes are UTF-8, but for a character that may be cut at their end."""
    decoded = beginning.decode("utf-8", "replace").removesuffix("\N{REPLACEMENT CHARACTER}")
    return "\N{REPLACEMENT CHARACTER}" not in decoded and all(c.isprintable() or c.isspace() for c in decoded)


def _archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()[:10_000]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return "a zip archive that is damaged: download it again"
    if any(name.endswith("/constants.pkl") for name in names):
        return f"a TorchScript archive: {_EXPORT}"
    if any(name.rsplit("/")[-1] == "data.pkl" for name in names):
        return f"a PyTorch checkpoint: {_EXPORT}"
    if "model.weights.h5" in names:
        return "a Keras model: convert it, as with tf2onnx"
    if any(name.endswith(".npy") for name in names):
        return f"NumPy arrays: {_DECODER}"
    inside = next((name for name in names if name.endswith(".onnx")), None)
    return "a zip archive: unpack it" + (" and open the .onnx file in it" if inside else "")
