"""The pictures in a folder, made square: which are taken, which are held out, what they are called.

What is made of them is kept as a file of bytes that is mapped into memory, so that 200,000 need no
more memory than 200.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaevis_tui.bundling.pictures import find_pictures, label_of
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason, replace_whole
from vaevis_tui.export.picture import PictureFile, read_picture
from vaevis_tui.text import one_line

from ...core.data.near_duplicates import THUMB, perceptual_hash, repeated, thumbnail

PIXELS, INDEX = "pictures.npy", "pictures.json"

LEAST = 16
"""Pictures; fewer teach nothing."""

HELD_OUT = 20
"""One picture in so many is not trained on, by the hash of its pixels."""

MOST_HELD_OUT = 1000
AT_ONCE = 256
"""Files that are read before the next are looked at."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of a picture as one sees it."""

Progress = Callable[[int, int], None]
"""Is told how many of how many files were read."""


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Square pictures of one size.

    Attributes:
        pixels: uint8 (files, c, side, side), c 1 where all are grey, else 3; of dropped files zeros.
        train: Positions of those that are trained on, int64.
        held_out: Positions of those that are not.
        names: One a file: its path in the folder.
        labels: One a file: the first folder inside, empty where there is none.
        dropped: Why files were left out, by name.
        digest: Of all that was taken; a training goes on with the same pictures only.
    """

    pixels: Tensor
    train: Tensor
    held_out: Tensor
    names: tuple[str, ...]
    labels: tuple[str, ...]
    dropped: Mapping[str, str]
    digest: str

    @property
    def side(self) -> int:
        """Of each picture, in pixels."""
        return self.pixels.shape[-1]

    @property
    def colours(self) -> int:
        """Channels, 1 or 3."""
        return self.pixels.shape[1]

    def __len__(self) -> int:
        return len(self.train) + len(self.held_out)

    def summary(self) -> str:
        """How many were taken and why others were not, in a line."""
        reasons = list(self.dropped.values())
        unread = sum(not each.startswith("repeats") for each in reasons)
        classes = {self.labels[i] for i in [*self.train.tolist(), *self.held_out.tolist()]} - {""}
        parts = [f"{len(self):,} pictures", f"{len(self.held_out):,} of them held out"]
        if unread:
            parts.append(f"{unread:,} files dropped as unreadable")
        if len(reasons) > unread:
            parts.append(f"{len(reasons) - unread:,} as near duplicates")
        if len(classes) > 1:
            parts.append(f"{len(classes):,} labels by subfolders")
        return ", ".join(parts)


def read_boxes(path: Path) -> dict[str, Box]:
    """Boxes by file name, from a CSV file of rows ``file,left,top,right,bottom``.

    Raises:
        UserError: It cannot be read, or is no such table.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except OSError as error:
        raise UserError(f"{path}: {reason(error)}") from None
    except (csv.Error, UnicodeError) as error:
        raise UserError(f"{path}: no table of boxes: {one_line(error)}") from None
    boxes: dict[str, Box] = {}
    for number, row in enumerate(rows, 1):
        try:
            left, top, right, bottom = (float(value) for value in row[1:5])
        except ValueError:
            if number == 1:
                continue  # column names
            raise UserError(f"{path}: row {number}: file,left,top,right,bottom is expected") from None
        if not (right - left >= 1 and bottom - top >= 1):
            raise UserError(f"{path}: row {number}: the box is empty; right and bottom are in pixels too")
        boxes[row[0].strip()] = (left, top, right, bottom)
    if not boxes:
        raise UserError(f"{path}: no table of boxes; rows of file,left,top,right,bottom are expected")
    return boxes


def gather(
    folder: Path,
    side: int,
    store: Path,
    boxes: Mapping[str, Box] | None = None,
    progress: Progress = lambda *_: None,
) -> PictureSet:
    """All pictures of a folder at any depth, from what was made of them before or into it.

    Args:
        folder: Where the pictures lie.
        side: Of the squares that they become, in pixels.
        store: Where the bytes are kept.
        boxes: Which part of a picture is seen, by its path, name or stem; of others the middle.
        progress: Is told how far it is.

    Raises:
        UserError: There are too few that can be read, or the bytes cannot be written.
    """
    paths = find_pictures(folder)
    try:
        listing = _listing(folder, paths, side, boxes)
    except OSError as error:  # somebody moves them
        raise UserError(f"{folder} changes while it is read: {reason(error)}; begin again") from None
    if (known := _stored(store, listing)) is not None:
        return known
    try:
        store.mkdir(parents=True, exist_ok=True)
        index = _read_all(folder, paths, side, store / PIXELS, boxes, progress)
        text = json.dumps({"listing": listing, **index})
        replace_whole(store / INDEX, text.encode())
    except OSError as error:
        raise UserError(f"{store} cannot be written: {reason(error)}") from None
    found = _stored(store, listing)
    assert found is not None
    return found


