"""``python -m vaevis_tui`` is ``vaevis-tui``."""

import sys

from vaevis_tui.interrupt import end_at_once


def main() -> int:
    """Run the program; an interrupt ends it without a word from its first line on."""
    end_at_once()
    from vaevis_tui.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
