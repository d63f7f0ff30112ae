"""Where a person stood when the program ended, kept on disk so that the next one can begin there."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.fields import Fields, packed
from vaevis_tui.export.files import reason, replace_whole

KEPT = 10
"""Sessions kept; older ones are removed."""
LARGEST_FILE = 8 << 20
"""Bytes that are read of a session at most."""
LARGEST_HISTORY = 1 << 20
"""Bytes of what undo leads back to; older steps are left out. 256 steps at d = 256 take a quarter."""

_FORMAT = 1
_ENDINGS = _CUT_OFF, _LEFT, _CLAIMED = ".cut-off.json", ".left.json", ".resumed"


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """What it takes to go on.

    Attributes:
        model: As ``--model`` takes it; a path is absolute.
        backend: As ``--backend`` takes it.
        z: The latent vector on show, float32 (d,).
        selected: The selected dimension.
        past: What undo leads back to, oldest first, float32 (n, d).
        future: What redo leads to, the next one last, float32 (m, d).
        walking: Whether the walk was on.
        speed: Of the walk, in sigma of the whitened space per second.
    """

    model: str
    backend: str
    z: NDArray[np.float32]
    selected: int
    past: NDArray[np.float32]
    future: NDArray[np.float32]
    walking: bool
    speed: float

    def to_text(self) -> str:
        """One line of JSON, ASCII."""
        steps = max(0, LARGEST_HISTORY // self.z.nbytes - len(self.future))
        return json.dumps(
            {
                "format": _FORMAT,
                "model": self.model,
                "backend": self.backend,
                "z": [float(value) for value in self.z],
                "selected": self.selected,
                "past": packed(self.past[max(0, len(self.past) - steps) :]),
                "future": packed(self.future),
                "walking": self.walking,
                "speed": self.speed,
            },
            allow_nan=False,
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The inverse of `to_text`.

        Raises:
            UserError: the text is something else, or of a later format.
        """
        fields = Fields("session", text, _FORMAT)
        model, backend = fields.text("model"), fields.text("backend")
        z = np.array(fields.numbers("z"), np.float32)
        if not (model + backend).isprintable() or len(backend) > 20:
            raise UserError("the session names no model or backend; expected text of one line")
        return cls(
            model=model,
            backend=backend,
            z=z,
            selected=fields.whole("selected"),
            past=fields.rows("past", len(z)),
            future=fields.rows("future", len(z)),
            walking=fields.flag("walking"),
            speed=fields.number("speed"),
        )


class SessionFolder:
    """The last sessions, one file each, the newest last by name.

    A session that is gone on with is *claimed*: it stays on disk, but out of the way of whoever resumes
    another one, until the program that goes on with it ends.

    Args:
        path: The folder, which is made when a session is kept; None is ``sessions`` in the user's folder for
            the program's state.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @cached_property
    def path(self) -> Path:
        """The folder."""
        if self._path is not None:
            return self._path
        import platformdirs  # 4 ms that the first picture need not wait for

        return platformdirs.user_state_path("vaevis-tui") / "sessions"

    def newest(self) -> Path | None:
        """The file of the session that ended last; one that is gone on with only where there is no other."""
        files = self._files()
        return max(files, key=lambda path: (path.suffix != _CLAIMED, path.name), default=None)

    def was_cut_off(self) -> bool:
        """Whether the newest session ended otherwise than by somebody leaving it."""
        newest = self.newest()
        return newest is not None and newest.name.endswith(_CUT_OFF)

    def keep(self, session: Session, *, cut_off: bool, instead_of: Path | None = None) -> Path:
        """Write a session, and remove the oldest beyond `KEPT`.

        Args:
            session: What to keep.
            cut_off: Whether it ended otherwise than by somebody leaving it.
            instead_of: The file of a session that this one goes on with; it is removed.

        Raises:
            UserError: it cannot be written.
        """
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}{_CUT_OFF if cut_off else _LEFT}"
        path = self.path / name
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_whole(path, session.to_text().encode("ascii"), 0o600)
        except OSError as error:
            raise UserError(f"the session was not saved: {path}: {reason(error)}") from None
        with suppress(OSError):
            if instead_of is not None:
                instead_of.unlink(missing_ok=True)
            for file in self._files()[:-KEPT]:
                file.unlink(missing_ok=True)
        return path

    def take_up(self) -> tuple[Session, Path | None]:
        """Read and claim the newest session; gives it, and its file as `claim` does.

        Raises:
            UserError: there is none, or it is damaged.
        """
        while (path := self.newest()) is not None:
            try:
                return read_session(path), self.claim(path)
            except (UserError, FileNotFoundError):
                if path.exists():  # else somebody else has just claimed it
                    raise
        raise UserError(f"there is no session to go back to in {self.path}")

    def claim(self, path: Path) -> Path | None:
        """Put a session out of the way of others.

        Returns:
            Its file from then on; None if it stays where it is, in another folder or one that is read-only.

        Raises:
            FileNotFoundError: it is not there any more.
        """
        if path.parent.resolve() != self.path.resolve():
            return None
        claimed = path.with_name(path.name.removesuffix(_CLAIMED) + _CLAIMED)
        try:
            return path.rename(claimed)
        except FileNotFoundError:
            raise
        except OSError:
            return None

    def release(self, claimed: Path) -> None:
        """Undo a claim: nothing came of it."""
        with suppress(OSError):
            claimed.rename(claimed.with_name(claimed.name.removesuffix(_CLAIMED)))

    def _files(self) -> list[Path]:
        """All sessions, oldest first; none where there is no folder, or none that can be read."""
        try:
            return sorted(path for path in self.path.iterdir() if path.name.endswith(_ENDINGS))
        except OSError:
            return []


def read_session(path: Path) -> Session:
    """Read a file that `SessionFolder.keep` wrote.

    Raises:
        UserError: it cannot be read, or is something else; one line that names it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UserError(f"session {path}: {reason(error)}") from None
    if len(data) > LARGEST_FILE:
        raise UserError(f"session {path} is larger than {LARGEST_FILE >> 20} MiB; no session is")
    try:
        return Session.from_text(data.decode("ascii", "replace"))
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
