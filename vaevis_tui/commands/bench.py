"""``vaevis-tui bench``: this machine's figures."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments
from vaevis_tui.commands.shared.opening import model_name

DESCRIPTION = "Measure decode, encode and presented rates on this machine."

EPILOG = """\
examples:
  vaevis-tui bench --model mnist
  vaevis-tui bench --model dog --backend onnxruntime --seconds 10 --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure (default: 3)")
    arguments.add_no_tune(parser)
    arguments.add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    from vaevis_tui.bench.report import measure, print_results

    results = measure(model_name(options), options.backend, options.seconds, options.tune)
    print_results(results, as_json=options.json)
    return 0
