"""From settings to an exit code: what the command line calls."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from vaevis_tui.errors import UserError
from vaevis_tui.tui.decoding import Decoding
from vaevis_tui.tui.settings import ExplorerSettings


@contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """Import without looking for garbage, of which there is none: a tenth of the time.

    What was imported is here to stay, so it is not looked through later either, where that would cost frames.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def run_explorer(settings: ExplorerSettings) -> int:
    """Run the explorer in this terminal until it is left, and give the exit code of the program.

    The model is opened while Textual, which takes longer, is imported. The terminal is as it was afterwards,
    also where the app failed (then a traceback is printed and the code is 1) or was ended by a signal (then
    the code is 128 and the signal's number, as in a shell). To be called in the main thread.

    Raises:
        UserError: the first model cannot be opened.
    """
    decoding = Decoding(settings)
    try:
        import asyncio

        with _collecting_no_garbage():
            from vaevis_tui.tui.app import ExplorerApp
            from vaevis_tui.tui.leaving import leave_on_signals

        app = ExplorerApp(settings, decoding)

        async def run() -> None:
            leave_on_signals(app)
            await app.run_async()

        if decoding.failure is None:  # already known: then not even the screen has to be cleared
            asyncio.run(run())
        failure = decoding.failure
    finally:
        decoding.close()
    if failure is not None:
        raise failure if isinstance(failure, UserError) else UserError(f"{settings.model}: {failure}")
    return app.return_code or 0
