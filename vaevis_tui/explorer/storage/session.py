"""Sessions on disk: the state of the explorer when it ended, for ``--resume``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.fields import Fields, packed
from vaevis_tui.export.files import reason, replace_whole
from vaevis_tui.latent.axes import DIMENSIONS
from vaevis_tui.reading import must_be_file, read_at_most

if sys.platform != "win32":
    import fcntl

KEPT = 10
"""Sessions kept; older ones are removed."""
LARGEST_FILE = 8 << 20
"""Largest session file that is read, in bytes."""
LARGEST_HISTORY = 1 << 20
"""Bytes of undo history that are kept; older steps are dropped. 256 steps at d = 256 take a quarter."""

_FORMAT = 1
_TIME = "%Y%m%dT%H%M%S.%f"
"""How the names of sessions begin."""
_ENDINGS = _CUT_OFF, _LEFT, _RUNNING, _CLAIMED = ".cut-off.json", ".left.json", ".running.json", ".resumed"


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """The state that ``--resume`` restores.

    Attributes:
        model: As ``--model`` takes it; a path is absolute.
        backend: As ``--backend`` takes it.
        z: The latent vector on show, float32 (d,).
        selected: The selected dimension.
        past: Undo history, oldest first, float32 (n, d).
        future: Redo history, the next one last, float32 (m, d).
        walking: Whether the walk was on.
        speed: Of the walk, in sigma of the whitened space per second.
        axis_set: Name of the axis set whose rows are shown.
        axes: The name of the selected axis of each set.
    """

    model: str
    backend: str
    z: NDArray[np.float32]
    selected: int
    past: NDArray[np.float32]
    future: NDArray[np.float32]
    walking: bool
    speed: float
    axis_set: str = DIMENSIONS
    axes: Mapping[str, str] = field(default_factory=dict)

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
                "axis_set": self.axis_set,
                "axes": dict(self.axes),
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
            axis_set=fields.text("axis_set") if fields.has("axis_set") else DIMENSIONS,
            axes=fields.texts("axes") if fields.has("axes") else {},
        )


class RunningSession:
    """The locked file of a session whose program still runs, see `SessionFolder.keep_running`.

    The system releases the lock when the program ends, however it ends. Only then can others resume the file.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def remove(self) -> None:
        """Remove the file: there is a newer one, or nothing to keep."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


class SessionFolder:
    """The last sessions, one file each, the newest last by name.

    A session that was resumed is *claimed*: it stays on disk under another name, so that no other program
    resumes it, until the program that claimed it ends. A session that is *running* is hidden in the same way.

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
        import platformdirs  # 4 ms that the first image need not wait for

        return platformdirs.user_state_path("vaevis-tui") / "sessions"

    def newest(self) -> Path | None:
        """The file of the session that ended last; a claimed one only if there is no other."""
        return max(self._files(), key=_readiness, default=None)

    def was_cut_off(self) -> bool:
        """Whether the newest session ended unexpectedly."""
        newest = self.newest()
        return newest is not None and newest.name.endswith((_CUT_OFF, _RUNNING))

    def keep(self, session: Session, *, cut_off: bool, instead_of: Path | None = None) -> Path:
        """Write a session, and remove the oldest beyond `KEPT`.

        Args:
            session: What to keep.
            cut_off: Whether it ended unexpectedly.
            instead_of: The file of the session that this one continues; it is removed.

        Raises:
            UserError: it cannot be written.
        """
        path = self._write(session, _CUT_OFF if cut_off else _LEFT)
        with suppress(OSError):
            if instead_of is not None:
                instead_of.unlink(missing_ok=True)
            for file in self._files()[:-KEPT]:
                file.unlink(missing_ok=True)
        return path

    def keep_running(self, session: Session) -> RunningSession | None:
        """Write a session in case the program is killed; it is hidden while the program runs.

        Returns:
            The locked file; remove it when there is a newer one. None where files cannot be locked.

        Raises:
            UserError: it cannot be written.
        """
        if sys.platform == "win32":
            return None
        held: list[int] = []

        def lock(descriptor: int) -> None:
            held.append(os.dup(descriptor))
            fcntl.flock(held[0], fcntl.LOCK_EX | fcntl.LOCK_NB)

        try:
            return RunningSession(self._write(session, _RUNNING, lock), held[0])
        except UserError:
            for descriptor in held:
                os.close(descriptor)
            raise

    def _write(self, session: Session, ending: str, prepare: Callable[[int], None] = lambda _: None) -> Path:
        path = self.path / f"{self._now():{_TIME}}-{os.getpid()}{ending}"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_whole(path, session.to_text().encode("ascii"), 0o600, prepare)
        except OSError as error:
            raise UserError(f"the session was not saved: {path}: {reason(error)}") from None
        return path

    def _now(self) -> datetime:
        """The time, or just after the newest session's where the clock was set back: names are in order."""
        now = datetime.now(UTC)
        for path in reversed(self._files()):
            with suppress(ValueError, OverflowError):
                newest = datetime.strptime(path.name.partition("-")[0], _TIME).replace(tzinfo=UTC)
                return max(now, newest + timedelta(microseconds=1))
        return now

    def take_up(self) -> tuple[Session, Path | None, str | None]:
        """Read and claim the newest session that can be read.

        Returns:
            The session, its file as `claim` does, and what is wrong with a newer one, for people; or None.

        Raises:
            UserError: there is none, or all are damaged.
        """
        fault: UserError | None = None
        for path in sorted(self._files(), key=_readiness, reverse=True):
            try:
                return read_session(path), self.claim(path), None if fault is None else str(fault)
            except FileNotFoundError:  # another program has just claimed it
                continue
            except UserError as error:
                fault = fault or (error if path.exists() else None)
        raise fault or UserError(f"there is no session to go back to in {self.path}")

    def claim(self, path: Path) -> Path | None:
        """Claim a session, so that no other program resumes it.

        Returns:
            Its file from then on; None if it stays where it is, in another folder or one that is read-only.

        Raises:
            FileNotFoundError: it is gone.
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
        """Undo a claim, for a session that was not continued."""
        with suppress(OSError):
            claimed.rename(claimed.with_name(claimed.name.removesuffix(_CLAIMED)))

    def _files(self) -> list[Path]:
        """All sessions that do not run, oldest first; none where there is no folder that can be read."""
        try:
            found = sorted(path for path in self.path.iterdir() if path.name.endswith(_ENDINGS))
        except OSError:
            return []
        return [path for path in found if not (path.name.endswith(_RUNNING) and _is_locked(path))]


def _readiness(path: Path) -> tuple[bool, str]:
    """Orders sessions by how likely they are asked for: those that nobody goes on with, then the newest."""
    return path.suffix != _CLAIMED, path.name


def _is_locked(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # it is not there any more, or locks are not known there: then it was not made there
        pass
    return False


def read_session(path: Path) -> Session:
    """Read a file that `SessionFolder.keep` wrote.

    Raises:
        UserError: it cannot be read, or is something else; one line that names it.
    """
    try:
        must_be_file(path)
        data = read_at_most(path, LARGEST_FILE, "no session is", f"session {path}")
    except OSError as error:
        raise UserError(f"session {path}: {reason(error)}") from None
    try:
        return Session.from_text(data.decode("ascii", "replace"))
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
