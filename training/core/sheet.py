"""Sheets of images: with originals, to judge a model by, and without, to ship beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vaevis_tui.latent.motion.slerp import slerp
from vaevis_tui.latent.space import LatentSpace

from .model.networks import VAE
from .onnx_graph import ShippedDecoder

COLUMNS = 16


GAP = 6
"""Pixels between the groups of rows, before scaling."""


@torch.inference_mode()
def draw(model: VAE, space: LatentSpace, originals: Tensor, labels: Tensor, seed: int) -> NDArray[np.uint8]:
    """The sheet as uint8 (height, width) or (height, width, 3): groups of rows between dark gaps.

    From top to bottom: originals over their reconstructions (two pairs of rows), samples of the aggregated
    posterior (four rows), spherical interpolations between unlike originals (four rows).

    Args:
        model: The VAE, on the CPU.
        space: Its latent space.
        originals: uint8 (n, c, h, w), n at least 2 * COLUMNS; the first ones are drawn.
        labels: Class of each, (n,): interpolations go from a class to another.
        seed: Of the samples.
    """
    decode = ShippedDecoder(model)
    shown = originals[: 2 * COLUMNS].float() / 255
    means = model.encoder(shown)[0]
    rebuilt = decode(means)
    sampled = decode(torch.from_numpy(space.sample(seed, 4 * COLUMNS)))
    ends = [(i, next(j for j in range(i + 1, len(labels)) if labels[j] != labels[i])) for i in range(0, 8, 2)]
    path = np.concatenate([interpolate(space, means[i].numpy(), means[j].numpy()) for i, j in ends])
    groups = []
    for start in (0, COLUMNS):
        stop = start + COLUMNS
        groups.append(np.concatenate([_rows(shown[start:stop]), _rows(rebuilt[start:stop])]))
    groups += [_rows(sampled), _rows(decode(torch.from_numpy(path)))]
    return _between_gaps(groups)


@torch.inference_mode()
def draw_without_originals(model: VAE, space: LatentSpace, seed: int, columns: int) -> NDArray[np.uint8]:
    """What a model makes, and nothing of its data, as uint8 (height, width) or (height, width, 3).

    From top to bottom: examples among the anchors, decoded; samples of the aggregated posterior (two rows);
    spherical interpolations between examples (two rows).

    Args:
        model: The VAE, on the CPU.
        space: Its latent space, with at least ``columns`` anchors that are examples.
        seed: Of the samples.
        columns: Images in a row, at least 4.
    """
    decode = ShippedDecoder(model)
    examples = space.anchors.z[space.anchors.indices >= 0]
    examples = examples[:: len(examples) // columns][:columns]
    ends = ((0, columns // 2), (columns // 4, columns - 1))  # far apart: neighbours are of one class
    path = np.concatenate([interpolate(space, examples[i], examples[j], columns) for i, j in ends])
    parts = (examples, space.sample(seed, 2 * columns), path)
    return in_groups([decode(torch.from_numpy(z)) for z in parts], columns)


def in_groups(groups: Sequence[Tensor], columns: int) -> NDArray[np.uint8]:
    """Groups of rows between dark gaps, uint8 (height, width) or (height, width, 3).

    Args:
        groups: Images (n, c, h, w), values 0..1, n a multiple of ``columns``, on the CPU.
        columns: Images in a row.
    """
    return _between_gaps([_rows(group, columns) for group in groups])


def _between_gaps(groups: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((GAP, *groups[0].shape[1:]), 64, np.uint8)
    return np.concatenate([part for group in groups for part in (group, gap)][:-1])


def save(path: Path, sheet: NDArray[np.uint8], scale: int = 2) -> None:
    """Write the sheet, every pixel ``scale`` wide: in 16 greys, or in colour."""
    image = Image.fromarray(sheet.repeat(scale, 0).repeat(scale, 1))
    if image.mode == "L":
        image = image.quantize(16)  # a third of the bytes, and nothing the eye misses
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True)


def interpolate(
    space: LatentSpace, start: NDArray[np.float32], end: NDArray[np.float32], count: int = COLUMNS
) -> NDArray[np.float32]:
    """``count`` points between two latents, float32 (count, d), along a sphere of the whitened space."""
    first, last = space.whiten(start), space.whiten(end)
    return space.unwhiten(np.stack([slerp(first, last, t) for t in np.linspace(0, 1, count)]))


def _rows(images: Tensor, columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Images (n, c, h, w), values 0..1, n a multiple of ``columns``, as rows of one uint8 image."""
    pixels = (images.permute(0, 2, 3, 1).numpy() * 255 + 0.5).astype(np.uint8)
    count, height, width, channels = pixels.shape
    grid = pixels.reshape(count // columns, columns, height, width, channels).swapaxes(1, 2)
    sheet = np.ascontiguousarray(grid.reshape(-1, columns * width, channels))
    return sheet[..., 0] if channels == 1 else sheet
