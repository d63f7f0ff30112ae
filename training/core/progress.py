"""Progress on standard error: a bar on a terminal, a line now and then in a log file."""

from __future__ import annotations

import sys
from typing import Any

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
