"""Axes that one can move along, in sets: the dimensions of z, principal axes, named directions.

An axis has a *step*, the change of z by one sigma of the data along it, and a *readout*, the linear function
of z that tells the coordinate: ``coordinate = (z - mean) · readout`` and ``step · readout = 1``. Over the
aggregated posterior a coordinate has mean 0 and deviation 1.

Of a dimension both are along that dimension. Of every other axis both come from one unit vector v of whitened
space: the step is v taken back to z, the readout ``x · v``. Moving along it leaves every whitened coordinate
at right angles to v as it is, and is what z does on average where that coordinate grows by one.
"""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Coordinates, Latent, vectors
from vaevis_tui.latent.controls import Control
from vaevis_tui.latent.directions import Directions
from vaevis_tui.latent.space import LatentSpace

SIGMA_LIMIT = 10.0
"""No dimension is moved further from the mean than this, in sigmas: decoders make nothing of more."""

DIMENSIONS, PRINCIPAL, DIRECTIONS = "dimensions", "axes", "directions"
"""Names of the sets, in the order in which they come."""

_SAME = 1e-6
"""Sigmas that float32 does not tell apart: setting a coordinate to where it is leaves z alone."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What a person reads of one axis.

    Attributes:
        name: E.g. ``"z7"``, ``"axis 3"`` or ``"thickness"``.
        low: What one sees at its negative end, or ``""``.
        high: What one sees at its positive end, or ``""``.
        detail: What `AxisSet.figure` has of it, e.g. ``"2.31"``, or a control's kind; or ``""``.
    """

    name: str
    low: str = ""
    high: str = ""
    detail: str = ""

    @property
    def is_between_classes(self) -> bool:
        """Whether it is named by its ends alone, as in ``"4 to 9"``."""
        return bool(self.low and self.high) and self.name == f"{self.low} to {self.high}"


