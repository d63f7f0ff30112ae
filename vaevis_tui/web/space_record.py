"""A model's latent space as JSON and arrays: what the page needs to move in it as the explorer does."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.latent.arrays import Coordinates
from vaevis_tui.latent.axes import DIMENSIONS, PRINCIPAL, AxisSet, axis_sets
from vaevis_tui.latent.effect import effect_probes, visible_effect
from vaevis_tui.latent.plane import Plane, best_plane, density_levels
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.latent.typicality import TypicalityScale
from vaevis_tui.web.arrays import ArrayFile

DENSITY_SIDE = 128
"""Cells of the map's density along either side."""

TYPICAL_QUANTILES = 201
"""Log-densities of draws by which the page judges how typical a point is: one every half percent."""

MAX_PROBED = 256
"""Axes of a set whose visible effect is measured: two decodes each."""


def space_record(space: LatentSpace, decoder: Decoder, arrays: ArrayFile) -> dict[str, Any]:
    """Everything about the space, its arrays put into `arrays`."""

    def store(values: Any) -> int:
        return arrays.add(np.asarray(values, np.float32), "float32")

    record: dict[str, Any] = {
        "dim": space.dim,
        "mean": store(space.mean),
        "std": store(space.std),
        "axes": store(space.axes),
        "variances": store(space.axis_variances),
        "shell": list(space.shell),
        "first": store(space.first_look),
        "sets": [_set_record(each, decoder, arrays) for each in axis_sets(space)],
        "anchors": {"z": store(space.anchors.z), "labels": list(space.anchors.labels)},
        "typical": _typical(space),
    }
    if space.mixture is not None:
        record["mixture"] = {
            "weights": store(space.mixture.weights),
            "means": store(space.mixture.means),
            "factors": store(space.mixture.factors),
            "own": len(space.mixture.factors) == len(space.mixture),
        }
    if space.dim >= 2:
        record["plane"] = _plane_record(best_plane(space), arrays)
    return record


def _set_record(axes: AxisSet, decoder: Decoder, arrays: ArrayFile) -> dict[str, Any]:
    """An axis set: what a person reads of each row, the order, the effects, and where rows of it lead."""
    effects = _effects(axes, decoder)
    ordered = axes if effects is None else axes.with_effects(effects)
    record: dict[str, Any] = {
        "name": axes.name,
        "rows": [asdict(axis) for axis in axes.axes],
        "order": [int(row) for row in ordered.order],
        "effects": None if effects is None else [round(float(effect), 2) for effect in effects],
    }
    if axes.name not in (DIMENSIONS, PRINCIPAL):
        steps = np.stack([axes.step(row) for row in range(len(axes))])
        along = axes.space.whiten(axes.space.mean + steps)
        record["along"] = arrays.add(along.astype(np.float32), "float32")
    return record


def _effects(axes: AxisSet, decoder: Decoder) -> Coordinates | None:
    """Visible effect of every row in levels of 255 a sigma, (k,); None where there are too many rows."""
    if len(axes) > MAX_PROBED:
        return None
    probes = effect_probes(axes)
    images = decoder.decode(probes.reshape(-1, axes.space.dim))
    pairs = images.reshape(len(axes), 2, *images.shape[1:])
    return visible_effect(pairs[:, 0], pairs[:, 1])


def _typical(space: LatentSpace) -> list[float] | None:
    """Rising log-densities of the data at even shares; None where the shell is what points are judged by."""
    reference = TypicalityScale(space).reference
    if reference is None:
        return None
    quantiles = np.quantile(reference, np.linspace(0, 1, TYPICAL_QUANTILES))
    return [round(float(each), 4) for each in quantiles]


def _plane_record(plane: Plane, arrays: ArrayFile) -> dict[str, Any]:
    extent = plane.extent(0.98)
    u, v = plane.tile_centres(extent, DENSITY_SIDE, DENSITY_SIDE)
    levels = density_levels(plane.density(u[None, :], v[:, None]))
    return {
        "origin": arrays.add(plane.origin, "float32"),
        "u": arrays.add(plane.u_axis.astype(np.float32), "float32"),
        "v": arrays.add(plane.v_axis.astype(np.float32), "float32"),
        "names": [plane.u_name, plane.v_name],
        "extent": list(extent),
        "density": arrays.add(levels, "uint8"),
        "side": DENSITY_SIDE,
    }
