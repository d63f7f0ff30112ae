"""Directions of one's own: points marked into sets A and B, and what leads from one to the other, by name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.bookmarks import checked_name
from vaevis_tui.explorer.storage.model_data import ModelData
from vaevis_tui.export.fields import Fields, packed
from vaevis_tui.latent.directions import Directions, analogy, contrast
from vaevis_tui.latent.space import LatentSpace

FILE = "directions.json"

LIMIT = 200
"""Directions of one's own a model."""

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A point in set A or B.

    Attributes:
        z: float32 (d,), or a point, which has values of controls after z; read-only.
        label: Where it is from, for people: ``"photo.jpg"``, ``"dog 1042"``.
    """

    z: NDArray[np.float32]
    label: str


class MarkedSets:
    """Points marked into A and B, from wherever: history, bookmarks, anchors, photos."""

    def __init__(self) -> None:
        self._sets: dict[str, tuple[Mark, ...]] = {"A": (), "B": ()}

    @property
    def a(self) -> tuple[Mark, ...]:
        """What the direction leads to, in the order of marking."""
        return self._sets["A"]

    @property
    def b(self) -> tuple[Mark, ...]:
        """What it leads away from; where there is nothing, that is the mean of the data."""
        return self._sets["B"]

    def toggle(self, which: Literal["A", "B"], z: ArrayLike, label: str = "") -> bool:
        """Mark a point, or take it out where it is in that set; out of the other set in any case.

        Returns:
            Whether it is in that set now.
        """
        place = np.array(z, np.float32)
        place.setflags(write=False)
        there = any(np.array_equal(mark.z, place) for mark in self._sets[which])
        for name, marks in self._sets.items():
            self._sets[name] = tuple(mark for mark in marks if not np.array_equal(mark.z, place))
        if not there:
            self._sets[which] = (*self._sets[which], Mark(place, label))
        return not there

    def of(self, z: ArrayLike) -> str | None:
        """``"A"`` or ``"B"`` where a point is marked, else None."""
        for name, marks in self._sets.items():
            if any(np.array_equal(mark.z, np.asarray(z, np.float32)) for mark in marks):
                return name
        return None

    def clear(self) -> None:
        """Forget all marks."""
        self._sets = {"A": (), "B": ()}

    def analogy(self, point: ArrayLike, dim: int) -> NDArray[np.float32]:
        """mean(A) - mean(B) + a point, float32 (d,) or more: controls after z, as a class, stay the point's.

        Both sets have to hold something.
        """
        here = np.asarray(point, np.float32)
        a, b = (
            np.mean([mark.z[:dim] for mark in marks], axis=0, dtype=np.float64) for marks in (self.a, self.b)
        )
        return np.concatenate([analogy(a, b, here[:dim]), here[dim:]])

    def direction(self, space: LatentSpace) -> NDArray[np.float32]:
        """mean(A) - mean(B), float32 (d,), or mean(A) less the mean of the data where B is empty.

        Raises:
            UserError: A is empty, or both means are the same.
        """
        try:
            a, b = ([mark.z[: space.dim] for mark in marks] for marks in (self.a, self.b))
            return contrast(a, b or [space.mean])
        except ValueError as error:
            raise UserError(f"no direction yet: {error}") from None


class OwnDirections:
    """A person's own directions in one model's space. Every change is on disk when its method returns.

    Args:
        data: The model's folder.
        latent_dim: Length of its latent vectors.

    Raises:
        UserError: what is on disk cannot be read; nothing is written over it either.
    """

    def __init__(self, data: ModelData, latent_dim: int) -> None:
        self._data = data
        self._dim = latent_dim
        self._directions = self._parsed(data.read(FILE))

    @property
    def directions(self) -> Directions:
        """All of them, the newest first."""
        return self._directions

    def add(self, vector: ArrayLike, name: str, low: str = "", high: str = "") -> Directions:
        """Keep a direction, in place of one of the same name.

        Args:
            vector: Change of z, (d,).
            name: One line of text.
            low: What one sees at its negative end, or nothing.
            high: What one sees at its positive end, or nothing.

        Returns:
            All of them.

        Raises:
            UserError: the vector is zero or does not fit, a text is none, there are too many, or it cannot be
                saved.
        """
        name = checked_name(name)
        low, high = (checked_name(end) if end.strip() else "" for end in (low, high))
        try:
            step = np.array(vector, np.float32)[None]
            new = Directions(step, (name,), (low,), (high,), np.full(1, math.nan, np.float32))
            new.joined(Directions.none(self._dim))
        except ValueError as error:
            raise UserError(f"{name} is not a direction of this model: {error}") from None

        def write(text: str | None) -> str:
            joined = new.joined(self._parsed(text))
            if len(joined) > LIMIT:
                raise UserError(f"there are {LIMIT} directions of your own already; remove some first")
            return self._text(joined)

        return self._update(write)

    def remove(self, name: str) -> Directions:
        """Forget a direction; one that is gone is left alone. Gives what is left.

        Raises:
            UserError: it cannot be saved.
        """
        return self._update(lambda text: self._text(self._parsed(text).without(name)))

    def _update(self, write: Callable[[str | None], str]) -> Directions:
        written: list[str] = []

        def change(text: str | None) -> str:
            written.append(write(text))
            return written[0]

        self._data.update(FILE, change)
        self._directions = self._parsed(written[0])
        return self._directions

    def _text(self, directions: Directions) -> str:
        """One line of JSON, ASCII."""
        return json.dumps(
            {
                "format": _FORMAT,
                "latent_dim": self._dim,
                "names": directions.names,
                "lows": directions.lows,
                "highs": directions.highs,
                "vectors": packed(directions.vectors),
            }
        )

    def _parsed(self, text: str | None) -> Directions:
        if text is None:
            return Directions.none(self._dim)
        try:
            return _read(Fields("directions", text, _FORMAT), self._dim)
        except (UserError, ValueError) as error:
            path = self._data.path / FILE
            raise UserError(f"{path}: {error}; move it away to start over") from None


def _read(fields: Fields, dim: int) -> Directions:
    """The inverse of what `OwnDirections` writes.

    Raises:
        UserError: it is something else; so does ValueError.
    """
    if (length := fields.whole("latent_dim")) != dim:
        raise UserError(f"they have {length} numbers each; expected {dim}")
    vectors = fields.rows("vectors", dim)
    names, lows, highs = (tuple(fields.text_list(key)) for key in ("names", "lows", "highs"))
    for each in (*names, *filter(None, (*lows, *highs))):
        checked_name(each)
    return Directions(vectors, names, lows, highs, np.full(len(vectors), math.nan, np.float32))
