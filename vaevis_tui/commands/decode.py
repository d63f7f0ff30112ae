"""``vaevis-tui decode``: an image to a PNG file."""

from __future__ import annotations

import argparse
from pathlib import Path

from vaevis_tui.commands import arguments
from vaevis_tui.commands.opening import latent, model_name, note_backend, open_model

DESCRIPTION = "Decode one point to a PNG file that carries its latent vector."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    arguments.add_point(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="the file to write")
    parser.add_argument(
        "--scale",
        type=arguments.scale,
        default=1,
        help="pixels of the file a pixel of the picture (default: 1)",
    )
    arguments.add_no_tune(parser)


def run(options: argparse.Namespace) -> int:
    """Decode and write."""
    from vaevis_tui.export.png import save_png
    from vaevis_tui.export.snapshot import SnapshotInfo

    with open_model(options) as model:
        z = latent(options, model)
        image = model.decode(z)[0]
        info = SnapshotInfo(
            model=model_name(options),
            version=model.card.version if model.card else "",
            z=tuple(float(value) for value in z[0]),
            seed=options.seed,
            backend=model.info.backend,
        )
        note_backend(options, model)
    print(save_png(options.out, image, scale=options.scale, metadata=info.to_metadata()))
    return 0