def _listing(folder: Path, paths: Sequence[Path], side: int, boxes: Mapping[str, Box] | None) -> str:
    """Changes when a file, the size or a box does."""
    digest = hashlib.sha256(f"{side} {sorted(boxes.items()) if boxes else ''}".encode())
    for path in paths:
        status = path.stat()
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _stored(store: Path, listing: str) -> PictureSet | None:
    """What was made of these very files; None where that was not, or is damaged."""
    try:
        index: dict[str, Any] = json.loads((store / INDEX).read_bytes())
        if index["listing"] != listing:
            return None
        pixels = np.load(store / PIXELS, mmap_mode="c")
        colours = 1 if index["grey"] else 3
        return PictureSet(
            torch.from_numpy(pixels)[:, :colours],
            torch.tensor(index["train"], dtype=torch.int64),
            torch.tensor(index["held_out"], dtype=torch.int64),
            tuple(index["names"]),
            tuple(index["labels"]),
            index["dropped"],
            index["digest"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, eq=False)
class _Read:
    """What was made of a file: uint8 (side, side, 3), and the hash of the whole picture."""

    pixels: NDArray[np.uint8]
    perceptual: np.uint64


def _read_all(
    folder: Path,
    paths: Sequence[Path],
    side: int,
    target: Path,
    boxes: Mapping[str, Box] | None,
    progress: Progress,
) -> dict[str, Any]:
    """Read every file into ``target``; what is known of them, as JSON has it."""
    names = [one_line(path.relative_to(folder).as_posix(), 200) for path in paths]
    dropped: dict[str, str] = {}
    kept: list[int] = []
    hashes, digests = [], []
    thumbs = np.empty((len(paths), THUMB, THUMB, 3), np.uint8)
    grey = True
    partial = target.with_suffix(".part.npy")
    shape = (len(paths), 3, side, side)
    pixels = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    if hasattr(os, "posix_fallocate"):  # else a full disk would end the process in the midst of a write
        with partial.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, pixels.offset + pixels.nbytes)
    for place, read in enumerate(_read(folder, paths, side, boxes, progress)):
        if isinstance(read, str):
            dropped[names[place]] = read
            continue
        pixels[place] = read.pixels.transpose(2, 0, 1)
        grey = grey and bool((read.pixels == read.pixels[..., :1]).all())
        thumbs[len(kept)] = thumbnail(read.pixels)
        kept.append(place)
        hashes.append(read.perceptual)
        digests.append(hashlib.sha256(read.pixels.tobytes()).digest())
    pixels.flush()
    if len(kept) >= LEAST:
        again = repeated(np.array(hashes, np.uint64), thumbs)
        for i, j in again.items():
            dropped[names[kept[i]]] = f"repeats {names[kept[j]]}"
        alone = [i for i in range(len(kept)) if i not in again]
        kept, digests = [kept[i] for i in alone], [digests[i] for i in alone]
    if len(kept) < LEAST:
        partial.unlink(missing_ok=True)
        why = f", for one {' '.join(next(iter(dropped.items())))}" if dropped else ""
        raise UserError(
            f"{folder}: {len(kept)} different pictures of {len(paths)} files can be read{why}; "
            f"at least {LEAST} are needed"
        )
    partial.replace(target)
    held = _held_out(digests)
    return {
        "names": names,
        "labels": [label_of(path, folder, None) for path in paths],
        "dropped": dropped,
        "grey": grey,
        "train": [place for place, out in zip(kept, held, strict=True) if not out],
        "held_out": [place for place, out in zip(kept, held, strict=True) if out],
        "digest": hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:16],
    }


def _held_out(digests: Sequence[bytes]) -> list[bool]:
    """Which pictures are held out, by the hashes of their pixels: what others there are does not matter."""
    values = [int.from_bytes(digest[:8], "big") for digest in digests]
    limit = (1 << 64) // HELD_OUT
    chosen = sorted(value for value in values if value < limit)[:MOST_HELD_OUT] or [min(values)]
    return [value <= chosen[-1] for value in values]


def _read(
    folder: Path, paths: Sequence[Path], side: int, boxes: Mapping[str, Box] | None, progress: Progress
) -> Iterator[_Read | str]:
    """What each file became, or why it did not, in order; on all cores, since decoding lets others run."""

    def one(path: Path) -> _Read | str:
        box = _box_of(path, folder, boxes)
        try:
            picture = read_picture(path, None if box else 2 * side)
        except UserError as error:
            return one_line(str(error).removeprefix(f"{path} "), 120)
        if box is not None:
            width, height = picture.image.size
            left, top, right, bottom = box
            left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
            if right - left < 1 or bottom - top < 1:
                return f"its box lies outside its {width}x{height} pixels"
            picture = PictureFile(path, picture.image.crop((left, top, right, bottom)))
        return _Read(picture.fitted(side, side), perceptual_hash(picture.image))

    with ThreadPoolExecutor(os.process_cpu_count() if hasattr(os, "process_cpu_count") else None) as pool:
        for start in range(0, len(paths), AT_ONCE):
            progress(start, len(paths))
            yield from pool.map(one, paths[start : start + AT_ONCE])
    progress(len(paths), len(paths))


def _box_of(path: Path, folder: Path, boxes: Mapping[str, Box] | None) -> Box | None:
    if boxes is None:
        return None
    keys = (path.relative_to(folder).as_posix(), path.name, path.stem)
    return next((boxes[key] for key in keys if key in boxes), None)
