"""latents.npz: what is written is read back, and nothing of a stranger's is trusted."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.models.make import latents_arrays
from vaevis_tui.errors import UserError
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models import latents_file
from vaevis_tui.models.latents_file import read_latents, write_latents


def save(tmp_path: Path, arrays: dict[str, Any]) -> Path:
    path = tmp_path / "latents.npz"
    np.savez(path, **arrays)
    return path


def npy(header: str, body: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("latin-1") + b"\n"
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + length + text + body


def save_member(tmp_path: Path, key: str, content: bytes) -> Path:
    """A sound file but for one member, which is put in as it is."""
    path = tmp_path / "latents.npz"
    arrays = latents_arrays(4)
    del arrays[key]
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{key}.npy", content)
    return path


def assert_equal(a: LatentSpace, b: LatentSpace) -> None:
    for name in ("mean", "std", "kl", "axes", "axis_variances"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    np.testing.assert_array_equal(a.anchors.z, b.anchors.z)
    np.testing.assert_array_equal(a.anchors.indices, b.anchors.indices)
    assert a.anchors.labels == b.anchors.labels
    np.testing.assert_allclose(a.shell, b.shell, rtol=1e-6)


@pytest.mark.parametrize("dim", [1, 2, 32])
def test_what_is_written_is_read_back(tmp_path: Path, dim: int) -> None:
    space = read_latents(save(tmp_path, latents_arrays(dim, labels=("nul", "één", "二"))))
    assert space.dim == dim
    assert space.anchors.labels[:3] == ("nul", "één", "二")
    again = tmp_path / "again.npz"
    write_latents(again, space)
    assert_equal(read_latents(again), space)


def mixed_arrays() -> dict[str, NDArray[Any]]:
    """A sound file of four dimensions that has a mixture of two components."""
    factors = np.stack([np.eye(4), 0.5 * np.eye(4)]).astype(np.float32)
    mixture = (np.array([0.25, 0.75], np.float32), np.zeros((2, 4), np.float32), factors)
    names = ("mixture_weights", "mixture_means", "mixture_factors")
    return latents_arrays(4) | dict(zip(names, mixture, strict=True))


def test_a_mixture_is_written_and_read_and_may_be_absent(tmp_path: Path) -> None:
    space = read_latents(save(tmp_path, mixed_arrays()))
    assert space.mixture is not None
    again = tmp_path / "again.npz"
    write_latents(again, space)
    found = read_latents(again).mixture
    assert found is not None
    for name in ("weights", "means", "factors"):
        np.testing.assert_array_equal(getattr(found, name), getattr(space.mixture, name))
    assert read_latents(save(tmp_path, latents_arrays(4))).mixture is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mixture_means": None}, "array mixture_means is missing; an npz with mean,"),
        (
            {"mixture_weights": np.array([1, 0])},
            "array mixture_weights is of type int64; float32 is supported",
        ),
        ({"mixture_weights": np.array([0.5, 0.6])}, "mixture weights must be positive and sum to 1"),
        ({"mixture_means": np.zeros((2, 3))}, "mixture factors have shape (2, 4, 4); expected (2, 3, 3)"),
        (
            {"mixture_means": np.zeros((2, 3)), "mixture_factors": np.stack([np.eye(3)] * 2)},
            "has 3 dimensions",
        ),
        ({"mixture_factors": np.zeros((2, 4, 4))}, "mixture factors must be positive definite"),
    ],
)
def test_refusals_of_a_mixture_name_what_is_wrong(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    arrays = {**mixed_arrays(), **change}
    path = save(tmp_path, {key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(UserError) as refusal:
        read_latents(path)
    assert expected in str(refusal.value)


def directed_arrays() -> dict[str, NDArray[Any]]:
    """A sound file of four dimensions that has two directions."""
    return latents_arrays(4) | {
        "direction_vectors": np.eye(4, dtype=np.float32)[:2],
        "direction_names": np.array(["thickness", "schräg"]),
        "direction_lows": np.array(["thin", ""]),
        "direction_highs": np.array(["thick", ""]),
        "direction_strengths": np.array([0.9, np.nan], np.float32),
    }


def test_directions_are_written_and_read_and_may_be_absent(tmp_path: Path) -> None:
    space = read_latents(save(tmp_path, directed_arrays()))
    again = tmp_path / "again.npz"
    write_latents(again, space)
    found = read_latents(again).directions
    assert found is not None
    assert (found.names, found.lows, found.highs) == (("thickness", "schräg"), ("thin", ""), ("thick", ""))
    np.testing.assert_array_equal(found.vectors, np.eye(4)[:2])
    np.testing.assert_array_equal(found.strengths, np.array([0.9, np.nan], np.float32))
    assert read_latents(save(tmp_path, latents_arrays(4))).directions is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"direction_names": None}, "array direction_names is missing; an npz with mean,"),
        ({"direction_names": np.array(["a"])}, "2 directions need as many names"),
        ({"direction_names": np.array(["a", "a"])}, "directions must have names, each another one"),
        ({"direction_names": np.array(["a", "\x1b[2J"])}, "array direction_names holds control characters"),
        ({"direction_lows": np.array([1, 2])}, "array direction_lows is of type int64; text is supported"),
        ({"direction_vectors": np.zeros((2, 4))}, "a direction is zero"),
        ({"direction_vectors": np.ones((2, 3))}, "directions have 3 dimensions; expected 4"),
        ({"direction_vectors": np.ones(4)}, "directions' vectors have shape (4,)"),
        ({"direction_vectors": np.full((2, 4), np.inf)}, "directions' vectors holds NaN or infinities"),
        ({"direction_strengths": np.array([2.0, 0.0])}, "strengths must lie between 0 and 1"),
    ],
)
def test_refusals_of_directions_name_what_is_wrong(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    arrays = {**directed_arrays(), **change}
    path = save(tmp_path, {key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(UserError) as refusal:
        read_latents(path)
    assert expected in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")


def test_no_anchors_are_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "latents.npz"
    write_latents(path, LatentSpace.standard_normal(3))
    assert_equal(read_latents(path), LatentSpace.standard_normal(3))


def test_fortran_order_and_float64_are_read(tmp_path: Path) -> None:
    arrays = latents_arrays(4)
    expected = read_latents(save(tmp_path, arrays))
    changed = {key: np.asfortranarray(value) for key, value in arrays.items()}
    changed["mean"] = arrays["mean"].astype(">f8")
    assert_equal(read_latents(save(tmp_path, changed)), expected)


Change = dict[str, NDArray[Any] | None]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kl": None}, "array kl is missing; an npz with mean, std, kl, axes,"),
        ({"mean": np.zeros(3, np.float32)}, "expected"),
        ({"std": np.zeros(4, np.float32)}, "std must be positive"),
        ({"mean": np.full(4, np.nan, np.float32)}, "mean holds NaN or infinities"),
        ({"mean": np.zeros(4, np.int64)}, "array mean is of type int64; float32 is supported"),
        ({"axes": np.zeros((4, 4), np.float32)}, "axes must be orthonormal"),
        ({"axes": np.zeros((4, 3), np.float32)}, "axes has shape (4, 3)"),
        ({"shell": np.zeros(2, np.float32)}, "array shell has shape (2,); (3,) is supported"),
        ({"shell": np.array([3, 2, 1], np.float32)}, "shell must be rising"),
        ({"anchor_z": np.zeros((2, 4), np.float32)}, "2 anchors need as many labels"),
        ({"anchor_z": np.zeros(4, np.float32)}, "anchors' z has shape (4,)"),
        ({"anchor_labels": np.arange(9)}, "array anchor_labels is of type int64; text is supported"),
        ({"anchor_labels": np.array(["\x1b[2J"] * 9)}, "array anchor_labels holds control characters"),
        (
            {"anchor_indices": np.zeros(9, np.float32)},
            "array anchor_indices is of type float32; int64 is supported",
        ),
        ({"mean": np.array([None] * 4)}, "array mean is object of shape (4,)"),
        ({"mean": np.zeros(4, [("a", "f4")])}, "array mean is [('a', '<f4')] of shape (4,)"),
        ({"mean": np.zeros(4, np.complex64)}, "array mean is complex64 of shape (4,)"),
        (
            {"mean": np.zeros(3000, np.float32), "std": np.ones(3000, np.float32)},
            "mean has 3000 numbers; up to 2048",
        ),
    ],
)
def test_refusals_name_the_array(tmp_path: Path, change: Change, expected: str) -> None:
    arrays: dict[str, Any] = {**latents_arrays(4), **change}
    path = save(tmp_path, {key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(UserError) as refusal:
        read_latents(path)
    assert expected in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}"

NO_ARRAYS = {
    "empty": (b"", "not an npz file"),
    "text": (b"no array", "not an npz file"),
    "short": (npy(HEADER, b"short"), "does not fit its 71 bytes"),
    "terabytes": (npy(HEADER.replace("(4,)", "(1000000000000,)")), "does not fit its 78 bytes"),
    "terabytes by arithmetic": (npy(HEADER.replace("4,", "10**12,")), "not an npz file"),
    "negative": (npy(HEADER.replace("(4,)", "(-4,)"), bytes(16)), "array mean is float32 of shape (-4,)"),
    "pickle": (npy(HEADER.replace("<f4", "|O"), pickle.dumps([1])), "array mean is object of shape (4,)"),
    "code": (npy("__import__('os').system('true')"), "not an npz file"),
    "nesting": (npy("(" * 9000), "not an npz file"),
    "another version": (npy(HEADER, bytes(16), (9, 0)), "not an npz file"),
}


@pytest.mark.parametrize("case", NO_ARRAYS)
def test_members_that_are_no_arrays(tmp_path: Path, case: str) -> None:
    content, expected = NO_ARRAYS[case]
    with pytest.raises(UserError) as refusal:
        read_latents(save_member(tmp_path, "mean", content))
    assert expected in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_a_member_that_unpacks_to_more_than_the_limit_is_not_unpacked(tmp_path: Path) -> None:
    path = save_member(tmp_path, "mean", bytes(latents_file.MAX_ARRAY_BYTES + 1))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UserError, match="array mean unpacks to 67108865 bytes, the limit is 67108864"):
        read_latents(path)


def test_a_member_that_lies_about_its_size_is_not_unpacked_either(tmp_path: Path) -> None:
    """The directory of a zip file says how long a member is; the data say it again by ending."""
    path = save_member(tmp_path, "mean", bytes(latents_file.MAX_ARRAY_BYTES + 1))
    data = path.read_bytes()
    true_size = (latents_file.MAX_ARRAY_BYTES + 1).to_bytes(4, "little")
    assert data.count(true_size) == 2  # before the member, and in the directory
    path.write_bytes(data.replace(true_size, (100).to_bytes(4, "little")))
    with pytest.raises(UserError, match="not an npz file"):
        read_latents(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"hello", io.BytesIO().getvalue()])
def test_what_is_no_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "latents.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not an npz file"):
        read_latents(path)


def test_an_encrypted_member(tmp_path: Path) -> None:
    path = save(tmp_path, latents_arrays(4))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature)
        data[at + offset] |= 1  # general purpose flag, bit 0: encrypted
    path.write_bytes(data)
    with pytest.raises(UserError, match="not an npz file"):
        read_latents(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_latents(tmp_path / "latents.npz")
