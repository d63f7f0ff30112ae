"""Saves the session when the program ends, however it ends."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from vaevis_tui.errors import UserError
from vaevis_tui.explorer.decoding import Decoding
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.explorer.storage.session import RunningSession, Session
from vaevis_tui.latent.state import LatentState


class SessionStore:
    """Saves the session, if there is anything to lose.

    `keep` saves it at the end. `autosave` saves it every few seconds, for ends that leave no time: out of
    memory, or the machine goes down.

    Args:
        settings: The folder, and the session that was resumed.
        decoding: Knows the model on show.
    """

    def __init__(self, settings: ExplorerSettings, decoding: Decoding) -> None:
        self._settings = settings
        self._decoding = decoding
        self._kept: Path | None = settings.claimed
        self._saved: LatentState | None = None
        """The state that `autosave` saved last."""
        self._writing = threading.Lock()
        """Held while `_running` is replaced."""
        self._running: RunningSession | None = None
        self._ended = False

    def autosave(self) -> None:
        """Save the session in a thread, in case the program is killed.

        Call it in the app's thread, every few seconds. Errors are only reported at the end, by `keep`.
        """
        exploration = self._decoding.model.exploration
        if self._ended or exploration is None or exploration.state is self._saved or self._writing.locked():
            return
        if (session := self._session()) is not None:
            self._saved = exploration.state
            threading.Thread(target=self._autosave, args=(session,), name="autosave", daemon=True).start()

    def _autosave(self, session: Session) -> None:
        assert self._settings.sessions is not None
        with self._writing, suppress(UserError):
            if self._ended:
                return
            former, self._running = self._running, self._settings.sessions.keep_running(session)
            if former is not None:
                former.remove()

    def keep(self, *, cut_off: bool) -> Path | None:
        """Save the session, in place of the one that was resumed or saved before.

        Call it in the app's thread.

        Args:
            cut_off: Whether the program ends unexpectedly.

        Returns:
            Its file, or None if there is nothing to restore.

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
        """The session to save; None if there is nothing to lose, or no folder."""
        exploration = self._decoding.model.exploration
        if self._settings.sessions is None or exploration is None:
            return None
        elsewhere = exploration.ref != self._settings.model
        if not (exploration.moved or exploration.walking or elsewhere or self._settings.resumed):
            return None
        return exploration.session(self._settings.backend)
