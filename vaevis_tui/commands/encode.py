"""``vaevis-tui encode``: pictures to latent vectors by the model's encoder."""

from __future__ import annotations

import argparse

from vaevis_tui.commands import arguments
from vaevis_tui.commands.opening import open_model
from vaevis_tui.commands.output import (
    data_format,
    extra_sheet_target,
    picture_files,
    write_data,
    write_extra_sheet,
)

DESCRIPTION = """\
Encode pictures to latent vectors by the model's encoder, at once.

Of each picture a centred square crop counts, resized to the model's images. `invert` comes nearer, in seconds
a picture, and needs no encoder. --sheet draws each picture beside its reconstruction."""

EPILOG = """\
examples:
  vaevis-tui encode --model dog photo.jpg --out z.json
  vaevis-tui encode --model dog photos/ --sheet reconstructions.png --out z.csv"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("pictures", nargs="+", metavar="FILE|DIR", help="picture files, or folders of them")
    arguments.add_model(parser)
    arguments.add_data_out(parser, "where the vectors go")
    parser.add_argument("--sheet", metavar="FILE", help="draw pictures and reconstructions, .png or .pdf")
    arguments.add_sheet(parser)


def run(options: argparse.Namespace) -> int:
    """Encode and write."""
    import numpy as np

    from vaevis_tui.export.picture import read_fitted

    data_format(options)
    if options.sheet:
        extra_sheet_target(options)
    files = picture_files(options.pictures)
    with open_model(options) as model:
        pictures = read_fitted(files, model.info.image_size, grey=model.info.channels == 1)
        z = model.encode(pictures)
        write_data(options, {"z": z, "file": np.array([str(path) for path in files])})
        if options.sheet:
            sheet = model.reconstructions(pictures, z, [path.stem for path in files])
            write_extra_sheet(options, sheet)
    return 0
