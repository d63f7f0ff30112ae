"""``vaevis-tui invert``: pictures to the latent vectors whose images come nearest."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from vaevis_tui.commands.shared.pictures import add_pictures, write_latents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaevis_tui.api import Model
    from vaevis_tui.engine.decoder import Images

DESCRIPTION = """\
Find the latent vectors whose images come nearest to some pictures.

Any decoder has this; it takes seconds a picture. The error is the root mean square difference, 0 to 255."""

EPILOG = """\
examples:
  vaevis-tui invert --model dog photo.jpg --json
  vaevis-tui invert --model mnist digits/ --sheet reconstructions.pdf --out z.npz"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_pictures(parser)


def run(options: argparse.Namespace) -> int:
    """Search and write."""
    return write_latents(options, _invert)


def _invert(model: Model, pictures: Images) -> dict[str, NDArray[Any]]:
    import numpy as np

    from vaevis_tui.commands.shared.progress import Progress

    with Progress("pictures", len(pictures)) as progress:
        found = [progress.after(model.invert(picture)) for picture in pictures]
    return {
        "z": np.stack([each.z for each in found]),
        "error": np.array([each.error for each in found], np.float32),
    }
