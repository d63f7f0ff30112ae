"""``vaevis-tui open``: the explorer where a snapshot was made."""

from __future__ import annotations

import argparse

from vaevis_tui.commands import explore
from vaevis_tui.commands.shared import values
from vaevis_tui.errors import UserError

DESCRIPTION = """\
Open the explorer where a snapshot was made: its model and its latent vector.

Of any other picture the nearest latent vector is looked for. It takes what the explorer takes."""

EPILOG = """\
examples:
  vaevis-tui open dog-20260131-235959.png
  vaevis-tui open photo.jpg --model dog"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The snapshot, and what the explorer takes."""
    parser.add_argument(
        "snapshot", type=values.source, metavar="SNAPSHOT", help="a PNG that the program wrote"
    )
    explore.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the explorer."""
    others = (options.seed, options.z, options.sigma, options.source, options.resume)
    if any(each is not None for each in others):
        raise UserError(
            "leave out --seed, --z, --sigma, --from and --resume; the snapshot says where to begin"
        )
    options.source = options.snapshot
    return explore.run(options)
