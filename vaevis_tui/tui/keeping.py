"""Keeping the session when the program ends, whichever way it does."""

from __future__ import annotations

from pathlib import Path

from vaevis_tui.tui.decoding import Decoding
from vaevis_tui.tui.settings import ExplorerSettings


class SessionKeeper:
    """Writes down where the person stands, if there is anything to lose.

    Args:
        settings: Name the folder and what was resumed.
        decoding: Knows the model on show.
    """

    def __init__(self, settings: ExplorerSettings, decoding: Decoding) -> None:
        self._settings = settings
        self._decoding = decoding
        self._kept: Path | None = settings.claimed

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
        folder, exploration = self._settings.sessions, self._decoding.exploration
        if folder is None:
            return None
        if exploration is None:
            if self._kept is not None:
                folder.release(self._kept)
            return None
        elsewhere = exploration.ref != self._settings.model
        if not (exploration.moved or exploration.walking or elsewhere or self._settings.resumed):
            return None
        session = exploration.session(self._settings.backend)
        self._kept = folder.keep(session, cut_off=cut_off, instead_of=self._kept)
        return self._kept
