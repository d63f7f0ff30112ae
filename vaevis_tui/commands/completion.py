"""``vaevis-tui completion``: what a shell needs to complete commands, options, models and files."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from functools import cache
from shlex import quote

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
    print(_MEND[options.shell](shtab.complete(whole_parser(), options.shell)))
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
        where: Patterns of the line before it, with which it may be this: ``* get `` for the word after get. A
            space follows each word of that line, and stands for = in it.
        several: Whether it may be several of the words, between commas.
    """

    words: tuple[str, ...]
    files: bool = False
    where: tuple[str, ...] = ("*",)
    several: bool = False


def _say_what_completes(action: argparse.Action) -> None:
    import shtab

    metavar = str(action.metavar)
    if offers := _offers(action.dest, metavar):
        action.complete = _completer(action.dest, offers)  # type: ignore[attr-defined]
    elif "FILE" in metavar or metavar in ("SNAPSHOT", "DECODER.onnx"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif "DIR" in metavar:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


@cache
def _offers(name: str, metavar: str) -> list[_Offer]:
    """What an argument of that name may be, where argparse does not know it."""
    from vaevis_tui.models.catalog import names
    from vaevis_tui.tui.theme import theme_names

    match name, metavar:
        case "model", _:
            return [_Offer(tuple(names()), files=True)]
        case "theme", _:
            return [_Offer(tuple(theme_names()))]
        case "axes", _:
            return _axes()
        case "value_range", _:
            return [_Offer(("auto", "0..1", "-1..1", "0..255", "logits", "imagenet", "auto-stretch"))]
        case "layout", _:
            return [_Offer(("auto", "CHW", "HWC", "HW"))]
        case "prior", _:
            return [_Offer(("auto", "normal", "uniform", "sphere"))]
        case "key", "KEY":
            return _keys()
        case "value", "VALUE":
            return _values()
    return []


def _axes() -> list[_Offer]:
    """Axes of the shipped model that the line names, or of the default; of other models only the sets."""
    from vaevis_tui.latent.axes import axis_sets
    from vaevis_tui.models.bundle import open_bundle
    from vaevis_tui.models.catalog import DEFAULT_MODEL, names

    sets = ("dimensions", "axes", "directions")
    of_models = {
        name: tuple(axis.name for each in axis_sets(open_bundle(name).space) for axis in each.axes)
        for name in names()
    }
    return [
        *(_Offer(sets + axes, where=(f"* {name} *",), several=True) for name, axes in of_models.items()),
        _Offer(sets, where=("* --model *", "* --from *"), several=True),
        _Offer(sets + of_models[DEFAULT_MODEL], several=True),
    ]


def _keys() -> list[_Offer]:
    """Keys of the settings' file, other keys for actions among them."""
    from vaevis_tui.explorer.storage.config import KEYMAP, SETTINGS
    from vaevis_tui.tui.keys.keymap import all_bindings

    keys = [setting.key for setting in SETTINGS] + [f"{KEYMAP}.{binding.id}" for binding in all_bindings()]
    return [_Offer(tuple(keys), where=("* get ", "* set ", "* unset "))]


def _values() -> list[_Offer]:
    """What may be said after the keys of which that is known."""
    from vaevis_tui.explorer.storage.config import SETTINGS
    from vaevis_tui.models.catalog import names
    from vaevis_tui.tui.theme import theme_names

    known = [_Offer(setting.words, where=(f"* {setting.key} ",)) for setting in SETTINGS if setting.words]
    return [
        *known,
        _Offer(tuple(names()), files=True, where=("* model ",)),
        _Offer(tuple(theme_names()), where=("* theme ",)),
        _Offer((), files=True, where=("* snapshot_dir ",)),
    ]


def _completer(name: str, offers: list[_Offer]) -> dict[str, object]:
    """A function of each shell: shtab knows either words or files, and nothing of the line before.

    Its name ends in file where a word may be one, or may hold a space: shtab has bash quote these.
    """
    function = f"_vaevis_tui_{name}"
    if any(offer.files or offer.several for offer in offers):
        function += "_or_file"
    bash, zsh, fish = [], [], []
    for offer in offers:
        where = "|".join(pattern.replace(" ", "\\ ") for pattern in offer.where)
        lines, words = quote("\n".join(offer.words)), " ".join(map(quote, offer.words))
        if offer.several:
            bash.append(f'{where}) compgen -P "$head" -W {lines} -- "${{word##*,}}";;')
            zsh.append(f"{where}) compset -P '*,'; compadd -- {words};;")
        else:
            files = '; compgen -f -- "$1"' if offer.files else ""
            bash.append(f'{where}) compgen -W {lines} -- "$1"{files};;')
            files = " 'files:file:_files'" if offer.files else ""
            zsh.append(f"{where}) _alternative 'words:word:({' '.join(offer.words)})'{files};;")
        head = '"$head"' if offer.several else ""
        listed = f"; string join \\n -- {head}{{{','.join(map(quote, offer.words))}}}" if offer.words else ""
        files = "; __fish_complete_path (commandline -ct)" if offer.files else ""
        fish.append(f"case {' '.join(map(quote, offer.where))}{listed}{files}")
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            shell: body.replace("NAME", function).replace("CASES", "\n    ".join(cases))
            for (shell, body), cases in zip(_BODIES.items(), (bash, zsh, fish), strict=True)
        },
    }


