"""``vaevis-tui invert``: pictures to the latent vectors whose images come nearest."""

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
Find the latent vectors whose images come nearest to some pictures.

Any decoder has this; it takes seconds a picture. The error is the root mean square difference, 0 to 255."""

EPILOG = """\
examples:
  vaevis-tui invert --model dog photo.jpg --json
  vaevis-tui invert --model mnist digits/ --sheet reconstructions.pdf --out z.npz"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("pictures", nargs="+", metavar="FILE|DIR", help="picture files, or folders of them")
    arguments.add_model(parser)
    arguments.add_data_out(parser, "where the vectors go")
    parser.add_argument("--sheet", metavar="FILE", help="draw pictures and reconstructions, .png or .pdf")
    arguments.add_sheet(parser)


def run(options: argparse.Namespace) -> int:
    """Search and write."""
    import numpy as np

    from vaevis_tui.commands.progress import Progress
    from vaevis_tui.export.picture import read_fitted

    data_format(options)
    if options.sheet:
        extra_sheet_target(options)
    files = picture_files(options.pictures)
    with open_model(options) as model:
        pictures = read_fitted(files, model.info.image_size, grey=model.info.channels == 1)
        with Progress("pictures", len(files)) as progress:
            found = [progress.after(model.invert(picture)) for picture in pictures]
        z = np.stack([each.z for each in found])
        errors = np.array([each.error for each in found], np.float32)
        write_data(options, {"z": z, "error": errors, "file": np.array([str(path) for path in files])})
        if options.sheet:
            sheet = model.reconstructions(pictures, z, [path.stem for path in files])
            write_extra_sheet(options, sheet)
    return 0
