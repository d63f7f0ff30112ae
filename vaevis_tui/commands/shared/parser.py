"""argparse with errors of one line, suggestions, and arguments that are added when a command is called."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, NoReturn

from vaevis_tui.errors import UserError

_OPTION = re.compile(r"--.+|-[A-Za-z]")
"""What is an option, not a value such as -1.5 or -, which is standard input."""

_COLUMN = re.compile(r" +(?!vaevis-tui|[A-Z]+=)\S+( [A-Z]+)*  +")
"""What stands before the text of a line in columns."""

_NO_VALUE = re.compile(r"argument (\S+): expected (?:one|at least one|\d+) arguments?")
_NO_CHOICE = re.compile(r"argument \S+: invalid choice: '(.*?)' \(choose from (.*)\)")
_NO_COMMAND = re.compile(r"argument COMMAND: invalid choice: '(.*?)' ")

_NAMED = 3
"""Commands that an option belongs to, which are named."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text above it.

    Args:
        fill: Adds the arguments when they are first needed; importing all commands at every start would cost.
        **options: As `argparse.ArgumentParser` takes them.
    """

    def __init__(self, *, fill: Callable[[Parser], None] | None = None, **options: Any) -> None:
        options.setdefault("formatter_class", HelpFormatter)
        super().__init__(allow_abbrev=False, **options)
        self._fill = fill

    def filled(self, words: Sequence[str] = ()) -> Parser:
        """This parser with its arguments.

        Args:
            words: What it is going to parse; an option that it has not is refused before all else.
        """
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)
            self.usage = self._short_usage()
        for word in words:
            if word in self._commands:
                break
            option = word.partition("=")[0]
            if _OPTION.fullmatch(option) and option not in self._option_string_actions:
                self._refuse([word])
        return self

    def _short_usage(self) -> str:
        """What has to be said, without the options that may be left out: the help has a line for each."""
        groups = [group for group in self._mutually_exclusive_groups if group.required]
        chosen = [action for group in groups for action in group._group_actions]
        required = [each for each in self._actions if each.required and each.option_strings]
        choices = [" | ".join(map(_named, group._group_actions)) for group in groups]
        words = [
            *(_placed(action) for action in self._actions if not action.option_strings),
            *(_named(action) for action in required if action not in chosen),
            *(f"({choice})" for choice in choices),
        ]
        return " ".join([self.prog, *words, "[options]"])

    @property
    def _commands(self) -> Mapping[str, Parser]:
        actions = (action for action in self._actions if isinstance(action, argparse._SubParsersAction))
        return next((action.choices for action in actions), {})

    def error(self, message: str) -> NoReturn:
        """Refuse what was given.

        Raises:
            UserError: Always.
        """
        if match := _NO_VALUE.match(message):
            message = f"{match[1]} lacks its value, {self._value_of(match[1])}"
        elif match := _NO_COMMAND.match(message):
            from vaevis_tui.suggestions import suggestion

            close = suggestion(match[1], self._commands)
            message = f"unknown command {match[1]!r}{close or '; a model comes first, or after --model'}"
        elif match := _NO_CHOICE.match(message):
            from vaevis_tui.suggestions import suggestion

            message += suggestion(match[1], re.findall(r"[\w-]+", match[2]))
        raise UserError(f"{message} (see {self.prog} --help)")

    def _value_of(self, option: str) -> str:
        """What an option's value is called in its help."""
        for action in self._actions:
            if option in ("/".join(action.option_strings), action.metavar, action.dest):
                if action.choices is not None:
                    return f"one of {', '.join(map(str, action.choices))}"
                return str(action.metavar or action.dest.upper())
        return "which its help names"

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]
        """Print the help, through PAGER where it is longer than the terminal."""
        if file is None:
            from vaevis_tui.pager import print_paged

            print_paged(self.format_help())
        else:
            super().print_help(file)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse does, but what is not known is refused, with a suggestion."""
        words = list(sys.argv[1:] if args is None else args)
        options, unknown = super(Parser, self.filled(words)).parse_known_args(words, namespace)
        if unknown:
            self._refuse(unknown)
        return options, []

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        from vaevis_tui.suggestions import suggestion

        known = [option for action in self._actions for option in action.option_strings]
        option, commands = unknown[0].partition("=")[0], self._commands.items()
        owners = [name for name, parser in commands if option in parser.filled()._option_string_actions]
        hint = f"; it belongs to {_listed(owners)}" if owners else suggestion(option, known)
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")


class HelpFormatter(argparse.HelpFormatter):
    """Paragraphs fill the terminal's width; what is indented keeps its lines, and is broken where it must."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap

        lines: list[str] = []
        for line in text.splitlines():
            if len(line) > width and (column := _COLUMN.match(line)):
                lines += textwrap.wrap(line, width, subsequent_indent=" " * column.end())
            elif len(line) > width and line.startswith(" "):  # a command
                first, *rest = textwrap.wrap(
                    line, width - 2, subsequent_indent="      ", break_on_hyphens=False
                )
                lines += [f"{each} \\" for each in (first, *rest)]
                lines[-1] = lines[-1].removesuffix(" \\")
            elif line and lines and lines[-1] and " " not in (line[0], lines[-1][0]):
                lines[-1] += f" {line}"
            else:
                lines.append(line)
        return "\n".join(
            part
            for line in lines
            for part in (textwrap.wrap(line, width) if line and line[0] != " " else [line])
        )


class PrintVersion(argparse.Action):
    """Prints its ``const`` and ends the program; argparse's own does not notice that nothing was printed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it."""
        print(self.const, flush=True)
        parser.exit()


class SetVariable(argparse.Action):
    """Sets a variable of the environment for this process and those that it starts.

    Args:
        variable: Its name. It is set to what is given; of an option that takes nothing, to ``const``.
        **options: As `argparse.Action` takes them.
    """

    def __init__(self, *, variable: str, **options: Any) -> None:
        super().__init__(**options)
        self._variable = variable

    def __call__(
        self, parser: object, namespace: object, values: object, option_string: object = None
    ) -> None:
        """Set it."""
        os.environ[self._variable] = str(values if self.const is None else self.const)


def _placed(action: argparse.Action) -> str:
    """A positional argument in a line of usage."""
    name = str(action.metavar or action.dest)
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} ..."}.get(str(action.nargs), name)


def _named(action: argparse.Action) -> str:
    """An option with its value in a line of usage."""
    return f"{action.option_strings[0]} {action.metavar or action.dest.upper()}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more commands" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
