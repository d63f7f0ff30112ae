"""Where one was: every place that the person left, in the order of time, to go back to any of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

LIMIT = 256
"""Places that are remembered."""


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A place where the person was.

    Attributes:
        number: Counts from 1; names the place for as long as it is remembered.
        z: float32 (d,), read-only.
    """

    number: int
    z: NDArray[np.float32]


class History:
    """A filmstrip of places. Unlike undo it forgets nothing that a new change cuts off, up to `LIMIT`.

    Args:
        places: What was there before, oldest first.
    """

    def __init__(self, places: Iterable[ArrayLike] = ()) -> None:
        self._visits: list[Visit] = []
        self._count = 0
        for z in places:
            self.add(z)

    @property
    def visits(self) -> tuple[Visit, ...]:
        """All places, oldest first."""
        return tuple(self._visits)

    def __len__(self) -> int:
        return len(self._visits)

    def add(self, z: ArrayLike) -> None:
        """Remember a place, unless it is the last one remembered."""
        place = np.array(z, np.float32)
        place.setflags(write=False)
        if self._visits and np.array_equal(self._visits[-1].z, place):
            return
        self._count += 1
        self._visits = [*self._visits[-(LIMIT - 1) :], Visit(self._count, place)]

    def find(self, number: int) -> Visit | None:
        """The place of that number, or None where it is forgotten."""
        return next((visit for visit in self._visits if visit.number == number), None)
