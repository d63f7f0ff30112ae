"""Progress on standard error: a bar on a terminal, a line now and then in a log file."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

LINE_SECONDS = 30.0
"""Between two lines of a log file."""


def progress_bar(*arguments: Any, **options: Any) -> tqdm[Any]:
    """`tqdm.tqdm` with these arguments, as often as is good for where it goes."""
    options.setdefault("mininterval", 0.1 if sys.stderr.isatty() else LINE_SECONDS)
    return tqdm(*arguments, **options)
