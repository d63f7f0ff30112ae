"""DogFaceNet in its public layout: which photographs, which part of them, which split.

The zip is read where it lies. What follows from it (crops at 128x128, border fill, near duplicates) is kept
in the user's cache folder as arrays, under the SHA-256 of all that they were made from.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vaevis_tui.errors import UserError

from ....core.data.near_duplicates import near_pairs, perceptual_hash
from ....core.progress import progress_bar
from ..config import Crop
from .screening import border_fill, border_mask, widened

ARCHIVE = "DogFaceNet_224resized.zip"


SIDE = 128
"""Pixels of the pictures that are learnt."""


MISSING = (
    "DogFaceNet is not under {root}: fetch {archive} from https://zenodo.org/records/12578449 into {folder}"
)


FORMAT = 2
"""Of the cache; goes into its name."""


CLEAN = 0.02
"""Share of border up to which a photograph is measured on and shown; with more it only trains, masked."""


RARE = 0.15
"""Share of the training photographs, darkest and least symmetric, that are seen twice as often."""


@dataclass(frozen=True)
class Dogs:
    """Photographs of dogs' faces, cropped and resized.

    Attributes:
        pixels: uint8 (n, 3, 128, 128).
        labels: Dog ids, int64 (n,).
        names: Paths inside the archive's folder, e.g. ``"0/0.3.jpg"``.
        fill: Share of the crop that is border left black by alignment, float32 (n,).
        curated: Which photographs an independent clean-up kept, bool (n,); all where nothing is known of it.
        border: Where each is border, a little widened, bool (n, 128, 128).
    """

    pixels: Tensor
    labels: Tensor
    names: tuple[str, ...]
    fill: Tensor
    curated: Tensor
    border: Tensor

    def __len__(self) -> int:
        return len(self.names)

    def take(self, wanted: Tensor) -> Dogs:
        """The photographs at these positions (int64) or where this is true (bool)."""
        at = wanted.nonzero()[:, 0] if wanted.dtype == torch.bool else wanted
        names = tuple(self.names[i] for i in at.tolist())
        return Dogs(self.pixels[at], self.labels[at], names, self.fill[at], self.curated[at], self.border[at])

    def with_little_border(self) -> Dogs:
        """Those with hardly any border."""
        return self.take(self.fill <= CLEAN)

    def oversampled_positions(self) -> Tensor:
        """Positions of all, int64; twice those of dark dogs and of faces turned aside, the hardest."""
        grey = torch.cat([F.avg_pool2d(block.float().mean(1), 8) for block in torch.split(self.pixels, 256)])
        brightness = grey[:, 4:-4, 4:-4].mean((1, 2))
        asymmetry = (grey - grey.flip(2)).abs().mean((1, 2)) / grey.std((1, 2)).clamp(min=1)
        dark = brightness <= torch.quantile(brightness, RARE)
        aside = asymmetry >= torch.quantile(asymmetry, 1 - RARE)
        return torch.cat([torch.arange(len(self)), (dark | aside).nonzero()[:, 0]])


@dataclass(frozen=True)
class Splits:
    """The photographs that are used, by dog: no dog and no near duplicate is on two sides.

    Those of ``validation`` and ``test`` have hardly any border.
    """

    train: Dogs
    validation: Dogs
    test: Dogs


def part_of(dog: int) -> str:
    """The split of a dog id: one in twenty to test, one in twenty to validate, the rest to train."""
    return {7: "test", 3: "validation"}.get(dog % 20, "train")


def load(root: Path, crop: Crop, cache: Path | None = None) -> Splits:
    """The splits of the archive under ``root``, at the first call unpacked into a cache.

    Args:
        root: Folder that holds `ARCHIVE`, itself or in ``dogfacenet/``; ``quality.csv`` and
            ``near_duplicates.csv`` beside it are used where they are.
        crop: The box that is seen; photographs with more border fill in it are not trained on.
        cache: Where unpacked arrays are kept (the user's cache folder).

    Raises:
        UserError: The archive is missing (the message says what to fetch from where) or broken.
    """
    archive = find_archive(root)
    dogs, pairs = _unpacked(archive, crop, cache or default_cache())
    found = split(dogs.take(dogs.fill <= max(crop.largest_fill, CLEAN)), pairs)
    return Splits(found.train, found.validation.with_little_border(), found.test.with_little_border())


def find_archive(root: Path) -> Path:
    """Where the archive lies under ``root``.

    Raises:
        UserError: Nowhere.
    """
    for folder in (root / "dogfacenet", root):
        if (folder / ARCHIVE).is_file():
            return folder / ARCHIVE
    raise UserError(MISSING.format(root=root, archive=ARCHIVE, folder=root / "dogfacenet"))


def default_cache() -> Path:
    """The user's cache folder for training data."""
    from platformdirs import user_cache_path

    return user_cache_path("vaevis-tui") / "training"


def split(dogs: Dogs, pairs: list[tuple[str, str]]) -> Splits:
    """Three splits by dog id; of near duplicates on two sides, what is held out keeps its photograph.

    Args:
        dogs: All photographs that are used.
        pairs: Names of photographs that look alike; those not among ``dogs`` do not matter.
    """
    rank = {"train": 0, "validation": 1, "test": 2}
    parts = {name: part_of(dog) for name, dog in zip(dogs.names, dogs.labels.tolist(), strict=True)}
    dropped = set()
    for one, other in pairs:
        if one in parts and other in parts and parts[one] != parts[other]:
            dropped.add(min(one, other, key=lambda name: rank[parts[name]]))
    kept = {
        part: torch.tensor(
            [parts[name] == part and name not in dropped for name in dogs.names], dtype=torch.bool
        )
        for part in rank
    }
    return Splits(*(dogs.take(kept[part]) for part in rank))


def _unpacked(archive: Path, crop: Crop, cache: Path) -> tuple[Dogs, list[tuple[str, str]]]:
    """All photographs of an archive and its near duplicates, from the cache or into it."""
    path = cache / f"dogs-{_digest(archive, crop)[:16]}.npz"
    if not path.is_file():
        _write(path, archive, crop)
    with np.load(path, allow_pickle=False) as stored:
        pixels = stored["pixels"]
        dogs = Dogs(
            torch.from_numpy(pixels),
            torch.from_numpy(stored["labels"]),
            tuple(stored["names"].tolist()),
            torch.from_numpy(stored["fill"]),
            torch.from_numpy(stored["curated"]),
            torch.from_numpy(np.unpackbits(stored["border"], axis=1).astype(bool)).reshape(-1, SIDE, SIDE),
        )
        pairs = [(str(one), str(other)) for one, other in stored["pairs"].tolist()]
    return dogs, pairs


def _digest(archive: Path, crop: Crop) -> str:
    """SHA-256 of the files and the settings that a cache follows from."""
    digest = hashlib.sha256(f"{FORMAT} {crop.box} {SIDE}".encode())
    for path in (archive, archive.with_name("quality.csv"), archive.with_name("near_duplicates.csv")):
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _write(path: Path, archive: Path, crop: Crop) -> None:
    """Unpack an archive into the cache; a crash half-way leaves no file of that name."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = sorted(name for name in file.namelist() if name.lower().endswith((".jpg", ".jpeg")))
            rows = [
                _read(file.read(member), crop)  # zipfile checks the CRC of each
                for member in progress_bar(
                    members, desc=f"unpack {archive.name} into {path.parent}", unit="image"
                )
            ]
    except (zipfile.BadZipFile, OSError) as error:
        raise UserError(f"{archive} is broken ({error}); fetch it again") from None
    if not rows:
        raise UserError(f"{archive} holds no photographs; after_4_bis/<dog id>/<dog id>.<n>.jpg is right")
    names = ["/".join(PurePosixPath(member).parts[-2:]) for member in members]
    try:
        labels = np.array([int(name.split("/")[0]) for name in names], np.int64)
    except ValueError:
        raise UserError(f"{archive}: photographs must lie in folders named by dog id") from None
    pixels, border, fill, hashes = (np.stack(column) for column in zip(*rows, strict=True))
    quality = _quality(archive.with_name("quality.csv"), crop)
    listed = np.array([name in quality for name in names])
    fill[listed] = [quality[name][0] for name in names if name in quality]
    curated = np.array([quality.get(name, (0.0, not quality))[1] for name in names])
    pairs = _pairs(archive.with_name("near_duplicates.csv"), names, hashes)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.stem}-{os.getpid()}.part.npz")
    np.savez(
        unfinished,
        pixels=pixels,
        border=np.packbits(border.reshape(len(border), -1), axis=1),
        labels=labels,
        names=names,
        fill=fill.astype(np.float32),
        curated=curated,
        pairs=pairs,
    )
    unfinished.replace(path)


def _read(content: bytes, crop: Crop) -> tuple[NDArray[np.uint8], NDArray[np.bool_], np.float32, np.uint64]:
    """A JPEG file's crop as uint8 (3, SIDE, SIDE), where that is border, the border's share, and a hash."""
    with Image.open(io.BytesIO(content)) as image:
        photograph = image.convert("RGB")
    box = (float(crop.box[0]), float(crop.box[1]), float(crop.box[2]), float(crop.box[3]))
    part = photograph.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)
    pixels = np.asarray(part).transpose(2, 0, 1).copy()
    left, top, right, bottom = crop.box
    brightest = np.asarray(photograph).max(2)[top:bottom, left:right]
    border = widened(border_mask(pixels.max(0)), 2)
    return pixels, border, np.float32(border_fill(brightest)), perceptual_hash(photograph)


def _quality(path: Path, crop: Crop) -> dict[str, tuple[float, bool]]:
    """Border fill and curation by name, from ``quality.csv`` where it is and knows the box."""
    if not path.is_file():
        return {}
    boxes: dict[tuple[int, ...], str]
    boxes = {(0, 0, 224, 224): "full224", (16, 12, 208, 204): "box192", (24, 20, 200, 196): "box176"}
    boxes[32, 28, 192, 188] = "box160"
    column = f"fill_{boxes.get(crop.box, '')}"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["file"]: (float(row[column]), row["curated"] == "1") for row in rows if column in row}


def _pairs(path: Path, names: list[str], hashes: NDArray[np.uint64]) -> NDArray[np.str_]:
    """Names of near duplicates, (k, 2), from ``near_duplicates.csv`` or by the photographs' hashes."""
    if path.is_file():
        with path.open(newline="") as file:
            found = [(row["a"], row["b"]) for row in csv.DictReader(file)]
    else:
        found = [(names[i], names[j]) for i, j in near_pairs(hashes)]
    return np.array(found, np.str_).reshape(-1, 2)
