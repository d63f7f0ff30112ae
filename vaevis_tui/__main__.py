"""``python -m vaevis_tui`` is ``vaevis-tui``."""

import gc
import os
import sys
from contextlib import suppress

from vaevis_tui.interrupt import end_at_once


def main() -> int:
    """Run the program; an interrupt ends it without a word from its first line on."""
    end_at_once()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, and no file that we open may take its place
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    from vaevis_tui.cli import main as run

    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the terminal has gone; Python would end with 120
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    gc.freeze()  # else the interpreter looks for garbage at its end: 20 of the 65 ms that leaving takes
    return code


if __name__ == "__main__":
    sys.exit(main())
