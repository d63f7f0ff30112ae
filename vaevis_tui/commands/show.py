"""``vaevis-tui show``: an image on a plain console."""

from __future__ import annotations

import argparse
import sys

from vaevis_tui.commands.shared import arguments
from vaevis_tui.commands.shared.opening import latent, open_model

DESCRIPTION = "Draw one point on a plain console, in half-blocks unless --graphics says otherwise."

EPILOG = """\
examples:
  vaevis-tui show --model mnist --seed 3
  vaevis-tui show --from snapshot.png --graphics sixel
  vaevis-tui show --seed 3 --graphics ascii > dog.txt"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    arguments.add_model(parser)
    arguments.add_point(parser)
    arguments.add_graphics(parser, "auto draws half-blocks, and asks the terminal nothing (default: auto)")


def run(options: argparse.Namespace) -> int:
    """Decode and draw."""
    from vaevis_tui.terminal.graphics import AUTO

    with open_model(options) as model:
        image = model.decode(latent(options, model))[0]

    from vaevis_tui.console import draw_image, plain_graphics, print_image

    graphics = plain_graphics(options.graphics or AUTO)
    if graphics == AUTO:
        print_image(image)
    elif notice := draw_image(image, graphics):
        print(f"vaevis-tui: {notice}", file=sys.stderr)
    return 0
