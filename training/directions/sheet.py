"""A sheet of directions, to look at: what does not show here does not ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vaevis_tui.api import Model
from vaevis_tui.api import load as open_model
from vaevis_tui.latent.space import LatentSpace

from .attributes import Values
from .examples import Examples
from .finding import Finding

COORDINATES = (-3, -2, -1, 0, 1, 2, 3)


STARTS = (3, 11, 42)
"""Held-out images that every direction is drawn from."""


SIDE = 96
"""Pixels of an image on the sheet, at most."""


_TEXT = 14


def draw(folder: Path, space: LatentSpace, findings: list[Finding], held_out: Examples, path: Path) -> None:
    """Write the sheet: a block a direction, a row a held-out image, from -3 to +3 sigma *of the direction*.

    Ways between classes start from images of the first class that is named.
    """
    with open_model(folder, backend="onnxruntime") as model:
        blocks = [_block(model, space, finding, held_out) for finding in findings]
    columns = 2 if len(blocks) < 20 else 4
    rows = -(-len(blocks) // columns)
    height, width = (max(block.shape[axis] for block in blocks) + 6 for axis in (0, 1))
    sheet = np.full((rows * height, columns * width, 3), 20, np.uint8)
    for number, block in enumerate(blocks):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + block.shape[0], left : left + block.shape[1]] = block
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path, optimize=True)


def _block(model: Model, space: LatentSpace, finding: Finding, held_out: Examples) -> NDArray[np.uint8]:
    starts = space.whiten(held_out.z[_starts(finding, held_out)])
    here = (starts @ finding.along)[:, None]
    changes = np.array(COORDINATES, np.float64)[None, :] - here
    x = starts[:, None] + changes[..., None] * finding.along
    rows = [_row(model, space, points) for points in x]
    title = Image.new("RGB", (rows[0].shape[1], _TEXT), (20, 20, 20))
    ends = f"{finding.low} - {finding.high}"
    text = (
        f"{finding.name}: {ends}  {finding.strength:.2f} {finding.effect:.2f} {'' if finding.ships else 'NO'}"
    )
    ImageDraw.Draw(title).text((2, 1), text, fill="white")
    return np.concatenate([np.asarray(title), *rows])


def _starts(finding: Finding, held_out: Examples) -> list[int]:
    of_class = np.flatnonzero(held_out.labels == int(finding.low)) if finding.low.isdigit() else None
    return list(STARTS) if of_class is None else of_class[: len(STARTS)].tolist()


def _row(model: Model, space: LatentSpace, x: Values) -> NDArray[np.uint8]:
    images = model.decode(space.unwhiten(x))
    shrink = -(-images.shape[1] // SIDE)
    return np.concatenate(list(images[:, ::shrink, ::shrink]), axis=1)
