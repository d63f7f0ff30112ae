"""Bookmarks: points of one model's space with a name and a thumbnail, kept beside the model."""

from __future__ import annotations

import base64
import json
import os
import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.model_data import FORMAT, KeptFile
from vaevis_tui.export.fields import Fields, packed
from vaevis_tui.latent.arrays import unfit_latents

LIMIT = 1000
"""Bookmarks of one model."""

THUMBNAIL = 64
"""Pixels of a thumbnail's longer side, at most: 8 KB of a photograph once packed."""

NAME_LENGTH = 80
"""Characters of a name, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Bookmark:
    """A point of a model's space that somebody wants to find again.

    Attributes:
        id: 16 hexadecimal digits; it stays when the name changes.
        name: One line of text.
        z: float32 (d,), read-only.
        thumbnail: uint8 (h, w, 3), read-only.
    """

    id: str
    name: str
    z: NDArray[np.float32]
    thumbnail: NDArray[np.uint8]


class Bookmarks(KeptFile[tuple[Bookmark, ...]]):
    """The bookmarks of one model, oldest first."""

    NAME = "bookmarks"

    @property
    def items(self) -> tuple[Bookmark, ...]:
        """All of them, oldest first."""
        return self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, bookmark_id: str) -> Bookmark | None:
        """The bookmark of that id, or None."""
        return next((each for each in self._kept if each.id == bookmark_id), None)

    def search(self, text: str) -> list[Bookmark]:
        """Those whose name holds the text, oldest first."""
        query = text.strip().casefold()
        return [each for each in self._kept if query in each.name.casefold()]

    def free_name(self) -> str:
        """``"bookmark 3"``, with the first number from 1 that no bookmark has."""
        taken = {each.name for each in self._kept}
        return next(name for n in range(1, len(taken) + 2) if (name := f"bookmark {n}") not in taken)

    def add(self, z: ArrayLike, name: str, image: NDArray[np.uint8]) -> Bookmark:
        """Keep a point.

        Args:
            z: Latent vector, (d,).
            name: Need not be unique; an empty one becomes `free_name`.
            image: What it decodes to, uint8 (h, w, 3) of any size; its thumbnail is kept.

        Raises:
            UserError: z does not fit, the name is no line of text, there are too many, or it cannot be saved.
        """
        place = np.array(z, np.float32)
        if place.shape != (self._dim,) or unfit_latents(place):
            raise UserError(f"a bookmark of this model has {self._dim} finite numbers, not {place.shape}")
        place.setflags(write=False)
        name = checked_name(name) if name.strip() else self.free_name()
        made = Bookmark(os.urandom(8).hex(), name, place, thumbnail(image))

        def add(items: tuple[Bookmark, ...]) -> tuple[Bookmark, ...]:
            if len(items) >= LIMIT:
                raise UserError(f"there are {LIMIT} bookmarks already; remove some first")
            return (*items, made)

        self._change(add)
        return made

    def rename(self, bookmark_id: str, name: str) -> None:
        """Give a bookmark another name; one that is gone is left alone.

        Raises:
            UserError: the name is empty or no line of text, or it cannot be saved.
        """
        new = checked_name(name)
        self._change(
            lambda items: tuple(replace(each, name=new) if each.id == bookmark_id else each for each in items)
        )

    def remove(self, bookmark_id: str) -> Bookmark | None:
        """Forget a bookmark, which is given back, for `restore`; None where it is gone already.

        Raises:
            UserError: it cannot be saved.
        """
        removed = self.find(bookmark_id)
        self._change(lambda items: tuple(each for each in items if each.id != bookmark_id))
        return removed

    def restore(self, bookmark: Bookmark) -> None:
        """Undo `remove`; the bookmark comes last.

        Raises:
            UserError: it cannot be saved.
        """
        self._change(lambda items: (*(each for each in items if each.id != bookmark.id), bookmark))

    def _nothing(self) -> tuple[Bookmark, ...]:
        return ()

    def _text(self, kept: tuple[Bookmark, ...]) -> str:
        z = np.array([each.z for each in kept], np.float32).reshape(-1, self._dim)
        return json.dumps(
            {
                "format": FORMAT,
                "latent_dim": self._dim,
                "ids": [each.id for each in kept],
                "names": [each.name for each in kept],
                "z": packed(z),
                "thumbnails": [_packed_image(each.thumbnail) for each in kept],
            }
        )

    def _read(self, fields: Fields) -> tuple[Bookmark, ...]:
        z = fields.rows("z", self._dim)
        z.setflags(write=False)
        ids, names, images = (fields.text_list(key) for key in ("ids", "names", "thumbnails"))
        if not len(ids) == len(names) == len(images) == len(z) <= LIMIT:
            raise UserError(f"{len(ids)} ids, {len(names)} names, {len(images)} thumbnails, {len(z)} z")
        if len(set(ids)) != len(ids):
            raise UserError("an id is there twice")
        parts = zip(ids, names, z, images, strict=True)
        return tuple(Bookmark(i, checked_name(n), each, _unpacked_image(t)) for i, n, each, t in parts)


def checked_name(name: str) -> str:
    """A name without blanks about it.

    Raises:
        UserError: nothing is left, or it is longer than `NAME_LENGTH` or no printable line.
    """
    text = name.strip()
    if not text or len(text) > NAME_LENGTH or not text.isprintable():
        raise UserError(f"a name has 1 to {NAME_LENGTH} characters of one line, not {text[:20]!r}")
    return text


def thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image made smaller until its longer side has `THUMBNAIL` pixels; a smaller one as it is."""
    height, width = image.shape[:2]
    shrink = THUMBNAIL / max(height, width)
    if shrink < 1:
        from PIL import Image

        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
    small = np.array(image, np.uint8)
    small.setflags(write=False)
    return small


def _packed_image(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    header = bytes((height, width))
    return base64.b64encode(header + zlib.compress(image.tobytes(), 6)).decode("ascii")


def _unpacked_image(text: str) -> NDArray[np.uint8]:
    try:
        data = base64.b64decode(text, validate=True)
        height, width = data[:2]
        size = height * width * 3
        pixels = zlib.decompressobj().decompress(data[2:], size + 1)
    except (ValueError, zlib.error):
        pixels, size = b"", 1
    if len(pixels) != size or not 0 < max(height, width) <= THUMBNAIL:
        raise UserError("a thumbnail is damaged")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
