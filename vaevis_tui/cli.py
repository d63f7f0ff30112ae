"""The program: calls the command that was typed, and turns what a person can mend into one line.

Everything heavy is imported inside the command that needs it: the first image waits for these imports.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from vaevis_tui.commands.registry import PROGRAM, parse
from vaevis_tui.errors import EngineError, UserError
from vaevis_tui.interrupt import INTERRUPTED, raise_on_interrupt
from vaevis_tui.interrupt import exit_code as interrupted_code

EXIT_USAGE = 2

_OUTPUT_ERRORS = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO}
"""What writing to standard output fails with; files of ours have names, and lines of their own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, 1 if it failed, 2 if what it was given was wrong."""
    # Nothing here multiplies matrices that a second thread would be worth, and numpy's threads, one a core,
    # spin from their start on: 0.1 s of a core that the first image waits for.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        if options.command is not None:
            raise_on_interrupt()
            code = int(options.run(options))
            sys.stdout.flush()  # a full disk may first be noticed here
            return code
        return int(options.run(options))
    except UserError as error:
        _say(str(error))
        return EXIT_USAGE
    except EngineError as error:
        _say(f"decoding failed: {error}")
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, as with `| head`; keep the interpreter from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is not None or error.errno not in _OUTPUT_ERRORS:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = (error.strerror or str(error)).lower()
        _say(f"standard output was not written: {reason}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return interrupted_code() or INTERRUPTED
    except Exception:
        if (ended := interrupted_code()) is not None:
            return ended
        raise


def _say(error: str) -> None:
    """Say what is wrong, without what a terminal would obey: a file may have any name."""
    harmless = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in error)
    print(f"{PROGRAM}: error: {harmless}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
