"""``vaevis-tui grid``: a sheet of random samples."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.opening import open_model
from vaevis_tui.commands.shared.output import sheet_target, write_sheet

DESCRIPTION = "Draw random samples in rows and columns."

EPILOG = """\
examples:
  vaevis-tui grid --model dog --seed 1 --tiles 8x5 --out dogs.png
  vaevis-tui grid --model mnist --background dark --no-labels --out digits.pdf"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    parser.add_argument("--seed", type=values.seed, default=0, help="which samples (default: 0)")
    parser.add_argument(
        "--tiles", type=values.tiles, default=(6, 4), metavar="CxR", help="columns x rows (default: 6x4)"
    )
    arguments.add_out(
        parser, "FILE", "the sheet, .png or .pdf, or .npz for z and images; - for a PNG on standard output"
    )
    arguments.add_sheet(parser)
    arguments.add_no_tune(parser)


def run(options: argparse.Namespace) -> int:
    """Draw and write."""
    sheet_target(options)
    columns, rows = options.tiles
    with open_model(options) as model:
        write_sheet(options, model.grid(options.seed, rows, columns))
    return 0
