"""A plane through latent space, for maps: where it lies, what lies on it, how dense the data are there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaevis_tui.latent.arrays import Coordinates, Latent, read_only, vectors
from vaevis_tui.latent.axes import AxisSet
from vaevis_tui.latent.space import LatentSpace

Extent = tuple[float, float, float, float]
"""What a map shows: left, right, bottom and top, in the plane's coordinates."""

ANCHOR_AXES = "anchors 1", "anchors 2"
"""Names of the coordinates of a plane that anchors lie about."""

_MARGIN = 0.08  # of the extent, so that no anchor lies on the border
_BLOCK = 1024  # points whose density is computed at once: 4 MB at 256 components
_REACH = 2.5  # sigmas to each side that are shown in any case


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane with coordinates u to the right and v upwards.

    Attributes:
        space: The model's.
        origin: Where both coordinates are 0, float32 (d,).
        u_axis: Change of z by one unit of u, float64 (d,).
        v_axis: The same of v.
        u_name: What lies along u, for people.
        v_name: What lies along v.
    """

    space: LatentSpace
    origin: Latent
    u_axis: Coordinates
    v_axis: Coordinates
    u_name: str
    v_name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", read_only(self.origin, np.float32, "the plane's origin"))
        for name in ("u_axis", "v_axis"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64, name))

    def at(self, u: ArrayLike, v: ArrayLike) -> Latent:
        """The latents at coordinates, (...) and (...) to float32 (..., d)."""
        right, up = np.asarray(u, np.float64)[..., None], np.asarray(v, np.float64)[..., None]
        return np.asarray(self.origin + right * self.u_axis + up * self.v_axis, np.float32)

    def project(self, z: ArrayLike) -> Coordinates:
        """Coordinates (u, v) of the point of the plane nearest to z: (..., d) to float64 (..., 2).

        Nearest in whitened coordinates.
        """
        offsets = self._whitened(vectors(z, self.space.dim, "z") - self.origin)
        return np.asarray(offsets @ self._inverse.T)

    def distance(self, z: ArrayLike) -> Coordinates:
        """How far z lies off the plane, in whitened sigmas: (..., d) to float64 (...)."""
        u, v = np.moveaxis(self.project(z), -1, 0)
        on = self.origin + u[..., None] * self.u_axis + v[..., None] * self.v_axis
        return np.asarray(np.linalg.norm(self._whitened(np.asarray(z, np.float64) - on), axis=-1))

    def move(self, z: ArrayLike, du: float, dv: float) -> Latent:
        """Z (d,) moved along the plane; how far it lies off the plane stays. float32 (d,)."""
        return np.asarray(np.asarray(z, np.float64) + du * self.u_axis + dv * self.v_axis, np.float32)

    def through(self, z: ArrayLike) -> Plane:
        """The parallel plane that z (d,) lies on, with z at the coordinates that it has on this one."""
        u, v = self.project(z)
        origin = np.asarray(z, np.float64) - u * self.u_axis - v * self.v_axis
        return Plane(
            self.space, origin.astype(np.float32), self.u_axis, self.v_axis, self.u_name, self.v_name
        )

    def extent(self, share: float = 1.0) -> Extent:
        """Left, right, bottom and top of what holds all anchors, and at least 2.5 sigmas of the data.

        Args:
            share: Of the anchors and the data; the outermost others may lie outside.
        """
        samples = self.project(self.space.mean + _REACH * self._spread())
        points = [samples]
        if len(self.space.anchors):
            at = self.project(self.space.anchors.z)
            outside = (1 - share) / 2
            points.append(np.quantile(at, (outside, 1 - outside), axis=0))
        low, high = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
        margin = _MARGIN * (high - low)
        (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
        return left, right, bottom, top

    def _spread(self) -> Coordinates:
        """One sigma of the data in each direction of the plane, as changes of z, float64 (4, d)."""
        covariance = self._inverse @ self._inverse.T
        u, v = np.sqrt(np.diag(covariance))
        return np.stack((u * self.u_axis, -u * self.u_axis, v * self.v_axis, -v * self.v_axis))

    def grid(self, extent: Extent, columns: int, rows: int) -> Latent:
        """Latents at the middles of tiles that fill an extent, the top row first: (rows, columns, d)."""
        u, v = self.tile_centres(extent, columns, rows)
        return self.at(u[None, :], v[:, None])

    @staticmethod
    def tile_centres(extent: Extent, columns: int, rows: int) -> tuple[Coordinates, Coordinates]:
        """Coordinates u (columns,), rising, and v (rows,), falling, of the middles of tiles."""
        left, right, bottom, top = extent
        u = left + (np.arange(columns) + 0.5) * (right - left) / columns
        v = top - (np.arange(rows) + 0.5) * (top - bottom) / rows
        return u, v

    def density(self, u: ArrayLike, v: ArrayLike) -> Coordinates:
        """Density of the data's projection on the plane, 0 to 1 of its largest at a mean: (...) to (...)."""
        at = np.stack(np.broadcast_arrays(np.asarray(u, np.float64), np.asarray(v, np.float64)), axis=-1)
        components, peak = self._projected
        flat = at.reshape(-1, 2)
        blocks = [components(flat[start : start + _BLOCK]) for start in range(0, len(flat), _BLOCK)]
        return np.minimum(np.concatenate(blocks) / peak, 1.0).reshape(at.shape[:-1])

    @cached_property
    def _projected(self) -> tuple[_Projection, float]:
        """The data's density on the plane, and its largest value at the mean of a component."""
        mixture = self.space.mixture
        if mixture is None:
            root = self._inverse  # whitened data have covariance I
            weights, means, covariances = (
                np.ones(1),
                self.project(self.space.mean)[None],
                (root @ root.T)[None],
            )
        else:
            roots = self._whitened(mixture.factors.astype(np.float64)) @ self._inverse.T
            weights, means = mixture.weights.astype(np.float64), self.project(mixture.means)
            covariances = np.swapaxes(roots, 1, 2) @ roots
        projection = _Projection(weights, means, covariances)
        return projection, float(projection(means).max())

    def _whitened(self, change: Coordinates) -> Coordinates:
        """A change of z in whitened coordinates."""
        return self.space.whiten(self.space.mean + change)

    @cached_property
    def _inverse(self) -> Coordinates:
        """What turns whitened offsets into (u, v), float64 (2, d): least squares."""
        axes = np.stack((self._whitened(self.u_axis), self._whitened(self.v_axis)), axis=1)
        return np.asarray(np.linalg.pinv(axes))


