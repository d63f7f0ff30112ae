"""Journeys: a path through several points, scrubbed from 0 to 1 or played, at a speed that looks constant."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Coordinates, Latent
from vaevis_tui.latent.motion.slerp import slerp
from vaevis_tui.latent.space import LatentSpace

Ease = Literal["none", "ends", "stops"]
"""Where the motion slows down: nowhere, at both ends, or at every stop."""

_SAMPLES = 32  # points of a leg that its length is measured by
_LEAST_LEG = 1e-9


class Journey:
    """A path through stops; each leg is a `slerp` arc in whitened coordinates.

    A position from 0 to 1 is a share of the time. Speed is constant in whitened sigmas, or visually after
    `measured` was given the decoded `samples`.

    Args:
        space: The model's.
        stops: Latent vectors, (n, d), n at least 2; the path passes through them exactly. For points, which
            have values of controls after z, the path takes the controls of the nearer stop.
        loop: Whether it goes from the last stop back to the first.
        ease: Where it slows down; ``"ends"`` does nothing for a loop.

    Raises:
        ValueError: there are fewer than two stops, or one does not fit the space.
    """

    def __init__(
        self, space: LatentSpace, stops: Iterable[ArrayLike], *, loop: bool = False, ease: Ease = "none"
    ) -> None:
        points = [np.array(stop, np.float32) for stop in stops]
        if len(points) < 2:
            raise ValueError(f"a journey needs at least two points, not {len(points)}")
        for point in points:
            fits = point.ndim == 1 and len(point) == len(points[0]) >= space.dim
            if not fits or not np.all(np.isfinite(point)):
                raise ValueError(f"a stop must be {space.dim} finite numbers; it has shape {point.shape}")
            point.setflags(write=False)
        self.space = space
        self.stops: tuple[Latent, ...] = tuple(points)
        self.loop = loop
        if ease not in get_args(Ease):
            raise ValueError(f"ease is {ease!r}; {', '.join(get_args(Ease))} are expected")
        self.ease: Ease = ease
        self._ends = (*points, points[0]) if loop else tuple(points)
        self._whitened = space.whiten(np.stack(self._ends)[:, : space.dim])
        shares = np.linspace(0, 1, _SAMPLES + 1)
        arcs = np.stack([self._arc(leg, shares) for leg in range(self.legs)])
        self._set_lengths(np.linalg.norm(np.diff(arcs, axis=1), axis=2))

    @property
    def legs(self) -> int:
        """Number of arcs between stops."""
        return len(self._ends) - 1

    @property
    def length(self) -> float:
        """Total length in whitened sigmas; after `measured` in levels of 255."""
        return float(self._leg_ends[-1])

    @property
    def stop_positions(self) -> tuple[float, ...]:
        """The position of each stop, ascending from 0; for a loop also that of its end, 1."""
        if self.ease == "stops":
            shares = self._leg_ends / self._leg_ends[-1]
        else:
            shares = np.array([self._uneased(share) for share in self._leg_ends / self._leg_ends[-1]])
        return tuple(shares.tolist())

    def at(self, position: float) -> Latent:
        """The point at a position, float32 (d,), read-only; positions are clamped to 0..1.

        Raises:
            ValueError: the position is NaN.
        """
        if math.isnan(position):
            raise ValueError("a position must be a number")
        position = min(max(position, 0.0), 1.0)
        stops = np.asarray(self.stop_positions)
        nearest = int(np.argmin(np.abs(stops - position)))
        if abs(stops[nearest] - position) < 1e-9:
            return self._ends[nearest]
        distance = self._eased(position) * self.length
        leg = min(int(np.searchsorted(self._leg_ends, distance, side="right")) - 1, self.legs - 1)
        share = float(np.interp(distance - self._leg_ends[leg], self._tables[leg], self._shares))
        z: Latent = self._on_leg(leg, np.array([share]))[0]
        z.setflags(write=False)
        return z

    def _on_leg(self, leg: int, shares: Coordinates) -> Latent:
        """Points (n, d or more) at shares (n,) of a leg's arc."""
        z: Latent = self.space.unwhiten(self._arc(leg, shares))
        ends = np.stack(self._ends[leg : leg + 2])[:, self.space.dim :]
        if not ends.size:
            return z
        return np.concatenate([z, ends[(shares >= 0.5).astype(int)]], axis=1).astype(np.float32)

    def samples(self, count: int = 8) -> Latent:
        """Latents to decode for `measured`, float32 (legs, count + 1, d)."""
        shares = np.linspace(0, 1, count + 1)
        return np.stack([self._on_leg(leg, shares) for leg in range(self.legs)])

    def measured(self, images: NDArray[np.uint8]) -> Journey:
        """This journey at constant visual speed: equal times change the image by equal amounts.

        Args:
            images: Decoded `samples`, uint8 (legs, count + 1, h, w, 3). The change from one to the next is
                its root mean square in levels of 255.

        Raises:
            ValueError: the images are not one row a leg.
        """
        if images.ndim != 5 or len(images) != self.legs or images.shape[1] < 2:
            raise ValueError(f"images have shape {images.shape}; expected ({self.legs}, n, h, w, 3)")
        pixels = images.astype(np.float32)
        changes = np.sqrt(np.mean(np.diff(pixels, axis=1) ** 2, axis=(2, 3, 4), dtype=np.float64))
        journey = Journey(self.space, self.stops, loop=self.loop, ease=self.ease)
        floor = (
            0.02 * float(changes.max()) + _LEAST_LEG
        )  # what changes nothing is passed quickly, not skipped
        journey._set_lengths(changes + floor)
        return journey

    def _set_lengths(self, distances: Coordinates) -> None:
        """Build tables from arc share to distance, from the distances between even shares of every leg."""
        distances = np.maximum(distances, _LEAST_LEG)
        self._shares = np.linspace(0, 1, distances.shape[1] + 1)
        self._tables = np.concatenate((np.zeros((len(distances), 1)), np.cumsum(distances, axis=1)), axis=1)
        self._leg_ends = np.concatenate(([0.0], np.cumsum(self._tables[:, -1])))

    def _arc(self, leg: int, shares: Coordinates) -> Coordinates:
        return slerp(self._whitened[leg], self._whitened[leg + 1], shares)

    def _eased(self, position: float) -> float:
        """The share of the length covered at a position."""
        if self.ease == "ends" and not self.loop:
            return _smooth(position)
        if self.ease != "stops":
            return position
        ends = self._leg_ends / self._leg_ends[-1]
        leg = min(int(np.searchsorted(ends, position, side="right")) - 1, self.legs - 1)
        low, high = float(ends[leg]), float(ends[leg + 1])
        return low + (high - low) * _smooth((position - low) / (high - low))

    def _uneased(self, share: float) -> float:
        """The position at which a share of the length is covered: the inverse of `_eased`."""
        if self.ease == "ends" and not self.loop:
            return 0.5 - math.sin(math.asin(1 - 2 * share) / 3)
        return share


def _smooth(share: float) -> float:
    """From 0 to 1, slow at both ends."""
    return share * share * (3 - 2 * share)
