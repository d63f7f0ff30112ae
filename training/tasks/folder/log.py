"""Figures of a training on a folder: a table that any spreadsheet opens, and TensorBoard's where that is."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import reason, write_bytes

from ...core.loop import append

COLUMNS = (
    "step",
    "minutes",
    "loss",
    "kl",
    "gradient_norm",
    "learning_rate",
    "seconds_a_step",
    "validation_psnr",
    "validation_kl",
)


class CsvLog:
    """Figures as lines of CSV, those of one step in one line or two.

    What was written after the checkpoint that a training goes on from is taken out: it comes again.

    Args:
        folder: Where ``log.csv`` and TensorBoard's files go.
        step: The last step that was taken.
        spent: Seconds since the training began.

    Raises:
        UserError: They cannot be written.
    """

    def __init__(self, folder: Path, step: int, spent: Callable[[], float]) -> None:
        self.path, self.spent = folder / "log.csv", spent
        _cut(self.path, step)
        self._board = _Board.of(folder / "tensorboard", step)

    def write(self, **figures: Any) -> None:
        """Append one line.

        Raises:
            UserError: It cannot be written.
        """
        row = {**figures, "minutes": round(self.spent() / 60, 2)}
        line = io.StringIO()
        writer = csv.DictWriter(line, COLUMNS, extrasaction="ignore", lineterminator="\n")
        if not self.path.exists():
            writer.writeheader()
        writer.writerow({name: _short(value) for name, value in row.items()})
        append(self.path, line.getvalue())
        if self._board is not None:
            self._board.write(**figures)


def _short(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value


def _cut(path: Path, step: int) -> None:
    """Take out lines of later steps, and one that was written in part."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{path} cannot be read: {reason(error)}") from None
    steps = [line.partition(",")[0] for line in lines]
    kept = [
        line
        for line, taken in zip(lines, steps, strict=True)
        if line.endswith("\n") and (taken == COLUMNS[0] or (taken.isdecimal() and int(taken) <= step))
    ]
    if kept != lines:
        write_bytes(path, "".join(kept).encode(), force=True)


class _Board:
    """A file of TensorBoard's that has each figure at once: its own writer keeps them for two minutes."""

    def __init__(self, folder: Path, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event = Event
        self._path = folder / f"events.out.tfevents.{time.time():010.0f}.{os.getpid()}"
        try:
            folder.mkdir(exist_ok=True)
            self._file = self._path.open("ab")
        except OSError as error:
            raise UserError(f"{self._path} cannot be written: {reason(error)}") from None
        self._records = RecordWriter(self._file)
        self._append(file_version="brain.Event:2")
        self._append(step=step + 1, session_log=SessionLog(status=SessionLog.START))  # later ones are void

    @classmethod
    def of(cls, folder: Path, step: int) -> _Board | None:
        """One in a folder, where TensorBoard is installed."""
        return None if find_spec("tensorboard") is None else cls(folder, step)

    def write(self, step: int, **figures: Any) -> None:
        """Append the figures of a step.

        Raises:
            UserError: They cannot be written.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=name, simple_value=value) for name, value in figures.items()]
        self._append(step=step, summary=Summary(value=values))

    def _append(self, **fields: Any) -> None:
        event = self._event(wall_time=time.time(), **fields)
        try:
            self._records.write(event.SerializeToString())
            self._file.flush()
        except OSError as error:
            raise UserError(f"{self._path} cannot be written: {reason(error)}") from None
