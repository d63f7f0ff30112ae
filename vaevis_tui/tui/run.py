"""From settings to an exit code: what the command line calls."""

from __future__ import annotations

from vaevis_tui.tui.decoding import Decoding
from vaevis_tui.tui.settings import ExplorerSettings


def run_explorer(settings: ExplorerSettings) -> int:
    """Run the explorer in this terminal until it is left, and give the exit code of the program.

    The model is opened while Textual, which takes longer, is imported. The terminal is as it was afterwards,
    also where the app failed (then a traceback is printed and the code is 1) or was ended by a signal (then the
    code is 128 and the signal's number, as in a shell). Must be called in the main thread.
    """
    decoding = Decoding(settings)
    try:
        from vaevis_tui.tui.app import ExplorerApp

        app = ExplorerApp(settings, decoding)
        app.run()
        return app.return_code or 0
    finally:
        decoding.close()
