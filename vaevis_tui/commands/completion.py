"""``vaevis-tui completion``: what a shell needs to complete commands, options, models and files."""

from __future__ import annotations

import argparse

from vaevis_tui.commands import explore
from vaevis_tui.commands.shared.parser import Parser
from vaevis_tui.errors import UserError

DESCRIPTION = "Print the completions of a shell: commands, options, models, settings and files."

EPILOG = """\
to have them from the next shell on:
  vaevis-tui completion bash > ~/.local/share/bash-completion/completions/vaevis-tui
  vaevis-tui completion zsh > ~/.zfunc/_vaevis-tui
  vaevis-tui completion fish > ~/.config/fish/completions/vaevis-tui.fish

zsh needs fpath+=~/.zfunc before compinit in ~/.zshrc."""

SHELLS = ("bash", "zsh", "fish")

_FILES = {"FILE", "FILE|DIR", "SNAPSHOT"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    try:
        import shtab
    except ImportError:
        raise UserError("completions need shtab, which is not installed: pip install shtab") from None
    print(shtab.complete(whole_parser(), options.shell))
    return 0


def whole_parser() -> Parser:
    """The parser with all commands, and models in place of one, as ``vaevis-tui dog`` is understood."""
    from vaevis_tui.commands.registry import program_parser
    from vaevis_tui.models.catalog import names

    parser = program_parser()
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name in names():
        explore.add_arguments(
            commands.add_parser(name, help=f"the explorer, with {name}", prog=f"vaevis-tui {name}")
        )
    for each in (parser, *commands.choices.values()):
        assert isinstance(each, Parser)
        for action in each.filled()._actions:
            _say_what_completes(action)
    return parser


def _say_what_completes(action: argparse.Action) -> None:
    import shtab

    if action.dest == "model":
        action.complete = _models()  # type: ignore[attr-defined]
    elif action.metavar == "KEY":
        action.complete = _keys()  # type: ignore[attr-defined]
    elif action.metavar in _FILES:
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif action.metavar == "DIR":
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def _models() -> dict[str, object]:
    """Names of models, or files: shtab has either, so each shell gets a function of ours."""
    from vaevis_tui.models.catalog import names

    words, function = " ".join(names()), "_vaevis_tui_models"
    return {
        "bash": function,
        "zsh": function,
        "fish": f"{words} (__fish_complete_path (commandline -ct))",
        "preamble": {
            "bash": f'{function}() {{ compgen -W \'{words}\' -- "$1"; compgen -f -- "$1"; }}',
            "zsh": f"{function}() {{ _alternative 'models:model:({words})' 'files:file:_files' }}",
        },
    }


def _keys() -> dict[str, object]:
    """Keys of the settings' file, other keys for actions among them."""
    from vaevis_tui.explorer.storage.config import SETTINGS
    from vaevis_tui.tui.keys.keymap import all_bindings

    keys = [setting.key for setting in SETTINGS] + [f"keymap.{binding.id}" for binding in all_bindings()]
    words, function = " ".join(keys), "_vaevis_tui_keys"
    return {
        "bash": function,
        "zsh": function,
        "fish": words,
        "preamble": {
            "bash": f"{function}() {{ compgen -W '{words}' -- \"$1\"; }}",
            "zsh": f"{function}() {{ compadd -- {words} }}",
        },
    }
