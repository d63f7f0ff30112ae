"""``vaevis-tui encode``: pictures to latent vectors by the model's encoder."""

from __future__ import annotations

import argparse

from vaevis_tui.commands.shared.pictures import add_pictures, write_latents

DESCRIPTION = """\
Encode pictures to latent vectors by the model's encoder, at once.

Of each picture a centred square crop counts, resized to the model's images. `invert` comes nearer, in seconds
a picture, and needs no encoder. --sheet draws each picture beside its reconstruction."""

EPILOG = """\
examples:
  vaevis-tui encode --model dog photo.jpg --out z.json
  vaevis-tui encode --model dog photos/ --sheet reconstructions.png --out z.csv"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add_pictures(parser)


def run(options: argparse.Namespace) -> int:
    """Encode and write."""
    return write_latents(options, lambda model, pictures: {"z": model.encode(pictures)})