@dataclass(frozen=True, eq=False)
class AxisSet:
    """Axes of one kind, by row, and after them a row for each control of the decoder.

    Where there are controls, what is said of z below holds of points, which have their values after z.

    Attributes:
        name: One of ``"dimensions"``, ``"axes"`` and ``"directions"``.
        space: Whose axes they are.
        axes: What a person reads of each row.
        order: Rows in the order in which they are shown, a permutation.
        effects: Visible effect of each axis in levels of 255 a sigma, float64 (k,); None until it is known.
        controls: Those of the decoder; they are shown first.
        figure: What the axes' details are figures of, with ``{}`` in their place, e.g. ``"KL {} nats"``.
    """

    name: str
    space: LatentSpace
    axes: tuple[Axis, ...]
    order: NDArray[np.intp]
    effects: Coordinates | None = None
    controls: tuple[Control, ...] = ()
    figure: str = "{}"
    _along: Coordinates | None = None
    """Unit vectors of whitened space, float64 (k, d); None where row i is dimension or principal axis i."""

    def __len__(self) -> int:
        return len(self.axes)

    @property
    def count(self) -> int:
        """Number of axes k: rows before those of controls."""
        return len(self.axes) - len(self.controls)

    @property
    def first(self) -> int:
        """The axis that is shown first: the row to begin with."""
        return int(self.order[len(self.controls)])

    def control(self, row: int) -> Control | None:
        """The control of a row; None of an axis."""
        return self.controls[row - self.count] if row >= self.count else None

    def text(self, row: int, value: float) -> str:
        """A coordinate of a row for people."""
        control = self.control(row)
        return f"{value:+.2f} σ" if control is None else control.text(value)

    @property
    def heading(self) -> str:
        """What figures in a column are of, e.g. ``"KL nats"``."""
        return " ".join(self.figure.format("").split())

    def detail(self, row: int) -> str:
        """A row's detail by itself, e.g. ``"KL 2.31 nats"``; or ``""``."""
        detail = self.axes[row].detail
        return self.figure.format(detail) if detail and self.control(row) is None else detail

    def with_controls(self, controls: tuple[Control, ...]) -> Self:
        """The same axes with rows for controls, which come first."""
        axes = (*self.axes[: self.count], *(Axis(each.name, detail=each.detail) for each in controls))
        order = (*range(self.count, len(axes)), *(row for row in self.order if row < self.count))
        return dataclasses.replace(self, axes=axes, order=np.array(order, np.intp), controls=controls)

    @property
    def of_dimensions(self) -> bool:
        """Whether row i is dimension i of z."""
        return self.name == DIMENSIONS

    def find(self, name: str) -> int | None:
        """The row of that name, or None."""
        return next((row for row, axis in enumerate(self.axes) if axis.name == name), None)

    def matching(self, text: str) -> list[int]:
        """Rows whose name, ends or number hold the text, in the order shown; all for an empty text.

        They also match by the beginnings of their words in any order: ``9 to 4`` finds the row ``4 to 9``.
        """
        query = text.strip().casefold()
        beginnings = re.findall(r"\w+", query)

        def matches(words: str) -> bool:
            parts = re.findall(r"\w+", words)
            each_begins = all(any(part.startswith(each) for part in parts) for each in beginnings)
            return query in words or (bool(beginnings) and each_begins)

        return [int(row) for row in self.order if matches(self._words(int(row)))]

    def _words(self, row: int) -> str:
        axis = self.axes[row]
        return f"{axis.name} {axis.low} {axis.high}".casefold()

    def coordinates(self, z: ArrayLike) -> Coordinates:
        """Where z is on every axis, in sigmas from the mean: z (..., d) to float64 (..., k).

        Of a point the values of controls follow.
        """
        if self.controls:
            here = np.asarray(z)
            dim = self.space.dim
            return np.concatenate([self._of_axes(here[..., :dim]), here[..., dim:]], axis=-1)
        return self._of_axes(z)

    def _of_axes(self, z: ArrayLike) -> Coordinates:
        if self.of_dimensions:
            return self.space.to_sigma(z)
        whitened = self.space.whiten(z)
        return whitened if self._along is None else np.asarray(whitened @ self._along.T)

    def coordinate(self, z: ArrayLike, row: int) -> float:
        """Where one z (d,) is on one axis, in sigmas from the mean.

        Raises:
            ValueError: there is no such row.
        """
        row = self.checked(row)
        if self.control(row) is not None:
            return float(np.asarray(z)[self.space.dim + row - self.count])
        here = vectors(self._z(z), self.space.dim, "z")
        if self.of_dimensions:
            return float((here[row] - self.space.mean[row]) / np.float64(self.space.std[row]))
        whitened = self.space.whiten(here)
        return float(whitened[row] if self._along is None else whitened @ self._along[row])

    def _z(self, z: ArrayLike) -> ArrayLike:
        """The part of a point that is z."""
        return np.asarray(z)[..., : self.space.dim] if self.controls else z

    def step(self, row: int) -> Coordinates:
        """The change of z by one sigma along an axis, float64 (d,).

        Raises:
            ValueError: there is no such row, or it is a control's.
        """
        row = self.checked(row)
        if self.control(row) is not None:
            raise ValueError(f"{self.axes[row].name} is not an axis of z")
        if self.of_dimensions:
            step = np.zeros(self.space.dim)
            step[row] = self.space.std[row]
            return step
        steps = self.space.axis_steps
        return np.asarray(steps[row] if self._along is None else self._along[row] @ steps)

    def move(self, z: ArrayLike, row: int, sigmas: float) -> Latent:
        """Z (d,) moved by so many sigmas along an axis, float32 (d,).

        Raises:
            ValueError: there is no such row, or sigmas is not finite.
        """
        control, here = self.control(self.checked(row)), self.coordinate(z, row)
        return self.set(z, row, here + sigmas if control is None else control.moved(here, sigmas))

    def set(self, z: ArrayLike, row: int, sigma: float) -> Latent:
        """Z (d,) put at so many sigmas on an axis, the rest left as it is, float32 (d,).

        It stops where the coordinate, or a dimension of z, reaches `SIGMA_LIMIT`. A control takes the nearest
        value that it can have.

        Raises:
            ValueError: there is no such row, or sigma is not finite.
        """
        row = self.checked(row)
        if not math.isfinite(sigma):
            raise ValueError(f"a position must be a finite number of sigmas, not {sigma}")
        moved = np.array(z, np.float32)
        control = self.control(row)
        if control is not None:
            moved[self.space.dim + row - self.count] = control.limited(sigma)
            return moved
        moved[: self.space.dim] = self._set_axis(moved[: self.space.dim], row, sigma)
        return moved

    def _set_axis(self, moved: Latent, row: int, sigma: float) -> Latent:
        sigma = min(max(sigma, -SIGMA_LIMIT), SIGMA_LIMIT)
        if self.of_dimensions:
            moved[row] = float(self.space.mean[row]) + sigma * float(self.space.std[row])
            return moved
        change = sigma - self.coordinate(moved, row)
        if abs(change) < _SAME:
            return moved
        return (moved + self._within(moved, row, change) * self.step(row)).astype(np.float32)

    def _within(self, z: Latent, row: int, change: float) -> float:
        """As much of a change as keeps every dimension within the limit."""
        sigma, rate = self.space.to_sigma(z), self.step(row) / self.space.std
        moving = np.abs(rate) > 1e-12
        ends = (np.array([[-SIGMA_LIMIT], [SIGMA_LIMIT]]) - sigma[moving]) / rate[moving]
        low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
        return min(max(change, min(low, 0.0)), max(high, 0.0))

    def steps_along(self, z: ArrayLike, row: int, sigmas: ArrayLike) -> Latent:
        """Z (d,) put at each of these coordinates of an axis, for a strip: (n,) to float32 (n, d)."""
        return np.stack([self.set(z, row, float(sigma)) for sigma in np.asarray(sigmas, np.float64)])

    def checked(self, row: int) -> int:
        """The row, if there is such a one.

        Raises:
            ValueError: there is none.
        """
        if not 0 <= row < len(self):
            what = "dimension" if self.of_dimensions else "row"
            raise ValueError(f"{what} {row} does not exist; expected 0 to {len(self) - 1}")
        return row

    def with_effects(self, effects: ArrayLike) -> Self:
        """The same axes with their visible effects (k,), shown by falling effect.

        Ways from one class to another come after all others: there are many, and they are alike.

        Raises:
            ValueError: there is not one effect a row, or one is not finite.
        """
        known = np.array(effects, np.float64)
        if known.shape != (self.count,) or not np.all(np.isfinite(known)):
            raise ValueError(f"{self.count} rows need as many finite effects, not shape {known.shape}")
        known.setflags(write=False)
        ways = np.array([axis.is_between_classes for axis in self.axes[: self.count]])
        order = np.concatenate([np.arange(self.count, len(self)), np.lexsort((-known, ways))])
        return dataclasses.replace(self, effects=known, order=order)

    @cached_property
    def key(self) -> str:
        """What this set is, in 32 hexadecimal digits: for caches of what was computed of it."""
        import hashlib

        digest = hashlib.sha256(self.name.encode())
        along = () if self._along is None else (self._along,)
        for array in (self.space.mean, self.space.std, self.space.axes, *along):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]


