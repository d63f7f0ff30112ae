"""``vaevis-tui traverse``: what axes do to an image."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.animation import add_sheet_or_animation, is_animation, write_animation
from vaevis_tui.commands.shared.opening import latent, open_model
from vaevis_tui.commands.shared.output import write_sheet

DESCRIPTION = """\
Draw what axes of the latent space do to an image: a row an axis, a column a coordinate on it. An animation
goes along all axes side by side, from the first coordinate to the last and back.

Axes are dimensions (z7), principal axes (axis 2), or named directions of the model; whole sets are
dimensions, axes and directions."""

EPILOG = """\
examples:
  vaevis-tui traverse --model dog --seed 3 --out axes.png
  vaevis-tui traverse --model mnist --axes z3,z7 --coordinates -4..4/9 --out two.pdf
  vaevis-tui traverse --model dog --axes "axis 1" --coordinates -3..3 --frames 72 --out light.gif"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    arguments.add_point(parser)
    parser.add_argument(
        "--axes",
        type=values.names,
        default=(),
        metavar="NAME,...",
        help="rows: names of axes or of sets of them (default: directions, or the first principal axes)",
    )
    parser.add_argument(
        "--coordinates",
        type=values.coordinates,
        default=values.coordinates("-3..3"),
        metavar="S1,S2,...",
        help="columns, in sigma from the mean: -2,0,2, or -3..3/13 for 13 at even distances (default: -3..3)",
    )
    add_sheet_or_animation(parser)


def run(options: argparse.Namespace) -> int:
    """Draw and write."""
    animated = is_animation(options)
    with open_model(options) as model:
        z = latent(options, model)[0]
        if animated:
            ends = options.coordinates[0], options.coordinates[-1]
            swing = model.swing(options.axes, ends, options.frames, z=z, rate=options.rate)
            write_animation(options, swing, f"Traversal of {model.name}")
            return 0
        write_sheet(options, model.traverse(options.axes, options.coordinates, z=z))
    return 0
