from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaevis_tui.errors import UserError
from vaevis_tui.export.png import read_metadata, save_png
from vaevis_tui.export.snapshot import KEYWORD, SnapshotInfo

INFO = SnapshotInfo("mnist", "1.0", (0.5, -1.25), 7, "onnxruntime")

infos = st.builds(
    SnapshotInfo,
    model=st.text(max_size=20),
    version=st.text(max_size=20),
    z=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=9).map(tuple),
    seed=st.none() | st.integers(),
    backend=st.text(max_size=20),
)


@given(infos)
def test_it_comes_back_from_its_text(info: SnapshotInfo) -> None:
    assert SnapshotInfo.from_text(info.to_text()) == info
    assert info.to_text().isascii()


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1))
def test_the_latent_vector_comes_back_to_the_bit(values: list[float]) -> None:
    z = np.array(values, np.float32)
    info = SnapshotInfo("m", "", tuple(map(float, z)), None, "wgpu")
    again = SnapshotInfo.from_text(info.to_text()).latent
    assert again.dtype == np.float32
    assert again.tobytes() == z.tobytes()


def test_it_comes_back_from_a_picture(tmp_path: Path) -> None:
    path = save_png(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8), metadata=INFO.to_metadata())
    assert SnapshotInfo.from_metadata(read_metadata(path)) == INFO


def test_other_tools_can_read_it() -> None:
    fields = json.loads(INFO.to_metadata()[KEYWORD])
    assert fields == {
        "format": 1,
        "model": "mnist",
        "version": "1.0",
        "z": [0.5, -1.25],
        "seed": 7,
        "backend": "onnxruntime",
    }


def test_numpy_numbers_are_written_as_numbers() -> None:
    info = SnapshotInfo("mnist", "", tuple(np.array([0.1], np.float32)), None, "wgpu")
    assert SnapshotInfo.from_text(info.to_text()).z == (float(np.float32(0.1)),)


def damaged(**fields: object) -> str:
    return json.dumps({**json.loads(INFO.to_text()), **fields})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "damaged"),
        ("[1, 2]", "damaged"),
        ("[" * 100_000, "damaged"),
        ('{"format": 1', "damaged"),
        (damaged(format=2), "has format 2; this version reads format 1"),
        (damaged(format=None), "has format None"),
        (damaged(model=3), "model is 3; expected text"),
        (damaged(version=None), "version is None"),
        (damaged(backend=[]), "backend is"),
        (damaged(seed="7"), "seed is '7'; expected a whole number"),
        (damaged(seed=True), "seed is True"),
        (damaged(z=[]), "z is missing"),
        (damaged(z="0,1"), "z is missing"),
        (damaged(z=[1, "2"]), "z holds '2'"),
        (damaged(z=[True]), "z holds True"),
        (damaged(z=[1e39]), "z holds 1e"),
        (damaged(z=[10**400]), "z holds 1000"),
        (INFO.to_text().replace("0.5", "NaN"), "z holds nan"),
        (INFO.to_text().replace("0.5", "Infinity"), "z holds inf"),
    ],
)
def test_damaged_texts_are_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        SnapshotInfo.from_text(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 120


def test_a_picture_of_something_else_is_refused() -> None:
    with pytest.raises(UserError, match="not a snapshot"):
        SnapshotInfo.from_metadata({"Software": "gimp"})
