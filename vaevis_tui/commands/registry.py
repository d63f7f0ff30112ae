"""Every command by name, and the parser of all of them."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from vaevis_tui import __version__
from vaevis_tui.commands.shared.own_model import apply_own_model
from vaevis_tui.commands.shared.parser import Parser, PrintVersion
from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from vaevis_tui.explorer.storage.config import Config

PROGRAM = "vaevis-tui"

COMMANDS = {
    "open": "the explorer where a snapshot was made",
    "show": "an image on a plain console",
    "decode": "latent vectors to images: one, a sheet, a folder, arrays",
    "encode": "pictures to latent vectors, by the model's encoder",
    "invert": "pictures to the latent vectors whose images come nearest",
    "sample": "random latent vectors",
    "grid": "a sheet of random samples",
    "traverse": "a sheet, or an animation, of what axes do to an image",
    "interpolate": "a sheet of ways between latent vectors, or an animated tour",
    "walk": "an animation of a random walk: GIF, WebP, PNG, MP4, WebM, cast",
    "map": "a sheet of a plane through latent space",
    "export-web": "a model as a page for browsers",
    "bundle": "a bundle of your own decoder, so that its data are known",
    "serve": "the page with this machine behind it",
    "models": "the shipped models, or the card of one",
    "config": "settings: show, check and edit them; other keys for actions",
    "man": "the manual page: every option, key, command and setting",
    "completion": "what bash, zsh or fish need to complete commands, options and models",
    "doctor": "what this machine has, and what the program chose because of it",
    "bench": "decode, encode and presented rates",
}
"""One line about each. The module of the same name has `DESCRIPTION`, `add_arguments(parser)` and
`run(options)`, which returns an exit code."""

_MAY_BE_NEGATIVE = {"--z", "--sigma", "--coordinates", "--extent", "--range"}
"""Options whose values may begin with a minus."""

_WITHOUT_CONFIG = {"config", "completion", "models", "man"}

_EXPLORE = "explore"
"""The module of what is done where no command is named."""


def command_module(name: str) -> ModuleType:
    """The module of a command."""
    return importlib.import_module(f"vaevis_tui.commands.{name.replace('-', '_')}")


def program_parser() -> Parser:
    """The parser of the whole program; those of the commands get their arguments when one is called."""
    module = command_module(_EXPLORE)
    parser = Parser(
        prog=PROGRAM,
        description=module.DESCRIPTION,
        epilog=module.EPILOG,
        usage=f"{PROGRAM} [MODEL | COMMAND] [options]",
    )
    parser.add_argument(
        "-V",
        "--version",
        action=PrintVersion,
        nargs=0,
        const=f"{PROGRAM} {__version__}",
        help="show program's version number and exit",
    )
    module.add_arguments(parser)
    parser.set_defaults(run=module.run, command=None)
    commands = parser.add_subparsers(
        title="commands (each explains itself with --help)",
        metavar="COMMAND",
        dest="command",
        parser_class=Parser,
    )
    for name, summary in COMMANDS.items():
        fill = partial(_fill, name)
        commands.add_parser(name, help=summary, prog=f"{PROGRAM} {name}", fill=fill)
    return parser


def _fill(name: str, parser: Parser) -> None:
    module = command_module(name)
    parser.description = module.DESCRIPTION
    parser.epilog = getattr(module, "EPILOG", None)
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What was typed, with ``run`` as the function to call.

    Raises:
        UserError: It is not understood.
    """
    words = _join_negative(arguments)
    if words and words[0] == "help":
        words = [*words[1:2], "--help"]
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        words = ["--model", _short_form(words[0]), *words[1:]]
    options = program_parser().parse_args(words)
    if options.command is not None and words[0] != options.command:
        raise UserError(f"{options.command} comes first: {PROGRAM} {options.command} {words[0]} ...")
    options.config = _config(options)
    if options.command is not None and getattr(options, "backend", "") is None:
        options.backend = options.config.backend or "auto"
    apply_own_model(options)
    return options


def _config(options: argparse.Namespace) -> Config:
    """The person's settings, unless the command has nothing to do with them, whatever is wrong there."""
    from vaevis_tui.explorer.storage.config import Config, read_config

    return Config() if options.command in _WITHOUT_CONFIG else read_config()


def _join_negative(arguments: Sequence[str]) -> list[str]:
    """``--z -1,2`` as ``--z=-1,2``: argparse would take the value for an option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _MAY_BE_NEGATIVE and argument.startswith("-"):
            joined[-1] = f"{joined[-1]}={argument}"
        else:
            joined.append(argument)
    return joined


def _short_form(word: str) -> str:
    """The model that is meant by ``vaevis-tui dog``.

    Raises:
        UserError: It is neither a shipped model nor a path.
    """
    from vaevis_tui.models.catalog import names
    from vaevis_tui.suggestions import suggestion

    models = names()
    if word in models or Path(word).exists():
        return word
    close = suggestion(word, [*COMMANDS, *models])
    raise UserError(f"there is no command or model {word!r}{close} (see {PROGRAM} --help)")
