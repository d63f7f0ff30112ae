"""Latent vectors from whatever wrote them, and written so that they are read back to the bit."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaevis_tui.errors import UserError
from vaevis_tui.export.vectors import FORMATS, format_of, pack, read_vectors

ROWS = np.array([[0.5, -1.0, 1e-7], [2.0, 3.25, -4.5]], np.float32)


def npz(**named: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **named)  # type: ignore[arg-type]
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"0.5,-1,1e-7\n2,3.25,-4.5\n",
        b"0.5 -1 1e-7\n2 3.25 -4.5",
        b"# a comment\n0.5\t-1\t1e-7\n\n2\t3.25\t-4.5\n",
        b"0.5;-1;1e-7\r\n2;3.25;-4.5\r\n",
        b"\xef\xbb\xbfa,b,c\n0.5,-1,1e-7\n2,3.25,-4.5\n",
        b'name,z1,z0,z2,label\n"a, b",-1,0.5,1e-7,7\nb,3.25,2,-4.5,x\n',
        b"[[0.5, -1, 1e-7], [2, 3.25, -4.5]]",
        b'{"z": [[0.5, -1, 1e-7], [2, 3.25, -4.5]]}',
        b'[{"z": [0.5, -1, 1e-7]}, {"z": [2, 3.25, -4.5], "label": 1}]',
        b'{"z": [0.5, -1, 1e-7]}\n{"z": [2, 3.25, -4.5]}\n',
        npy(ROWS),
        npy(np.asfortranarray(ROWS.astype(np.float64))),
        npz(z=ROWS, images=np.zeros((2, 4))),
        npz(anything=ROWS),
    ],
)
def test_many_vectors_of_any_format(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(data)
    rows = read_vectors(path, 3)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, ROWS)


@pytest.mark.parametrize(
    "text",
    [
        "0.5,-1,1e-7",
        "[0.5, -1.0, 1e-07]",
        "[ 5.e-01 -1.e+00  1.e-07]",
        "tensor([ 5.0000e-01, -1.0000e+00,  1.0000e-07])",
        "array([0.5, -1., 1.e-7], dtype=float32)",
        "0.5\n-1\n1e-7\n",
        '{"z": [0.5, -1, 1e-7]}',
    ],
)
def test_one_vector_as_programs_print_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    np.testing.assert_array_equal(read_vectors("-", 3), ROWS[:1])


def test_sigma_coordinates_have_a_name_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "both.npz"
    path.write_bytes(npz(z=np.zeros((2, 3)), sigma=ROWS))
    np.testing.assert_array_equal(read_vectors(path, 3, "sigma"), ROWS)


def damaged(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"1,2,3\n1,2\n", "row 2 has nothing where a number is expected, in column 3"),
        (b"1,2,3\n1,two,3\n", "row 2 has 'two' where a number is expected, in column 2"),
        (b"z0,z1,z2\n", "it has a header and no rows"),
        (b"1,2\n", "this model's latent vectors have 3"),
        (b"[[1, 2, 3], [4, 5]]", "holds no rows of 3 numbers each"),
        (b"[[[1, 2, 3]]]", "an array of shape (1, 1, 3)"),
        (b'["a"]', "holds no rows of 3 numbers each"),
        (b'{"y": [1, 2, 3]}', "no field 'z'"),
        (b"1,2,nan\n", "row 1 holds NaN"),
        (b"1,2,3\n1,2,1e300\n", "row 2 holds NaN or infinities"),
        (b"\xff\xfe\x00\x01", "it is neither csv, json, npy, npz nor text"),
        (damaged(npy(ROWS)), "the npy data are damaged"),
        (damaged(npz(z=ROWS)), "it is not an npz file"),
        (npz(a=ROWS, b=ROWS), "the arrays a, b, and none is z"),
        (npy(np.array([{}])), "the npy data are damaged"),
        (b"[" * 100_000, "expected vectors of 3 numbers"),
    ],
)
def test_what_holds_no_vectors_is_one_line(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.csv"
    path.write_bytes(data)
    with pytest.raises(UserError) as refusal:
        read_vectors(path, 3)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_vectors(tmp_path / "none.csv", 3)
    with pytest.raises(UserError, match="cannot be read: is a directory"):
        read_vectors(tmp_path, 3)


def test_an_array_that_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaevis_tui.export.vectors.MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z.npy", bytes((1 << 20) + 1))
    with pytest.raises(UserError, match="unpacks to more than 1 MiB"):
        read_vectors(path, 3)


finite = st.floats(-1e6, 1e6, width=32)


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(2, 4)), elements=finite))
def test_what_is_written_is_read_back_to_the_bit(rows: np.ndarray) -> None:
    for kind in FORMATS:
        data = pack(kind, {"z": rows, "file": np.array(["a, b"] * len(rows))})
        assert data == pack(kind, {"z": rows.copy(), "file": np.array(["a, b"] * len(rows))})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
            read = read_vectors("-", rows.shape[1])
        np.testing.assert_array_equal(read.view(np.int32), rows.view(np.int32), kind)


def test_other_programs_read_what_is_written() -> None:
    named = {"z": ROWS, "error": np.array([1.5, 0.1], np.float32), "file": np.array(["a.png", "b.png"])}
    table = list(csv.DictReader(io.StringIO(pack("csv", named).decode())))
    assert [(row["z1"], row["error"], row["file"]) for row in table] == [
        ("-1.0", "1.5", "a.png"),
        ("3.25", "0.1", "b.png"),
    ]
    objects = [json.loads(line) for line in pack("json", named).splitlines()]
    assert objects[1] == {"z": [2.0, 3.25, -4.5], "error": 0.1, "file": "b.png"}
    with np.load(io.BytesIO(pack("npz", named))) as archive:
        np.testing.assert_array_equal(archive["z"], ROWS)
        assert archive["file"].tolist() == ["a.png", "b.png"]


def test_the_format_is_told_by_the_ending() -> None:
    assert [format_of(name) for name in ("a.csv", "a.JSON", "a.npy", "a.npz")] == list(FORMATS)
    with pytest.raises(UserError, match=r"must end in \.csv, \.json, \.npy, \.npz"):
        format_of("a.txt")
