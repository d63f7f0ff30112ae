"""Progress on standard error: a bar on a terminal, a line now and then in a log file."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from tqdm import tqdm

LINE_SECONDS = 30.0
"""Between two lines of a log file."""


def progress_bar(*arguments: Any, **options: Any) -> tqdm[Any]:
    """`tqdm.tqdm` with these arguments, as often as is good for where it goes.

    What takes no longer than `LINE_SECONDS` writes nothing into a file: it would stand before an error.
    """
    if not sys.stderr.isatty():
        options = {"mininterval": LINE_SECONDS, "delay": LINE_SECONDS, **options}
    return tqdm(*arguments, **options)


def write_line(text: str, file: TextIO | None = None) -> None:
    """A line beside the bars that are shown: on a terminal above them, in a file a line as any other.

    Args:
        text: The line.
        file: Where to; None: standard output.
    """
    if sys.stderr.isatty():
        tqdm.write(text, file=file)
    else:  # tqdm would draw its bar again behind each, without an end of line
        print(text, file=file or sys.stdout, flush=True)
