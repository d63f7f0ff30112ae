"""``vaevis-tui man``: the manual page, made from the program's own tables, so that it cannot go stale."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import textwrap

DESCRIPTION = "Show the manual page; in a pipe, print it as roff."

EPILOG = """\
to have it as man vaevis-tui:
  vaevis-tui man > ~/.local/share/man/man1/vaevis-tui.1"""

EXIT_STATUS = (
    ("0", "done"),
    ("1", "decoding failed, or whoever read the output has gone"),
    ("2", "what was given was wrong; one line says what would be right"),
    ("130", "interrupted; after another signal, 128 and its number"),
)
ENVIRONMENT = (
    ("VAEVIS_TUI_CONFIG", "the settings' file"),
    ("NO_COLOR", "draws in greys"),
    ("FORCE_COLOR", "show draws in colours, in a pipe too"),
    ("PAGER", "what long texts are read with: help, cards, settings, doctor, this page"),
    ("WGPU_ADAPTER_NAME", "which GPU decodes"),
    ("XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME", "where settings, bookmarks and sessions lie"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes nothing."""


def run(options: argparse.Namespace) -> int:
    """Show it, or print it where man is missing or nobody looks."""
    manual = shutil.which("man") if sys.stdout.isatty() else None
    if manual is None:
        print(page(), end="")
        return 0
    return subprocess.run([manual, "-l", "-"], input=page().encode(), check=False).returncode


def escaped(text: str) -> str:
    """Text that roff takes as it stands."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").splitlines()
    text = "\n".join(f"\\&{line}" if line[:1] in {".", "'"} else line for line in lines)
    return "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)


def tagged(tag: str, text: str) -> str:
    """A term in bold, and what it means below it."""
    return f".TP\n\\fB{escaped(tag)}\\fR\n{escaped(text)}"


def described(text: str) -> list[str]:
    """Paragraphs, of which those that are indented stay as they are."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        if any(line.startswith("  ") for line in paragraph.splitlines()):
            parts.append(f".PP\n.nf\n{escaped(textwrap.dedent(paragraph))}\n.fi")
        else:
            parts.append(f".PP\n{escaped(' '.join(paragraph.split()))}")
    return parts


def options_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Every argument of a parser as it is typed, and its help, in the order of that."""
    formatter = parser._get_formatter()
    actions = (action for group in parser._action_groups for action in group._group_actions)
    return {
        formatter._format_action_invocation(action): formatter._expand_help(action) if action.help else ""
        for action in actions
        if not isinstance(action, argparse._SubParsersAction) and action.help != argparse.SUPPRESS
    }


def own_options(parser: argparse.ArgumentParser, above: dict[str, str]) -> list[str]:
    """The arguments of a command; of those that the explorer has, too, the names alone."""
    options = options_of(parser)
    parts = [tagged(*each) for each in options.items() if each not in above.items()]
    shared = [re.findall(r"--[\w-]+", name)[0] for name, text in options.items() if above.get(name) == text]
    return [*parts, f".PP\n{escaped('As above: ' + ', '.join(shared))}."] if shared else parts


def page() -> str:
    """The whole page."""
    from vaevis_tui.commands.registry import COMMANDS, PROGRAM, program_parser
    from vaevis_tui.explorer.storage.config import SETTINGS
    from vaevis_tui.tui import keys
    from vaevis_tui.tui.menus.help_text import TERMS, key_lines

    parser = program_parser()
    commands = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    helps = keys.helps((*keys.EXPLORER, *keys.APP))
    parts = [
        f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM}" "User Commands"',
        f".SH NAME\n{PROGRAM} \\- explore the latent space of generative models in a terminal",
        f".SH SYNOPSIS\n.B {PROGRAM}\n[MODEL | COMMAND] [options]",
        ".SH DESCRIPTION",
        *described(parser.description or ""),
        ".SH OPTIONS",
        *(tagged(*each) for each in options_of(parser).items()),
        ".SH KEYS",
        *(tagged(key, text) for key, text in key_lines(helps)),
        ".SH TERMS",
        *(tagged(term, text) for term, text in TERMS),
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        command = commands.choices[name].filled()
        parts += [f".SS {PROGRAM} {escaped(name)}", *described(command.description or "")]
        parts += own_options(command, options_of(parser))
        parts += described(command.epilog or "") if command.epilog else []
    parts += [".SH ENVIRONMENT", *(tagged(*each) for each in ENVIRONMENT)]
    parts += [tagged(each.variable, f"{each.help} Default: {each.default}.") for each in SETTINGS]
    parts += [".SH EXIT STATUS", *(tagged(*each) for each in EXIT_STATUS)]
    return "\n".join(parts) + "\n"
