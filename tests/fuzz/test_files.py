"""A few of the inputs of `tests.fuzz.files`, and those that once got through, one of a kind each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fuzz import changes
from tests.fuzz.files import KINDS, inputs, own_folders, try_one
from tests.fuzz.guard import fault_of, limited
from vaevis_tui.errors import UserError

COUNTS = {"onnx": 60, "encoder": 30, "photo": 40, "snapshot": 40}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with own_folders() as path, limited():
        yield path


@pytest.mark.parametrize("kind", KINDS)
def test_good_files_are_read(kind: str, folder: Path) -> None:
    for data in KINDS[kind].seeds().values():
        path = folder / KINDS[kind].name
        path.write_bytes(data)
        KINDS[kind].read(path)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(kind: str, folder: Path) -> None:
    for number, data in inputs(kind, 0, COUNTS.get(kind, 100)):
        assert try_one(kind, data, folder) is None, f"{kind} {number}"


@pytest.mark.parametrize(
    ("kind", "seed", "number"),
    [
        ("onnx", 60, 8954),  # an output of truth values
        ("latents", 0, 108),  # a shape of booleans
        ("latents", 3, 912),  # labels with code points beyond Unicode
        ("photo", 0, 1392),  # EXIF data cut short
        ("vectors", 0, 140),  # a header of an array quoted at length
        ("config", 0, 722),  # a speed of 400 digits
        ("encoder", 44, 331),  # an output of one number
        ("vectors", 0, 782),  # an archive that LZMA cannot unpack
        ("onnx", 302, 18),  # a product of weights that overflows, of which numpy warned
        ("onnx", 302, 1452),  # weights scaled to what is no number
    ],
)
def test_what_once_got_through(kind: str, seed: int, number: int, folder: Path) -> None:
    ((_, data),) = inputs(kind, seed, 1, first=number)
    assert try_one(kind, data, folder) is None


def test_inputs_follow_from_seed_and_number() -> None:
    for kind in ("onnx", "photo", "latents"):
        (first,) = inputs(kind, 1, 1, first=7)
        assert list(inputs(kind, 1, 3, first=5))[2] == first


def test_faults_are_seen(folder: Path) -> None:
    def hang() -> None:
        while True:
            pass

    def waste() -> None:
        np.ones(30 << 20)

    def refuse(text: str) -> None:
        raise UserError(text)

    assert "ZeroDivisionError" in (fault_of(lambda: 1 / 0) or "")
    assert "hangs" in (fault_of(hang, 0.1) or "")
    assert "MiB" in (fault_of(waste) or "")
    assert "no line" in (fault_of(lambda: refuse("a\x1b[2J")) or "")
    assert "characters" in (fault_of(lambda: refuse("a" * 1000)) or "")
    assert fault_of(lambda: refuse("a.onnx: not an ONNX file")) is None


def test_chunks_of_changed_pngs_have_right_checksums() -> None:
    file = BytesIO()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(file, "PNG")
    read = 0
    for seed in range(60):
        try:
            Image.open(BytesIO(changes.png(file.getvalue(), random.Random(seed)))).load()
            read += 1
        except Exception:
            pass
    assert read > 10
