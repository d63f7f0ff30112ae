"""``vaevis-tui interpolate``: ways between latent vectors."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.animation import add_sheet_or_animation, is_animation, write_animation
from vaevis_tui.commands.shared.opening import latents, open_model
from vaevis_tui.commands.shared.output import write_sheet
from vaevis_tui.errors import UserError

DESCRIPTION = """\
Go from each latent vector to the next, along arcs where the data lie (slerp).

On a sheet every way is a row; an animation is a tour through all, at a speed that looks constant."""

EPILOG = """\
examples:
  vaevis-tui interpolate --model dog --seed 1 --n 4 --out ways.png
  vaevis-tui interpolate first.png second.png --steps 11 --out way.pdf
  vaevis-tui interpolate --model mnist --seed 1 --n 5 --loop --ease stops --frames 120 --out tour.mp4"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_vectors(parser, "the stops, at least two")
    arguments.add_model(parser)
    arguments.add_point(parser)
    parser.add_argument(
        "--n", type=values.count, default=2, metavar="N", help="stops of the seed (default: 2)"
    )
    parser.add_argument(
        "--steps", type=values.count, default=9, metavar="N", help="images of a row, 2 or more (default: 9)"
    )
    parser.add_argument("--loop", action="store_true", help="go from the last stop back to the first, too")
    parser.add_argument(
        "--ease",
        choices=("none", "ends", "stops"),
        default="none",
        help="smaller steps nowhere, at both ends, or at every stop (default: none)",
    )
    add_sheet_or_animation(parser)


def run(options: argparse.Namespace) -> int:
    """Draw and write."""
    import numpy as np

    animated = is_animation(options)
    with open_model(options) as model:
        stops = latents(options, model, options.n)
        if len(stops) < 2:
            raise UserError("an interpolation needs two points at least: files of vectors, or --seed and --n")
        if animated:
            tour = model.journey(
                stops, options.frames, loop=options.loop, ease=options.ease, rate=options.rate
            )
            write_animation(options, tour, f"Tour of {model.name}")
            return 0
        ends = np.concatenate((stops, stops[:1])) if options.loop else stops
        write_sheet(options, model.interpolate(ends[:-1], ends[1:], options.steps, ease=options.ease))
    return 0
