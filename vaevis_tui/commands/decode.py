"""``vaevis-tui decode``: latent vectors to images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.opening import latents, open_model
from vaevis_tui.commands.shared.output import folder_target, write_file, write_folder, write_sheet
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import STANDARD, check_free

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DESCRIPTION = """\
Decode latent vectors.

One vector becomes a PNG that carries it (a snapshot); many become a sheet, a folder of snapshots, or
arrays."""

EPILOG = """\
examples:
  vaevis-tui decode --model dog --seed 3 --out dog.png
  vaevis-tui decode --model dog --seed 3 --n 24 --out sheet.pdf
  vaevis-tui decode --model mnist z.csv --out digits/
  vaevis-tui sample --model mnist --n 8 | vaevis-tui decode --model mnist - --out images.npz"""

ENDINGS = (".png", ".pdf", ".npz", ".npy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_vectors(parser, "latent vectors")
    arguments.add_model(parser)
    arguments.add_point(parser)
    parser.add_argument(
        "--n", type=values.count, default=1, metavar="N", help="decode N points of the seed (default: 1)"
    )
    arguments.add_out(
        parser,
        "FILE|DIR",
        "the file to write, by its ending .png, .pdf, .npy (images) or .npz (z and images); "
        "a folder for a PNG each; - for PNG on standard output",
    )
    parser.add_argument("--caption", action="store_true", help="write model and z below a single image")
    arguments.add_sheet(parser)
    arguments.add_no_tune(parser)


def run(options: argparse.Namespace) -> int:
    """Decode and write."""
    import numpy as np

    from vaevis_tui.api import tables
    from vaevis_tui.export.sheet import Labels

    folder = folder_target(options)
    if folder is None and options.out != STANDARD:
        _check(Path(options.out), force=options.force)
    with open_model(options) as model:
        z = latents(options, model, options.n)
        if folder is not None:
            write_folder(options, folder, model, z, model.decode(z))
        elif Path(options.out).suffix.lower() == ".npy":
            from vaevis_tui.export.vectors import pack

            write_file(options, pack("npy", {"images": model.decode(z)}))
        elif len(z) > 1 or Path(options.out).suffix.lower() in (".pdf", ".npz"):
            seeded = "" if options.seed is None else f" · seed {options.seed}"
            labels = Labels(f"{len(z)} images of {model.name}", f"{model.title}{seeded}")
            write_sheet(options, tables.flat_table(model, z, labels))
        else:
            from vaevis_tui.export.png import encode_png

            info = model.snapshot_info(z[0], options.seed)
            image: NDArray[np.uint8] = np.asarray(model.decode(z)[0])
            if options.caption:
                from vaevis_tui.export.caption import caption_of, captioned

                image = captioned(image, caption_of(info))
            data = encode_png(image, options.scale or 1, info.to_metadata())
            write_file(options, data)
    return 0


def _check(path: Path, *, force: bool) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"{path}: the name must end in {', '.join(ENDINGS)}")
    check_free(path, force=force)
