"""The tables that `Model` makes: what is decoded, and what is written beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vaevis_tui.api.images import as_images
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.engine.decoder import Latents
from vaevis_tui.export.sheet import Labels, contact_sheet
from vaevis_tui.latent.paths import Ease, arc, shares

if TYPE_CHECKING:
    from vaevis_tui.api.model import Model


def table(model: Model, z: Latents, labels: Labels) -> ImageGrid:
    """Decode z, float32 (rows, columns, d)."""
    rows, columns, dim = z.shape
    images = model.decode(z.reshape(-1, dim))
    return ImageGrid(z, as_images(np.asarray(images).reshape(rows, columns, *images.shape[1:])), labels)


def flat_table(model: Model, z: Latents, labels: Labels, columns: int | None = None) -> ImageGrid:
    """Decode z, float32 (n, d), and lay the images out in about as many rows as columns."""
    images = contact_sheet(np.asarray(model.decode(z)), columns)
    rows, columns = images.shape[:2]
    padded = np.zeros((rows * columns, z.shape[1]), np.float32)
    padded[: len(z)] = z
    return ImageGrid(padded.reshape(rows, columns, -1), as_images(images), labels, len(z))


def samples(model: Model, seed: int, rows: int, columns: int) -> ImageGrid:
    """Random samples of a seed."""
    if rows < 1 or columns < 1:
        raise ValueError(f"a grid needs rows and columns, not {rows} x {columns}")
    z = model.sample(seed, rows * columns).reshape(rows, columns, -1)
    title = f"{rows * columns} samples" if rows * columns > 1 else "One sample"
    return table(model, z, Labels(title, f"{model.name} · seed {seed}"))


def interpolation(model: Model, start: Latents, end: Latents, steps: int, ease: Ease) -> ImageGrid:
    """A row from each start (rows, d) to its end."""
    if start.shape != end.shape:
        raise ValueError(f"the ends have shape {end.shape}; {start.shape}, as the starts, is expected")
    z = np.stack([arc(model.space, a, b, steps, ease) for a, b in zip(start, end, strict=True)])
    columns = [f"{share:.0%}" for share in shares(steps, ease)]
    return table(model, z, Labels("Interpolation", model.name, columns=columns))
