"""From settings to an exit code: what the command line calls."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.session_store import SessionStore
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.interrupt import end_at_once


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


def _keep(store: SessionStore, code: int) -> int:
    """Keep the session, and say so where the person did not leave by a key and is still there.

    Returns:
        The exit code: 1 where all went well but that the session was not saved.
    """
    from vaevis_tui.tui.textual_private.driver import HANGUP_CODE

    try:
        told = "session saved; vaevis-tui --resume restores it" if store.keep(cut_off=code != 0) else ""
    except UserError as error:
        told, code = str(error), code or 1
    if told and code and code != HANGUP_CODE:
        print(f"vaevis-tui: {told}", file=sys.stderr)
    return code


def run_explorer(settings: ExplorerSettings) -> int:
    """Run the explorer in this terminal until it is left, and give the exit code of the program.

    The model is opened while Textual, which takes longer, is imported. The terminal is as it was afterwards,
    also where the app failed (then a traceback is printed and the code is 1) or was ended by a signal (then
    the code is 128 and the signal's number, as in a shell). To be called in the main thread.

    Raises:
        UserError: the first model cannot be opened.
    """
    end_at_once()  # until the app is there, and takes signals itself
    decoding = Decoding(settings)
    try:
        import asyncio

        with _collecting_no_garbage():
            from vaevis_tui.tui.app import ExplorerApp
            from vaevis_tui.tui.keys.keymap import keymap_problems
            from vaevis_tui.tui.signals import leaving_on_signals

        if problems := keymap_problems(settings.keymap):
            raise UserError(problems[0])
        app = ExplorerApp(settings, decoding)

        async def run() -> int:
            code = 1
            with leaving_on_signals(app, app.session_store):
                try:
                    await app.run_async()
                    code = app.return_code or 0
                finally:
                    code = _keep(app.session_store, code)
            return code

        if decoding.model.state != "failed":  # already known: then not even the screen has to be cleared
            code = asyncio.run(run())
        else:
            code = 1
            app.session_store.keep(cut_off=True)
        model = decoding.model
        failure = model.failure if model.exploration is None else None
    finally:
        decoding.close()
    if failure is not None:
        raise failure if isinstance(failure, UserError) else UserError(f"{settings.model}: {failure}")
    return code
