"""Directions of one's own: points marked into sets A and B, and what leads from one to the other, by name."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.storage.bookmarks import checked_name
from vaevis_tui.explorer.storage.model_data import FORMAT, KeptFile
from vaevis_tui.export.fields import Fields, packed
from vaevis_tui.latent.directions import Directions, analogy, contrast
from vaevis_tui.latent.space import LatentSpace

LIMIT = 200
"""Directions of one's own a model."""


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


class OwnDirections(KeptFile[Directions]):
    """A person's own directions in one model's space."""

    NAME = "directions"

    @property
    def directions(self) -> Directions:
        """All of them, the newest first."""
        return self._kept

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

        def add(kept: Directions) -> Directions:
            joined = new.joined(kept)
            if len(joined) > LIMIT:
                raise UserError(f"there are {LIMIT} directions of your own already; remove some first")
            return joined

        self._change(add)
        return self._kept

    def remove(self, name: str) -> Directions:
        """Forget a direction; one that is gone is left alone. Gives what is left.

        Raises:
            UserError: it cannot be saved.
        """
        self._change(lambda kept: kept.without(name))
        return self._kept

    def _nothing(self) -> Directions:
        return Directions.none(self._dim)

    def _text(self, kept: Directions) -> str:
        return json.dumps(
            {
                "format": FORMAT,
                "latent_dim": self._dim,
                "names": kept.names,
                "lows": kept.lows,
                "highs": kept.highs,
                "vectors": packed(kept.vectors),
            }
        )

    def _read(self, fields: Fields) -> Directions:
        vectors = fields.rows("vectors", self._dim)
        names, lows, highs = (tuple(fields.text_list(key)) for key in ("names", "lows", "highs"))
        for each in (*names, *filter(None, (*lows, *highs))):
            checked_name(each)
        return Directions(vectors, names, lows, highs, np.full(len(vectors), math.nan, np.float32))