def dimension_set(space: LatentSpace) -> AxisSet:
    """One axis a dimension of z, by falling KL."""
    axes = tuple(Axis(f"z{dim}", detail=f"{kl:.2f}" if kl > 0 else "") for dim, kl in enumerate(space.kl))
    return AxisSet(DIMENSIONS, space, axes, space.order, figure="KL {} nats")


def principal_set(space: LatentSpace) -> AxisSet:
    """The principal axes of the aggregated posterior, by falling variance."""
    shares = space.axis_variances / space.axis_variances.sum()
    axes = tuple(Axis(f"axis {row + 1}", detail=f"{share:.1%}") for row, share in enumerate(shares))
    return AxisSet(PRINCIPAL, space, axes, np.arange(space.dim), figure="{} of variance")


def direction_set(space: LatentSpace, directions: Directions) -> AxisSet:
    """Named directions, as they come.

    Raises:
        ValueError: they have another number of dimensions than the space.
    """
    if directions.dim != space.dim:
        raise ValueError(f"directions have {directions.dim} dimensions; expected {space.dim}")
    along = space.whiten(space.mean + directions.vectors.astype(np.float64))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    along.setflags(write=False)
    names = zip(directions.names, directions.lows, directions.highs, directions.strengths, strict=True)
    axes = tuple(
        Axis(name, low, high, "" if math.isnan(strength) else f"{strength:.2f}")
        for name, low, high, strength in names
    )
    return AxisSet(DIRECTIONS, space, axes, np.arange(len(axes)), figure="strength {}", _along=along)


def axis_sets(
    space: LatentSpace, own: Directions | None = None, controls: tuple[Control, ...] = ()
) -> tuple[AxisSet, ...]:
    """The sets of a space: dimensions, principal axes, and directions where there are any.

    Args:
        space: Its shipped directions are taken.
        own: A person's own directions, which come first; one with the name of a shipped one hides it.
        controls: What the decoder takes beside z: rows in each set.
    """
    directions = own if own is not None else Directions.none(space.dim)
    if space.directions is not None:
        directions = directions.joined(space.directions)
    sets: tuple[AxisSet, ...] = (dimension_set(space), principal_set(space))
    sets = (*sets, direction_set(space, directions)) if len(directions) else sets
    return tuple(each.with_controls(controls) for each in sets) if controls else sets
