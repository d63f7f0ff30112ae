"""``vaevis-tui sample``: random latent vectors."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments, values
from vaevis_tui.commands.shared.opening import model_name
from vaevis_tui.commands.shared.output import data_format, write_data

DESCRIPTION = """\
Draw latent vectors from where the model's data lie (the aggregated posterior).

The same seed gives the same vectors on every machine."""

EPILOG = """\
examples:
  vaevis-tui sample --model dog --seed 3 --n 16 --out z.npy
  vaevis-tui sample --model mnist | vaevis-tui decode --model mnist - --out digit.png"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "--model", metavar="NAME|PATH", help="a shipped model, a bundle's folder or an .onnx file"
    )
    parser.add_argument("--seed", type=values.seed, default=0, help="which ones (default: 0)")
    parser.add_argument("--n", type=values.count, default=1, metavar="N", help="how many (default: 1)")
    parser.add_argument("--in-sigma", action="store_true", help="write sigma coordinates instead of z")
    arguments.add_data_out(parser, "where the vectors go")


def run(options: argparse.Namespace) -> int:
    """Draw and write; nothing is decoded."""
    from vaevis_tui.models.bundle import open_bundle

    data_format(options)
    space = open_bundle(model_name(options)).space
    z = space.sample(options.seed, options.n)
    if options.in_sigma:
        import numpy as np

        write_data(options, {"sigma": space.to_sigma(z).astype(np.float32)})
    else:
        write_data(options, {"z": z})
    return 0
