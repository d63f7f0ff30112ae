"""What the commands print on a plain console: a still image, the table of models, a model's card."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vaevis_tui.errors import UserError
from vaevis_tui.latent.directions import Directions
from vaevis_tui.models.card import ModelCard, figure_name
from vaevis_tui.pager import paged

_SHORT, _FEW = 32, 12  # characters and lines of figures, and of a recipe, on a card's page

if TYPE_CHECKING:
    from vaevis_tui.terminal.detect.replies import Reply


def print_image(image: NDArray[np.uint8]) -> None:
    """Draw an image, uint8 (h, w, 3), with rich-pixels, as large as the console allows.

    Grown by a whole number, or area-averaged down; two pixels a cell.
    """
    from PIL import Image
    from rich_pixels import Pixels

    console = Console()
    height, width = image.shape[:2]
    rows, columns = 2 * max(console.height - 2, 1), console.width  # two rows stay for the prompt
    pillow = Image.fromarray(image)
    scale = min(columns / width, rows / height)
    if scale >= 2:
        pillow = pillow.resize((width * int(scale), height * int(scale)), Image.Resampling.NEAREST)
    elif scale < 1:
        size = max(int(width * scale), 1), max(int(height * scale), 1)
        pillow = pillow.resize(size, Image.Resampling.BOX)
    console.print(Pixels.from_image(pillow))


def plain_graphics(requested: str) -> str:
    """What `show` draws with: characters where standard output has no cell colours or no block elements.

    Args:
        requested: ``"auto"`` or the name of a graphics kind.

    Returns:
        ``"ascii"`` on a dumb terminal and where the encoding has no half-blocks, whatever was requested. For
        ``"auto"`` also ``"ascii"`` where the output is no terminal, and ``"half"``, in greys, under NO_COLOR.
        Otherwise what was requested.
    """
    from vaevis_tui.terminal.detect.capabilities import encodes

    terminal = os.environ.get("TERM", "")
    if terminal in {"dumb", "unknown"} or not encodes("▀", sys.stdout.encoding or "ascii"):
        return "ascii"
    if requested != "auto":
        return requested
    if not sys.stdout.isatty() and not os.environ.get("FORCE_COLOR"):
        return "ascii"
    return "half" if "NO_COLOR" in os.environ else "auto"


def draw_image(image: NDArray[np.uint8], graphics: str) -> str | None:
    """Draw an image, uint8 (h, w, 3), with a kind of graphics, as large as the console allows.

    A protocol is only used in a terminal that does not say it has none; that is asked, and 24-bit colours
    where the environment does not tell of them.

    Returns:
        What the user should know, one line; or None.
    """
    from vaevis_tui.terminal.color.colors import ColorDepth
    from vaevis_tui.terminal.detect.ask import ask
    from vaevis_tui.terminal.detect.capabilities import detect
    from vaevis_tui.terminal.detect.selection import choose
    from vaevis_tui.terminal.detect.terminal_probe import TerminalProbe
    from vaevis_tui.terminal.detect.window import window_of
    from vaevis_tui.terminal.graphics import PROTOCOLS, Graphics
    from vaevis_tui.terminal.renderers import renderer_for

    terminal = detect(os.environ, stdin_isatty=sys.stdin.isatty(), stdout_isatty=sys.stdout.isatty())
    probe = TerminalProbe.of(os.environ, terminal)
    replies: tuple[Reply, ...] = ()
    unsure = terminal.colors.depth is ColorDepth.PALETTE and terminal.multiplexer is None
    if (graphics in PROTOCOLS or unsure) and not terminal.refusal:
        with contextlib.suppress(OSError):
            replies = ask(b"".join(probe.queries.values()), probe.timeout)
    choice = choose(graphics, probe.infer_support(replies, window_of(1)))
    drawn_with = renderer_for(choice.graphics, choice.support.colors(terminal.colors), choice.support)
    columns, rows = shutil.get_terminal_size()
    text = drawn_with.still(image, columns, max(rows - 2, 1))  # two rows stay for the prompt
    if choice.graphics is Graphics.ASCII and (terminal.dumb or not sys.stdout.isatty()):
        text = re.sub(r"\x1b\[[\d;]*m", "", text)  # text files and dumb terminals show SGR as it stands
    sys.stdout.write(text)
    sys.stdout.flush()
    return choice.notice


def print_models(*, as_json: bool) -> None:
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
    Console().print(table)


def print_card(ref: str, *, as_json: bool, everything: bool = False) -> None:
    """Print a page of a model's card, first what it shows and what it cannot do.

    Args:
        ref: Which model.
        as_json: All of it, for programs.
        everything: All of it.

    Raises:
        UserError: there is no such model, or it is a bare .onnx file, which has no card.
    """
    from vaevis_tui.models.bundle import open_bundle

    bundle = open_bundle(ref)
    card = bundle.card
    if card is None:
        raise UserError(f"{bundle.path} has no model card; vaevis-tui bundle makes a bundle of it, with one")
    if as_json:
        print(json.dumps(asdict(card), indent=2))
        return
    with paged() as console:
        _print_page(
            console,
            card,
            _direction_rows(bundle.space.directions, everything=everything),
            everything=everything,
        )


def _direction_rows(directions: Directions | None, *, everything: bool) -> list[tuple[str, str]]:
    """The named directions: a line of names, or a line each with its ends and how well it tells.

    Those from one label to another are counted.
    """
    if directions is None:
        return []
    strengths = ["" if np.isnan(each) else f", {each:.2f}" for each in directions.strengths]
    known = list(zip(directions.names, directions.lows, directions.highs, strengths, strict=True))
    named = [each for each in known if each[0] != f"{each[1]} to {each[2]}"]
    ways = f"and {len(known) - len(named)} from one label to another" if len(named) < len(known) else ""
    if not everything:
        return [("directions", ", ".join([name for name, *_ in named] + [ways] * bool(ways)))]
    rows = [(name, f"{low} ↔ {high}{strength}") for name, low, high, strength in named]
    heading = ("directions", "strength on held-out data behind each; 0.5 is chance")
    return [("", ""), heading, *rows, *[("", ways)] * bool(ways)]


def _print_page(
    console: Console, card: ModelCard, directions: list[tuple[str, str]], *, everything: bool
) -> None:
    console.print(Text(f"{card.title} ({card.name} {card.version})", style="bold"))
    console.print(Text(card.summary), "", Text(card.limits), "", sep="\n")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _card_rows(card, everything=everything):
        table.add_row(name, Text(value))
    for name, value in directions:
        table.add_row(name, Text(value))
    console.print(table)
    if not everything:
        console.print(Text(f"\nall figures and the recipe: vaevis-tui models {card.name} --all", style="dim"))


def _card_rows(card: ModelCard, *, everything: bool) -> list[tuple[str, str]]:
    rows = [
        ("data", f"{card.data_name}, {card.data_licence}"),
        ("", f"{card.data_attribution}, {card.data_url}"),
        ("latent vector", f"{card.latent_dim} dimensions"),
        (
            "decoder",
            f"{card.parameters:,} parameters, {card.multiply_adds:,} multiply-adds, "
            f"{card.decoder_bytes:,} bytes ({card.precision})",
        ),
    ]
    shown = card.figures.items() if everything else _short(card.figures)
    figures = [(figure_name(name), str(value)) for name, value in shown]
    recipe = card.training.items() if everything else _short(card.training)
    training = [(figure_name(name), _words(value)) for name, value in recipe]
    return [*rows, ("", ""), *figures, ("", ""), *training]


def _short(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    """What fits on a page: single numbers and short texts."""
    few = [item for item in fields.items() if isinstance(item[1], int | float | str)]
    return [(name, value) for name, value in few if len(str(value)) <= _SHORT][:_FEW]


def _words(value: object) -> str:
    """A value of a recipe without the punctuation of its file format."""
    if isinstance(value, dict):
        return ", ".join(f"{figure_name(key)} {_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ("; " if any(isinstance(item, dict) for item in value) else ", ").join(map(_words, value))
    return str(value)
