"""What the commands print on a plain console: a still picture and the table of models."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table


def print_picture(picture: NDArray[np.uint8], console: Console | None = None) -> None:
    """Draw a picture, uint8 (h, w, 3), with rich-pixels, as large as the console allows.

    Grown by a whole number, or area-averaged down; two pixels a cell.
    """
    from PIL import Image
    from rich_pixels import Pixels

    console = console or Console()
    height, width = picture.shape[:2]
    rows, columns = 2 * max(console.height - 2, 1), console.width  # two rows stay for the prompt
    image = Image.fromarray(picture)
    scale = min(columns / width, rows / height)
    if scale >= 2:
        image = image.resize((width * int(scale), height * int(scale)), Image.Resampling.NEAREST)
    elif scale < 1:
        size = max(int(width * scale), 1), max(int(height * scale), 1)
        image = image.resize(size, Image.Resampling.BOX)
    console.print(Pixels.from_image(image))


def print_models(*, as_json: bool, console: Console | None = None) -> None:
    """Print the shipped models: a table for people, a JSON array of their cards for programs."""
    from vaevis_tui.models import catalog
    from vaevis_tui.models.bundle import open_bundle

    cards = [card for name in catalog.names() if (card := open_bundle(name).card) is not None]
    if as_json:
        print(json.dumps([asdict(card) for card in cards], indent=2))
        return
    table = Table(
        "name",
        "latent size",
        "picture",
        "parameters",
        "data",
        "licence",
        title=None,
        box=None,
        pad_edge=False,
    )
    for card in cards:
        table.add_row(
            card.name,
            str(card.latent_dim),
            f"{card.image_width}x{card.image_height} {'grey' if card.channels == 1 else 'RGB'}",
            f"{card.parameters:,}",
            card.data_name,
            card.data_licence,
        )
    (console or Console()).print(table)
