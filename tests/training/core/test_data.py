from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import data_root
from training.core import schedule as data
from training.core.data.near_duplicates import CANDIDATES, LEVELS, NEAR, repeated
from training.tasks.digits import data as digits_data
from vaevis_tui.errors import UserError


def idx(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_mnist(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Two images in the public layout, declared to be the published ones."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    pixels = np.arange(2 * 28 * 28).astype(np.uint8).reshape(2, 28, 28)
    parts = {"train-images-idx3-ubyte": pixels, "train-labels-idx1-ubyte": np.array([7, 3], np.uint8)}
    for name, array in parts.items():
        content = idx(array)
        monkeypatch.setitem(digits_data.SHA256, name, hashlib.sha256(content).hexdigest())
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return pixels


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_is_read_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    pixels = write_mnist(tmp_path, monkeypatch, packed=packed)
    before = sorted(tmp_path.rglob("*"))
    images = digits_data.load_mnist(tmp_path, train=True)
    assert images.pixels.dtype == torch.uint8
    assert np.array_equal(images.pixels.numpy(), pixels[:, None])
    assert images.labels.tolist() == [7, 3]
    assert sorted(tmp_path.rglob("*")) == before  # the folder may be read-only


def test_missing_data_says_in_one_line_what_to_fetch_from_where(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz.*https://.*--download") as error:
        digits_data.load_mnist(tmp_path, train=True)
    assert "\n" not in str(error.value)


def test_another_file_of_the_same_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path, monkeypatch, packed=True)
    file = tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte.gz"
    file.write_bytes(gzip.compress(idx(np.array([7, 4], np.uint8))))
    with pytest.raises(UserError, match="SHA-256"):
        digits_data.load_mnist(tmp_path, train=True)


def test_a_truncated_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path, monkeypatch, packed=True)
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UserError, match="not a whole gzip file"):
        digits_data.load_mnist(tmp_path, train=True)


def test_every_epoch_draws_every_image_once_in_an_order_of_its_own() -> None:
    epochs = data.order(seed=1, size=50, start=0, count=150).reshape(3, 50)
    assert all(sorted(epoch.tolist()) == list(range(50)) for epoch in epochs)
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 3
    assert not torch.equal(epochs[0], data.order(seed=2, size=50, start=0, count=50))


@given(size=st.integers(1, 40), start=st.integers(0, 200), cuts=st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=50, deadline=None)
def test_the_order_does_not_depend_on_how_it_is_cut_into_batches(
    size: int, start: int, cuts: list[int]
) -> None:
    whole = data.order(3, size, start, sum(cuts))
    parts = []
    for count in cuts:
        parts.append(data.order(3, size, start, count))
        start += count
    assert torch.equal(whole, torch.cat([*parts, torch.empty(0, dtype=torch.int64)]))


def test_the_published_files_are_accepted() -> None:
    root = data_root()
    train, test = digits_data.load_mnist(root, train=True), digits_data.load_mnist(root, train=False)
    assert train.pixels.shape == (60000, 1, 28, 28)
    assert test.pixels.shape == (10000, 1, 28, 28)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert torch.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_near_duplicates_are_those_that_comparing_each_with_each_finds() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 1 << 63, 300, dtype=np.uint64)
    thumbs = rng.integers(0, 256, (300, 16, 16, 3), dtype=np.uint8)
    for place in range(100, 200):  # up to nine bits off an earlier one, and then alike or not
        bits = sum(1 << int(bit) for bit in rng.choice(64, place % 10, replace=False))
        hashes[place] = hashes[place - 100] ^ np.uint64(bits)
    hashes[200:] = hashes[:100]
    thumbs[100:150] = thumbs[:50]
    thumbs[250:] = thumbs[50:100]
    expected: dict[int, int] = {}
    for i in range(300):
        near = [j for j in range(i) if j not in expected and int(hashes[i] ^ hashes[j]).bit_count() <= NEAR]
        errors = [float(np.sqrt(((thumbs[j] - thumbs[i].astype(float)) ** 2).mean())) for j in near]
        if near and min(errors) <= LEVELS:
            expected[i] = near[int(np.argmin(errors))]
    assert len(expected) > 80
    assert repeated(hashes, thumbs) == expected


def test_pictures_of_one_hash_are_compared_with_few() -> None:
    """As of drawings on one ground: time and memory must not grow with the square of their number."""
    thumbs = np.random.default_rng(0).integers(0, 256, (2 * CANDIDATES, 16, 16, 3), dtype=np.uint8)
    thumbs[-1], thumbs[-2] = thumbs[CANDIDATES - 1], thumbs[CANDIDATES]
    assert repeated(np.zeros(len(thumbs), np.uint64), thumbs) == {len(thumbs) - 1: CANDIDATES - 1}
