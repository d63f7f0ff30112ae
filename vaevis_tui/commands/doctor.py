"""``vaevis-tui doctor``: what this machine has."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments
from vaevis_tui.commands.shared.opening import model_name

DESCRIPTION = "Say what this machine has, and what the program chose because of it."

EPILOG = """\
examples:
  vaevis-tui doctor
  vaevis-tui doctor --model decoder.onnx
  vaevis-tui doctor --model mnist --plan"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    form = parser.add_mutually_exclusive_group()
    arguments.add_json(form)
    form.add_argument(
        "--plan", action="store_true", help="instead, what the wgpu backend does for a picture of the model"
    )


def run(options: argparse.Namespace) -> int:
    """Print the report, or the plan of a model."""
    from vaevis_tui.doctor import describe_plan, examine, print_report

    if options.plan:
        print(describe_plan(model_name(options)))
    else:
        print_report(examine(model_name(options), options.backend), as_json=options.json)
    return 0
