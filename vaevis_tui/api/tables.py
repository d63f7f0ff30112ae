"""The tables that `Model` makes: what is decoded, and what is written beside it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.api.codec import Codec
from vaevis_tui.api.images import as_images
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.engine.decoder import Images, Latents
from vaevis_tui.export.sheet import Labels, contact_sheet
from vaevis_tui.latent.axes import SIGMA_LIMIT, Axis, AxisSet
from vaevis_tui.latent.motion.journey import Ease, Journey
from vaevis_tui.latent.plane import Extent, Plane
from vaevis_tui.suggestions import suggestion

_ROWS = 8
"""Of a traversal where none were named."""

_COLUMNS = 8
"""Of a sheet of reconstructions."""

LARGEST_EXTENT = 1000.0
"""Where a map ends, in sigma of its axes: a hundred times what data have."""

_NAME = 14
"""Characters of a file's name above its picture."""


def table(model: Codec, z: Latents, labels: Labels) -> ImageGrid:
    """Decode z, float32 (rows, columns, d)."""
    rows, columns, dim = z.shape
    images = model.decode(z.reshape(-1, dim))
    return ImageGrid(z, as_images(np.asarray(images).reshape(rows, columns, *images.shape[1:])), labels)


def flat_table(model: Codec, z: Latents, labels: Labels, columns: int | None = None) -> ImageGrid:
    """Decode z, float32 (n, d), and lay the images out in about as many rows as columns."""
    images, present = contact_sheet(np.asarray(model.decode(z)), columns)
    padded = np.zeros((present.size, z.shape[1]), np.float32)
    padded[: len(z)] = z
    return ImageGrid(padded.reshape(*present.shape, -1), as_images(images), labels, present)


def reconstructions(model: Codec, pictures: Images, z: Latents, names: Sequence[str]) -> ImageGrid:
    """Pictures, uint8 (n, h, w, 3), above the images of their latent vectors (n, d).

    Raises:
        ValueError: there are not as many names or latent vectors, or the pictures are of another size or type
            than the images.
    """
    if len(pictures) != len(z):
        raise ValueError(f"{len(pictures)} pictures need as many latent vectors, not {len(z)}")
    if len(names) not in (0, len(z)):
        raise ValueError(f"{len(names)} names for {len(z)} pictures; one each is expected")
    decoded = np.asarray(model.decode(z))
    if pictures.dtype != decoded.dtype or pictures.shape != decoded.shape:
        raise ValueError(
            f"the pictures are {pictures.dtype} {pictures.shape}; uint8 {decoded.shape} is expected"
        )
    columns = min(len(z), _COLUMNS)
    above, present = contact_sheet(pictures, columns)
    below, _ = contact_sheet(decoded, columns)
    padded = np.zeros((present.size, z.shape[1]), np.float32)
    padded[: len(z)] = z
    few = len(z) <= _COLUMNS
    labels = Labels(
        f"Reconstructions by {model.name}",
        model.title,
        ["picture", "decoded"] * len(above),
        [name if len(name) <= _NAME else f"{name[: _NAME - 1]}..." for name in names] if few else (),
    )
    return ImageGrid(
        np.repeat(padded.reshape(*present.shape, -1), 2, axis=0),
        as_images(np.stack((above, below), axis=1).reshape(-1, *above.shape[1:])),
        labels,
        np.repeat(present, 2, axis=0),
    )


