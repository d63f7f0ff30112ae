"""``vaevis-tui map``: a plane through latent space in tiles."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.opening import given_latents, open_model
from vaevis_tui.commands.shared.output import sheet_target, write_sheet

DESCRIPTION = """\
Draw a plane through the latent space, filled with decoded tiles.

Without --axes it is the whole space of a two-dimensional model, else the plane that shows most of the
anchors."""

EPILOG = """\
examples:
  vaevis-tui map --model mnist-2d --tiles 24x24 --out map.png
  vaevis-tui map --model dog --axes "axis 1,axis 2" --extent -3,3,-3,3 --seed 3 --out dogs.pdf"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    arguments.add_point(parser)
    parser.add_argument(
        "--axes", type=values.names, default=(), metavar="NAME,NAME", help="to the right, and upwards"
    )
    parser.add_argument(
        "--tiles", type=values.tiles, default=(16, 12), metavar="CxR", help="columns x rows (default: 16x12)"
    )
    parser.add_argument(
        "--extent",
        type=values.extent,
        metavar="L,R,B,T",
        help="left, right, bottom and top in sigma of the axes (default: where the data are)",
    )
    arguments.add_out(
        parser, "FILE", "the sheet, .png or .pdf, or .npz for z and images; - for a PNG on standard output"
    )
    arguments.add_sheet(parser)
    arguments.add_no_tune(parser)


def run(options: argparse.Namespace) -> int:
    """Draw and write."""
    sheet_target(options)
    with open_model(options) as model:
        given = given_latents(options, model)
        z = None if given is None else given[0]
        write_sheet(options, model.map(options.axes, tiles=options.tiles, extent=options.extent, z=z))
    return 0
