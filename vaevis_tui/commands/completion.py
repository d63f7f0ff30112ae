"""``vaevis-tui completion``: what a shell needs to complete commands, options, models and files."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from vaevis_tui.commands import explore
from vaevis_tui.commands.shared.parser import Parser
from vaevis_tui.errors import UserError

DESCRIPTION = "Print the completions of a shell: commands, options, models, settings, their values and files."

EPILOG = """\
to have them from the next shell on:
  vaevis-tui completion bash > ~/.local/share/bash-completion/completions/vaevis-tui
  vaevis-tui completion zsh > ~/.zfunc/_vaevis-tui
  vaevis-tui completion fish > ~/.config/fish/completions/vaevis-tui.fish

zsh needs fpath+=~/.zfunc before compinit in ~/.zshrc."""

SHELLS = ("bash", "zsh", "fish")


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


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a word may be.

    Attributes:
        words: Some of them.
        files: Whether files are others.
        after: Words before it after which it may be this; none for any.
    """

    words: tuple[str, ...]
    files: bool = False
    after: tuple[str, ...] = ("*",)


def _say_what_completes(action: argparse.Action) -> None:
    import shtab

    from vaevis_tui.models.catalog import names
    from vaevis_tui.tui.theme import theme_names

    metavar = str(action.metavar)
    if action.dest == "model":
        action.complete = _completer("models", _Offer(tuple(names()), files=True))  # type: ignore[attr-defined]
    elif action.dest == "theme":
        action.complete = _completer("themes", _Offer(tuple(theme_names())))  # type: ignore[attr-defined]
    elif metavar == "KEY":
        action.complete = _completer("keys", _keys())  # type: ignore[attr-defined]
    elif metavar == "VALUE":
        action.complete = _completer("values", *_values())  # type: ignore[attr-defined]
    elif "FILE" in metavar or metavar in ("SNAPSHOT", "DECODER.onnx"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif "DIR" in metavar:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def _keys() -> _Offer:
    """Keys of the settings' file, other keys for actions among them."""
    from vaevis_tui.explorer.storage.config import KEYMAP, SETTINGS
    from vaevis_tui.tui.keys.keymap import all_bindings

    keys = [setting.key for setting in SETTINGS] + [f"{KEYMAP}.{binding.id}" for binding in all_bindings()]
    return _Offer(tuple(keys), after=("get", "set", "unset"))


def _values() -> list[_Offer]:
    """What may be said after the keys of which that is known."""
    from vaevis_tui.explorer.storage.config import SETTINGS
    from vaevis_tui.models.catalog import names
    from vaevis_tui.tui.theme import theme_names

    known = [_Offer(setting.words, after=(setting.key,)) for setting in SETTINGS if setting.words]
    return [
        *known,
        _Offer(tuple(names()), files=True, after=("model",)),
        _Offer(tuple(theme_names()), after=("theme",)),
        _Offer((), files=True, after=("snapshot_dir",)),
    ]


def _completer(name: str, *offers: _Offer) -> dict[str, object]:
    """A function of each shell: shtab knows either words or files, and nothing of the word before."""
    function = f"_vaevis_tui_{name}"
    bash, zsh, fish = [], [], []
    for offer in offers:
        words, either = " ".join(offer.words), "|".join(offer.after)
        files = 'compgen -f -- "$1"; ' if offer.files else ""
        bash.append(f"{either}) compgen -W '{words}' -- \"$1\"; {files};;".replace("; ;;", ";;"))
        files = " 'files:file:_files'" if offer.files else ""
        zsh.append(f"{either}) _alternative 'words:word:({words})'{files};;")
        files = "; __fish_complete_path (commandline -ct)" if offer.files else ""
        fish.append(f"case {' '.join(map(repr, offer.after))}; string split ' ' '{words}'{files}")
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "bash": f'{function}() {{\n  case "${{COMP_WORDS[COMP_CWORD-1]}}" in\n'
            + "".join(f"    {case}\n" for case in bash)
            + "  esac\n}",
            "zsh": f'{function}() {{\n  case "$words[CURRENT-1]" in\n'
            + "".join(f"    {case}\n" for case in zsh)
            + "  esac\n}",
            "fish": f"function {function}\n  switch (commandline -opc)[-1]\n"
            + "".join(f"    {case}\n" for case in fish)
            + "  end\nend",
        },
    }
