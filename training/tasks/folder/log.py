"""Figures of a training on a folder: a table that any spreadsheet opens, and TensorBoard's where that is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

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

    Args:
        folder: Where ``log.csv`` and TensorBoard's files go.
        spent: Seconds since the training began.
    """

    def __init__(self, folder: Path, spent: Callable[[], float]) -> None:
        self.path, self.spent = folder / "log.csv", spent
        self._board = _board(folder / "tensorboard")

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
            for name, value in figures.items():
                if name != "step":
                    self._board.add_scalar(name, value, figures["step"])


def _short(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value


def _board(folder: Path) -> Any:
    """TensorBoard's writer, where TensorBoard is installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder))
