from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support import data_root
from tests.training.dogs.tiny import dogs, photograph, write_archive
from training.tasks.dogs.config import Crop
from training.tasks.dogs.photographs import dogfacenet
from vaevis_tui.errors import UserError

BOX192 = Crop((16, 12, 208, 204), 0.02)


def write_public(root: Path) -> Path:
    """Dogs 1 (train), 3 (validate) and 7 (test); 1.1 has a black corner, 1.2 looks like 7.0."""
    photographs = {
        "1/1.0.jpg": photograph(0),
        "1/1.1.jpg": photograph(1, corner=80),
        "1/1.2.jpg": photograph(7),
        "3/3.0.jpg": photograph(2),
        "7/7.0.jpg": photograph(7) // 2 + 60,
    }
    return write_archive(root, photographs)


def test_the_public_zip_needs_no_table_beside_it(tmp_path: Path) -> None:
    write_public(tmp_path)
    splits = dogfacenet.load(tmp_path, BOX192, tmp_path / "cache")
    assert splits.train.names == ("1/1.0.jpg",)  # without the black corner and the test dog's double
    assert splits.validation.names == ("3/3.0.jpg",)
    assert splits.test.names == ("7/7.0.jpg",)
    assert splits.train.labels.tolist() == [1]
    assert splits.train.pixels.shape == (1, 3, 128, 128)
    assert splits.train.pixels.dtype == torch.uint8
    assert splits.train.curated.all()


def test_photographs_with_a_border_only_train(tmp_path: Path) -> None:
    photographs = {f"{dog}/{dog}.0.jpg": photograph(dog, corner=80) for dog in (1, 3, 7)}
    write_archive(tmp_path, photographs)
    splits = dogfacenet.load(tmp_path, Crop(BOX192.box, 0.3), tmp_path / "cache")
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (1, 0, 0)
    assert len(splits.train.with_little_border()) == 0
    border = splits.train.border[0]
    assert border[:40, :38].all(), "black and a little more"
    assert not border[52:].any()
    assert not border[:, 52:].any()


def test_the_darkest_and_the_least_symmetric_are_seen_twice() -> None:
    some = dogs(20)
    pixels = torch.full((20, 3, 128, 128), 150, dtype=torch.uint8)
    pixels[:, :, :, 60:68] = 90  # all symmetric
    pixels[3] = 10
    pixels[11, :, :, 80:] = 30
    twice = dataclasses.replace(some, pixels=pixels).oversampled_positions()
    assert twice[:20].tolist() == list(range(20))
    assert {3, 11} <= set(twice[20:].tolist())


def test_tables_beside_the_zip_are_believed(tmp_path: Path) -> None:
    folder = write_public(tmp_path)
    names = ["1/1.0.jpg", "1/1.1.jpg", "1/1.2.jpg", "3/3.0.jpg", "7/7.0.jpg"]
    rows = [f"{name},{0.5 if name == '1/1.0.jpg' else 0.0},{int(name[0] == '3')}" for name in names]
    (folder / "quality.csv").write_text("\n".join(["file,fill_box192,curated", *rows]))
    (folder / "near_duplicates.csv").write_text("a,b,phash_dist,same_dog\n3/3.0.jpg,1/1.2.jpg,4,0\n")
    splits = dogfacenet.load(tmp_path, BOX192, tmp_path / "cache")
    assert splits.train.names == ("1/1.1.jpg",)
    assert splits.train.curated.tolist() == [False]
    assert splits.validation.curated.tolist() == [True]


def test_pictures_are_the_box_resized(tmp_path: Path) -> None:
    pixels = np.full((224, 224, 3), 255, np.uint8)
    pixels[12:204, 16:208] = [200, 100, 50]  # the box, and nothing of what is around it
    write_archive(tmp_path, {"1/1.0.jpg": pixels})
    found = dogfacenet.load(tmp_path, BOX192, tmp_path / "cache").train.pixels[0].float()
    middle = found[:, 4:-4, 4:-4].mean((1, 2))
    assert torch.allclose(middle, torch.tensor([200.0, 100.0, 50.0]), atol=2)


def test_the_second_call_reads_the_cache_and_another_zip_does_not(tmp_path: Path) -> None:
    folder = write_public(tmp_path)
    cache = tmp_path / "cache"
    first = dogfacenet.load(tmp_path, BOX192, cache)
    (entry,) = cache.iterdir()
    stamp = entry.stat().st_mtime_ns
    second = dogfacenet.load(tmp_path, BOX192, cache)
    assert torch.equal(first.train.pixels, second.train.pixels)
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [stamp]
    (folder / dogfacenet.ARCHIVE).unlink()
    folder.rmdir()
    write_archive(tmp_path, {"1/1.0.jpg": photograph(5)})
    dogfacenet.load(tmp_path, BOX192, cache)
    assert len(list(cache.iterdir())) == 2


def test_a_pair_is_kept_where_it_is_held_out() -> None:
    names = ("1/a.jpg", "3/b.jpg", "7/c.jpg", "23/d.jpg", "27/e.jpg", "2/f.jpg")
    labels = torch.tensor([1, 3, 7, 23, 27, 2])
    border = torch.zeros(6, 2, 2, dtype=torch.bool)
    some = dogfacenet.Dogs(
        torch.zeros(6, 3, 2, 2), labels, names, torch.zeros(6), torch.ones(6, dtype=torch.bool), border
    )
    pairs = [
        ("1/a.jpg", "3/b.jpg"),
        ("23/d.jpg", "27/e.jpg"),
        ("1/a.jpg", "2/f.jpg"),
        ("gone.jpg", "2/f.jpg"),
    ]
    splits = dogfacenet.split(some, pairs)
    assert splits.train.names == ("2/f.jpg",)
    assert splits.validation.names == ("3/b.jpg",)
    assert splits.test.names == ("7/c.jpg", "27/e.jpg")


def test_missing_data_says_in_one_line_what_to_fetch_from_where(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"DogFaceNet_224resized\.zip from https://zenodo\.org/") as error:
        dogfacenet.load(tmp_path, BOX192, tmp_path / "cache")
    assert "\n" not in str(error.value)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    archive = write_public(tmp_path) / dogfacenet.ARCHIVE
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(UserError, match=r"broken .* fetch it again"):
        dogfacenet.load(tmp_path, BOX192, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_the_real_archive_splits_as_published() -> None:
    splits = dogfacenet.load(data_root(), BOX192)
    assert 5500 < len(splits.train) < 5700
    assert 200 < int(splits.validation.curated.sum()) < 260
    for part, left in (("validation", 3), ("test", 7)):
        assert (getattr(splits, part).labels % 20 == left).all()
    assert not set((splits.train.labels % 20).tolist()) & {3, 7}
