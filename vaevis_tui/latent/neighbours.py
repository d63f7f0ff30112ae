"""Anchors near a point and by label, and steps towards one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.latent.motion.slerp import slerp
from vaevis_tui.latent.space import Anchors, LatentSpace

BEYOND_SIGMA = 4.0
"""Further from the mean than this, and than any example, a value is beyond the data."""

_SAME = 1e-3
"""Sigmas that rounding may take a value beyond what it was set to."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An anchor near a point.

    Attributes:
        index: Which anchor.
        label: Its label.
        distance: In whitened coordinates.
        closeness: 1 at the anchor, 0 as far away as two anchors usually are from each other, or further.
    """

    index: int
    label: str
    distance: float
    closeness: float

    def __str__(self) -> str:
        """For a status line: ``"0, 62 %"``."""
        return f"{self.label}, {round(100 * self.closeness)} %"


class AnchorIndex:
    """Looks up the anchors of a space: the nearest, those with a label, the next one.

    Args:
        space: The model's.
    """

    def __init__(self, space: LatentSpace) -> None:
        self._space = space
        self.anchors: Anchors = space.anchors

    def __len__(self) -> int:
        return len(self.anchors)

    @cached_property
    def _whitened(self) -> Coordinates:
        return self._space.whiten(self.anchors.z)

    @cached_property
    def usual_distance(self) -> float:
        """The median distance of two anchors in whitened coordinates; with fewer, the shell's radius."""
        if len(self) < 2:
            return self._space.shell[1]
        x = self._whitened[:: max(1, len(self) // 256)]
        apart = np.concatenate([np.linalg.norm(x[i + 1 :] - x[i], axis=1) for i in range(len(x) - 1)])
        return float(np.median(apart)) or 1.0

    def nearest(self, z: ArrayLike, count: int = 3) -> list[Neighbour]:
        """The anchors nearest to z (d,), the very nearest first; none where there are no anchors."""
        distances = np.linalg.norm(self._whitened - self._space.whiten(z), axis=1)
        best = np.argsort(distances, kind="stable")[:count]
        return [
            Neighbour(
                int(index),
                self.anchors.labels[index],
                float(distances[index]),
                max(0.0, 1 - float(distances[index]) / self.usual_distance),
            )
            for index in best
        ]

    def is_beyond(self, axes: AxisSet, row: int, sigma: float) -> bool:
        """Whether a value on a row is one that the data do not have, whatever the others are.

        In many dimensions one value hardly changes how far out a point is: its norm may be the usual one.

        Args:
            axes: Of the model.
            row: Of these; the value of a control is never beyond.
            sigma: The value on it.
        """
        if row >= axes.count or abs(sigma) <= BEYOND_SIGMA:
            return False
        return abs(sigma) > self.reach(axes, row, sigma) + _SAME

    def reach(self, axes: AxisSet, row: int, sigma: float) -> float:
        """How far from the mean the data go on a row, in sigmas, to the side of a value on it."""
        examples = axes.coordinates(self.anchors.z)[:, row] * np.sign(sigma)
        return float(examples.max(initial=BEYOND_SIGMA))

    def within(self, axes: AxisSet, row: int, z: Latent) -> Latent:
        """The point z (d,) with its value on a row no further out than the data go."""
        sigma = axes.coordinate(z, row) if row < axes.count else 0.0
        if not self.is_beyond(axes, row, sigma):
            return z
        return axes.set(z, row, math.copysign(self.reach(axes, row, sigma), sigma))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Every label once, in order of appearance."""
        return tuple(dict.fromkeys(self.anchors.labels))

    def labelled(self, label: str) -> list[int]:
        """Anchors of a label, in order: the mode of a class before its examples."""
        return [index for index, each in enumerate(self.anchors.labels) if each == label]

    def search(self, text: str) -> list[int]:
        """Anchors whose label holds the text; those that begin with it, or a word of which does, first."""
        query = text.strip().casefold()
        found = [
            (not any(word.startswith(query) for word in (label.casefold(), *label.casefold().split())), i)
            for i, label in enumerate(self.anchors.labels)
            if query in label.casefold()
        ]
        return [index for _, index in sorted(found)]

    def at(self, z: ArrayLike) -> int | None:
        """The anchor that equals z (d,) to the bit, or None."""
        same = np.flatnonzero(np.all(self.anchors.z == np.asarray(z, np.float32), axis=1))
        return int(same[0]) if same.size else None

    def next(self, z: ArrayLike, places: int = 1, label: str | None = None) -> int | None:
        """The anchor to go to next from z, of a label or of all; None if there is none.

        From an anchor that is the one ``places`` further (negative: back), wrapping at the ends. From
        elsewhere it is the first one of the label, or the nearest of all.
        """
        among = list(range(len(self))) if label is None else self.labelled(label)
        if not among:
            return None
        here = self.at(z)
        if here in among:
            return among[(among.index(here) + places) % len(among)]
        return among[0] if label is not None else self.nearest(z, 1)[0].index


def step_towards(space: LatentSpace, z: ArrayLike, target: ArrayLike, sigmas: float) -> Latent:
    """Move z (d,) by some sigmas along the arc to a target (d,), float32; stops exactly at the target.

    With negative sigmas it moves straight away from the target.
    """
    end = np.asarray(target, np.float32)
    start, stop = space.whiten(z), space.whiten(end)
    distance = float(np.linalg.norm(stop - start))
    if distance == 0:
        return end.copy()
    if sigmas < 0:
        return space.unwhiten(start + sigmas / distance * (stop - start))
    shares = np.linspace(0, 1, 65)
    lengths = np.linalg.norm(np.diff(slerp(start, stop, shares), axis=0), axis=1)
    distances = np.concatenate(([0.0], np.cumsum(lengths)))
    return (
        end.copy()
        if sigmas >= distances[-1]
        else space.unwhiten(slerp(start, stop, np.interp(sigmas, distances, shares)))
    )