def samples(model: Codec, seed: int, rows: int, columns: int) -> ImageGrid:
    """Random samples of a seed.

    Raises:
        ValueError: there are no rows or no columns.
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"a grid needs rows and columns, not {rows} x {columns}")
    z = model.sample(seed, rows * columns).reshape(rows, columns, -1)
    return table(model, z, Labels(f"Samples of {model.name}", f"{model.title} · seed {seed}"))


def interpolation(model: Codec, start: Latents, end: Latents, steps: int, ease: Ease) -> ImageGrid:
    """A row of ``steps`` images from each start (rows, d) to its end, both included.

    Raises:
        ValueError: starts and ends differ in shape, or there are fewer than 2 steps.
    """
    if start.shape != end.shape:
        raise ValueError(f"the ends have shape {end.shape}; {start.shape}, as the starts, is expected")
    if steps < 2:
        raise ValueError(f"an interpolation needs at least 2 steps, not {steps}")
    ways = [Journey(model.space, ends, ease=ease) for ends in zip(start, end, strict=True)]
    z = np.stack([along(way, np.linspace(0, 1, steps)) for way in ways])
    columns = [f"{share:.0%}" for share in np.linspace(0, 1, steps)]
    return table(model, z, Labels(f"Interpolation in {model.name}", model.title, columns=columns))


def along(journey: Journey, positions: NDArray[np.float64]) -> Latents:
    """A journey at some positions (n,), float32 (n, d).

    Raises:
        ValueError: there are none.
    """
    if not len(positions):
        raise ValueError("a tour needs at least one frame")
    return np.stack([journey.at(float(position)) for position in positions])


def find_rows(axes: Sequence[AxisSet], names: Sequence[str]) -> list[tuple[AxisSet, int]]:
    """Rows by name: of an axis (``"z7"``, ``"axis 2"``, ``"thickness"``) or of a whole set (``"axes"``).

    Raises:
        ValueError: there is none of that name; the message suggests one that is close.
    """
    found: list[tuple[AxisSet, int]] = []
    for name in names:
        if whole := [each for each in axes if each.name == name]:
            found += [(whole[0], int(row)) for row in whole[0].order]
            continue
        matching = [(each, row) for each in axes if (row := each.find(name)) is not None]
        if not matching:
            known = [axis.name for each in axes for axis in each.axes] + [each.name for each in axes]
            hint = suggestion(name, known) or f"; expected z0 to z{len(axes[0]) - 1}, axis 1 ..."
            raise ValueError(f"there is no axis {name!r}{hint}")
        found.append(matching[0])
    return found


def traversal(
    model: Codec, z: Latents, rows: Sequence[tuple[AxisSet, int]], sigmas: Sequence[float]
) -> ImageGrid:
    """A row an axis: z (d,) put at each of some coordinates of it, in sigmas from the mean.

    Raises:
        ValueError: there are no axes or no coordinates.
    """
    if not rows or not len(sigmas):
        raise ValueError("a traversal needs at least one axis and one coordinate")
    _check_coordinates(sigmas)
    latents = np.stack([axes.steps_along(z, row, sigmas) for axes, row in rows])
    names = [_row_name(axes.axes[row]) for axes, row in rows]
    columns = [f"{sigma:+g}" if sigma else "0" for sigma in sigmas]
    accent = next((column for column, sigma in enumerate(sigmas) if not sigma), None)
    labels = Labels(
        f"Traversal of {model.name}", model.title, names, columns, "", "sigma from the mean", accent
    )
    return table(model, latents, labels)


def back_and_forth(
    z: Latents, rows: Sequence[tuple[AxisSet, int]], ends: tuple[float, float], frames: int
) -> Latents:
    """Z (d,) moved along some axes from one coordinate to another and back, float32 (frames, rows, d).

    It slows down at the ends, and the last one leads to the first.

    Raises:
        ValueError: there are fewer than two frames, or an end lies beyond `SIGMA_LIMIT`.
    """
    if frames < 2:
        raise ValueError(f"a traversal back and forth needs at least 2 frames, not {frames}")
    _check_coordinates(ends)
    low, high = ends
    turns = (1 - np.cos(2 * np.pi * np.arange(operator.index(frames)) / frames)) / 2
    sigmas = low + (high - low) * turns
    return np.stack([axes.steps_along(z, row, sigmas) for axes, row in rows], axis=1)


def _check_coordinates(sigmas: Sequence[float]) -> None:
    """Refuse what would be set to the limit without a word."""
    if not (largest := float(np.abs(sigmas).max())) <= SIGMA_LIMIT:
        raise ValueError(
            f"a coordinate is {largest:g}; axes go from -{SIGMA_LIMIT:g} to {SIGMA_LIMIT:g} sigma"
        )


def _row_name(axis: Axis) -> str:
    return f"{axis.low} - {axis.high}" if axis.low and axis.high else axis.name


def plane_map(model: Codec, plane: Plane, extent: Extent, columns: int, rows: int) -> ImageGrid:
    """A plane through the space in tiles, the first row on top.

    Raises:
        ValueError: there are no rows or no columns, or the extent is empty.
    """
    if columns < 1 or rows < 1:
        raise ValueError(f"a map needs rows and columns, not {rows} x {columns}")
    left, right, bottom, top = extent
    if not (left < right and bottom < top):
        raise ValueError(f"the extent is {tuple(extent)}; left < right and bottom < top are expected")
    if (largest := max(map(abs, extent))) > LARGEST_EXTENT:
        raise ValueError(f"the extent reaches {largest:g} sigma; up to {LARGEST_EXTENT:,.0f} are supported")
    u, v = plane.tile_centres(extent, operator.index(columns), operator.index(rows))
    labels = Labels(
        f"Map of {model.name}",
        model.title,
        [_signed(x) for x in v],
        [_signed(x) for x in u],
        plane.v_name,
        plane.u_name,
    )
    return replace(table(model, plane.grid(extent, columns, rows), labels), gap=0.0)


def _signed(number: float) -> str:
    return f"{number:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0")


def default_rows(axes: Sequence[AxisSet]) -> list[tuple[AxisSet, int]]:
    """The rows that are shown where none were named: directions, or the first principal axes."""
    best = axes[2] if len(axes) > 2 else axes[1]
    return [(best, int(row)) for row in best.order[:_ROWS]]


def two_rows(axes: Sequence[AxisSet], names: Sequence[str]) -> tuple[AxisSet, int, int]:
    """Two axes of one set, by name.

    Raises:
        ValueError: they are not two, or not of one set.
    """
    if len(names) != 2:
        raise ValueError(f"a map needs two axes, not {len(names)}")
    (first, across), (second, upwards) = find_rows(axes, [names[0]])[0], find_rows(axes, [names[1]])[0]
    if first is not second:
        raise ValueError(f"{names[0]} and {names[1]} are axes of two kinds; a map needs two of one kind")
    return first, across, upwards
