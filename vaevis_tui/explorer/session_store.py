"""Keeping the session when the program ends, whichever way it does."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.explorer.storage.session import RunningSession, Session
from vaevis_tui.latent.state import LatentState


class SessionKeeper:
    """Writes down where the person stands, if there is anything to lose.

    At the end, when there is time for it; and on the way, for ends that leave none: killed for its memory, or
    the machine went down.

    Args:
        settings: Name the folder and what was resumed.
        decoding: Knows the model on show.
    """

    def __init__(self, settings: ExplorerSettings, decoding: Decoding) -> None:
        self._settings = settings
        self._decoding = decoding
        self._kept: Path | None = settings.claimed
        self._noted: LatentState | None = None
        """Where the person stood when it was last written down on the way."""
        self._writing = threading.Lock()
        """Held while `_running` is replaced."""
        self._running: RunningSession | None = None
        self._ended = False

    def note(self) -> None:
        """Write the session for the case that nothing else can be done any more, in a thread of its own.

        To be called in the app's thread, every few seconds. What cannot be written is told at the end.
        """
        exploration = self._decoding.model.exploration
        if self._ended or exploration is None or exploration.state is self._noted or self._writing.locked():
            return
        if (session := self._session()) is not None:
            self._noted = exploration.state
            threading.Thread(target=self._note, args=(session,), name="note-session", daemon=True).start()

    def _note(self, session: Session) -> None:
        assert self._settings.sessions is not None
        with self._writing, suppress(UserError):
            if self._ended:
                return
            former, self._running = self._running, self._settings.sessions.keep_running(session)
            if former is not None:
                former.remove()

    def keep(self, *, cut_off: bool) -> Path | None:
        """Write the session, in place of what was resumed or written before.

        To be called in the app's thread.

        Args:
            cut_off: Whether the program ends otherwise than by somebody leaving it.

        Returns:
            Its file, or None if nothing has happened that a new start would not bring back.

        Raises:
            UserError: it cannot be written.
        """
        self._ended = True
        folder, session = self._settings.sessions, self._session()
        if folder is None:
            return None
        if session is not None:
            self._kept = folder.keep(session, cut_off=cut_off, instead_of=self._kept)
        elif self._decoding.model.exploration is None and self._kept is not None:
            folder.release(self._kept)
        with self._writing:
            running, self._running = self._running, None
        if running is not None:
            running.remove()
        return None if session is None else self._kept

    def _session(self) -> Session | None:
        """What there is to lose; None if nothing, or nowhere to keep it."""
        exploration = self._decoding.model.exploration
        if self._settings.sessions is None or exploration is None:
            return None
        elsewhere = exploration.ref != self._settings.model
        if not (exploration.moved or exploration.walking or elsewhere or self._settings.resumed):
            return None
        return exploration.session(self._settings.backend)
