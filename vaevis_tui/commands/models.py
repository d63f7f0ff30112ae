"""``vaevis-tui models``: the shipped models, or the card of one."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared import arguments

DESCRIPTION = "List the shipped models, or print the card of one: what it cannot do, too."

EPILOG = """\
examples:
  vaevis-tui models
  vaevis-tui models dog --all
  vaevis-tui models cats/ --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("model", nargs="?", metavar="NAME|PATH", help="a shipped model or a bundle's folder")
    form = parser.add_mutually_exclusive_group()
    arguments.add_json(form)
    form.add_argument("--all", action="store_true", help="every figure and the whole recipe of a model")


def run(options: argparse.Namespace) -> int:
    """Print the list, or a card."""
    from vaevis_tui.console import print_card, print_models

    if options.model is None:
        print_models(as_json=options.json)
    else:
        print_card(options.model, as_json=options.json, everything=options.all)
    return 0
