"""Events of an export; apart from what writes it, which is imported when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """So many percent of an export's frames are made."""

    percent: int


@dataclass(frozen=True, slots=True)
class ExportEnded:
    """An export is on disk, or could not be written.

    Attributes:
        path: The file.
        error: What went wrong; None where nothing did.
    """

    path: Path
    error: Exception | None = None
