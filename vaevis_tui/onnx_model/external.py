"""Weights beside the file, where PyTorch's exporter puts them by default: ``decoder.onnx.data``."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vaevis_tui.onnx_model.node import UnsupportedError
from vaevis_tui.onnx_model.structure import raw_bytes
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx


def inline_weights(model: onnx.ModelProto, folder: Path, most: int) -> None:
    """Put the weights that lie in other files into the model.

    They may lie in files of the model's own folder, named without any path; nothing else is opened.

    Args:
        model: A model that was parsed; its weights were not looked at yet.
        folder: Where it lies.
        most: Bytes of all such weights together.

    Raises:
        UnsupportedError: A weight lies elsewhere, outside its file, or not as its shape says; or there are
            too many.
    """
    total = 0
    with ExitStack() as stack:
        files: dict[str, tuple[IO[bytes], int]] = {}
        for tensor in model.graph.initializer:
            if not is_external(tensor):
                continue
            what = f"initializer {quoted(tensor.name)}"
            name, start, length = _place(tensor, what)
            total += length
            if total > most:
                raise UnsupportedError(f"its weights take more than the {most >> 20} MiB that are supported")
            if name not in files:
                _check_inside(folder, folder / name, what)
                files[name] = _open(folder / name, what, stack)
            file, size = files[name]
            if start + length > size:
                raise UnsupportedError(
                    f"{what} lies at bytes {start} to {start + length} of {quoted(name)}, which has {size}"
                )
            file.seek(start)
            tensor.raw_data = file.read(length)
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")


def is_external(tensor: onnx.TensorProto) -> bool:
    """Whether a weight says that it lies in another file."""
    return tensor.data_location == type(tensor).EXTERNAL or bool(tensor.external_data)


def _place(tensor: onnx.TensorProto, what: str) -> tuple[str, int, int]:
    """File name, first byte and length of a weight."""
    entries: Mapping[str, str] = {entry.key: entry.value for entry in tensor.external_data}
    name = entries.get("location", "")
    if not name or name in (".", "..") or any(character in name for character in "/\\:\0"):
        raise UnsupportedError(
            f"{what} keeps its data in {quoted(name)}; "
            "a file beside the model, named without a path, is supported"
        )
    needed = raw_bytes(tensor, what)
    try:
        start = int(entries.get("offset", "0"))
        length = int(entries.get("length", str(needed)))
    except ValueError:
        start = length = -1
    if start < 0 or length != needed or length < 0:
        raise UnsupportedError(
            f"{what} has offset {quoted(entries.get('offset', '0'))} and length "
            f"{quoted(entries.get('length', ''))} in {quoted(name)}; {needed} bytes are needed"
        )
    return name, start, length


def _check_inside(folder: Path, path: Path, what: str) -> None:
    """Follow links only within the model's folder, or to the blobs of a Hugging Face cache it lies in."""
    target, inside = path.resolve(), folder.resolve()
    above = (folder.absolute(), *folder.absolute().parents)
    blobs = [parent.parent.resolve() / "blobs" for parent in above if parent.name == "snapshots"]
    if target.parent not in (inside, *blobs):
        raise UnsupportedError(
            f"{what} keeps its data in {quoted(path.name)}, a link that leads out of the model's folder; "
            "the file itself belongs beside the model"
        )


def _open(path: Path, what: str, stack: ExitStack) -> tuple[IO[bytes], int]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnsupportedError(f"{what} keeps its data in {quoted(path.name)}, which is no file")
        return stack.enter_context(path.open("rb")), status.st_size
    except OSError as error:
        raise UnsupportedError(
            f"{what} keeps its data in {quoted(path.name)}, which cannot be read ({error.strerror}); "
            "it belongs beside the model"
        ) from None