class _Projection:
    """Normal distributions on the plane: weights (k,), means (k, 2), covariances (k or 1, 2, 2)."""

    def __init__(self, weights: Coordinates, means: Coordinates, covariances: Coordinates) -> None:
        inverse = np.linalg.inv(covariances)
        a, b, c = inverse[:, 0, 0], inverse[:, 0, 1], inverse[:, 1, 1]
        u, v = means.T
        # The squared distance a (x-u)² + 2 b (x-u)(y-v) + c (y-v)² as a product with x², xy, y², x, y, 1
        terms = (
            a,
            2 * b,
            c,
            -2 * (a * u + b * v),
            -2 * (b * u + c * v),
            a * u * u + 2 * b * u * v + c * v * v,
        )
        self._squares = np.stack(np.broadcast_arrays(*terms))
        self._scales = weights * np.sqrt(np.linalg.det(inverse))

    def __call__(self, points: Coordinates) -> Coordinates:
        """Density at points, (n, 2) to (n,), but for a factor."""
        x, y = points.T
        powers = np.stack((x * x, x * y, y * y, x, y, np.ones_like(x)), axis=1)
        squares = (powers @ self._squares).astype(np.float32)  # exp in float32 takes a third
        return np.asarray(np.exp(-0.5 * squares) @ self._scales, np.float64)


def plane_of_axes(axes: AxisSet, u_row: int, v_row: int, z: ArrayLike | None = None) -> Plane:
    """The plane along two rows of an axis set through z (d,), or through the mean; one unit is one sigma.

    Coordinates are those of the rows, so the mean is at (0, 0).

    Raises:
        ValueError: there is no such row, or both are the same axis.
    """
    if u_row == v_row:
        raise ValueError("a plane needs two different axes")
    space = axes.space
    names = axes.axes[axes.checked(u_row)].name, axes.axes[axes.checked(v_row)].name
    plane = Plane(space, space.mean, axes.step(u_row), axes.step(v_row), *names)
    return plane if z is None else plane.through(z)


def best_plane(space: LatentSpace) -> Plane:
    """The plane for a map of the space.

    Of two dimensions it is the space itself, in z. Else it goes through the mean along the two principal
    directions of the anchors in whitened coordinates: of the means of their labels where labels repeat (those
    lie far apart then), of all anchors where each has its own, of the data where there are too few.

    Raises:
        ValueError: the space has one dimension.
    """
    if space.dim < 2:
        raise ValueError("a map needs at least two dimensions")
    if space.dim == 2:
        zero = np.zeros(2, np.float32)
        return Plane(space, zero, np.array([1.0, 0.0]), np.array([0.0, 1.0]), "z0", "z1")
    points = _group_means(space.whiten(space.anchors.z), space.anchors.labels)
    axes = np.eye(2, space.dim)
    names = "axis 1", "axis 2"
    if len(points) >= 3:
        found = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][:2]
        sides = np.sign(found[np.arange(2), np.argmax(np.abs(found), axis=1)])
        axes, names = found * sides[:, None], ANCHOR_AXES
    u, v = axes @ space.axis_steps
    return Plane(space, space.mean, u, v, *names)


def _group_means(points: Coordinates, labels: tuple[str, ...]) -> Coordinates:
    groups: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        groups.setdefault(label, []).append(index)
    if len(groups) < 3 or len(groups) == len(labels):
        return points
    return np.stack([points[rows].mean(axis=0) for rows in groups.values()])


def density_levels(density: Coordinates) -> NDArray[np.uint8]:
    """Densities 0 to 1 as shades 0 to 255, evened out by a square root."""
    return np.asarray(np.rint(255 * np.sqrt(np.clip(density, 0, 1))), np.uint8)