_BODIES = {
    "bash": r"""
NAME() {
  local line=" ${COMP_WORDS[*]:0:COMP_CWORD} " word=${1//[\\\"\']/} IFS=$'\n'
  local head="${word%"${word##*,}"}"
  case "$line" in
    CASES
  esac
}""",
    "zsh": """\
NAME() {
  local before="${LBUFFER}x"
  local typed=("${(z)before}")
  local line=" ${typed[1,-2]} "
  case "${line//=/ }" in
    CASES
  esac
}""",
    "fish": """\
function NAME
  set -l word (string replace -r '^--[^=]*=' '' -- (commandline -ct) | string unescape)
  set -l head (string match -r '.*,' -- $word)
  switch (string join ' ' -- '' (commandline -opc) '' | string replace -a = ' ')
    CASES
  end
end""",
}
"""Functions that go through the cases: the line before the word, and of names between commas those before."""


def _mend_bash(script: str) -> str:
    """Names of files with spaces in them, and --flag=value, of which bash makes three words."""
    script = script.replace("-- $1 ", '-- "$1" ')
    script, _, last = script.rstrip().rpartition("\n")
    own = last.replace("-F _shtab_vaevis_tui", "-F _vaevis_tui")
    return f"{script}\n{_BASH}\n{own}"


_BASH = """\
_vaevis_tui() {
  local word last= words=() i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    if [[ "$word" == = && "$last" == --* ]]; then
      ((i < COMP_CWORD)) && continue
      word=
    fi
    words+=("$word")
    last="$word"
  done
  local COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
  _shtab_vaevis_tui
}
"""


def _mend_zsh(script: str) -> str:
    """--flag=value, and a second file where several may follow."""
    script = re.sub(r'^(  "\*?--[\w-]+)(\[.*\]:)', r"\1=\2", script, flags=re.MULTILINE)
    return re.sub(r'^  "\(\*\)::?', '  "*:', script, flags=re.MULTILINE)


def _mend_fish(script: str) -> str:
    """Files after --flag=, and with spaces in their names: by fish's own completion of them."""
    script = script.replace(' -xka "(_vaevis_tui_model_or_file)"', ' -rFka "(_vaevis_tui_model_or_file)"')
    return re.sub(r' -(x?)ka "\(__fish_complete_path \(commandline -ct\)\)"', " -rF", script)


_MEND = {"bash": _mend_bash, "zsh": _mend_zsh, "fish": _mend_fish}
"""What shtab leaves open."""
