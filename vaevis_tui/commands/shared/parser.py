"""argparse with errors of one line, suggestions, and arguments that are added when a command is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from typing import IO, Any, NoReturn

from vaevis_tui.errors import UserError


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text above it.

    Args:
        fill: Adds the arguments when they are first needed; importing all commands at every start would cost.
        **options: As `argparse.ArgumentParser` takes them.
    """

    def __init__(self, *, fill: Callable[[Parser], None] | None = None, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
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
        for word in words:
            if word in self._commands:
                break
            if (
                word.startswith("--")
                and len(word) > 2
                and word.partition("=")[0] not in self._option_string_actions
            ):
                self._refuse([word])
        return self

    @property
    def _commands(self) -> Collection[str]:
        actions = (action for action in self._actions if isinstance(action, argparse._SubParsersAction))
        return next((action.choices for action in actions), ())

    def error(self, message: str) -> NoReturn:
        """Refuse what was given.

        Raises:
            UserError: Always.
        """
        raise UserError(f"{message} (see {self.prog} --help)")

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
        known = [option for action in self._actions for option in action.option_strings]
        self.error(f"unrecognized arguments: {' '.join(unknown)}{suggestion(unknown[0], known)}")


def suggestion(word: str, known: Sequence[str]) -> str:
    """``"; did you mean --model?"`` where a known word is close, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word.partition("=")[0], known, 1)
    return f"; did you mean {close[0]}?" if close else ""
