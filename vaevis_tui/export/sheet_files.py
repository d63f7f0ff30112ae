"""Sheets as PNG and PDF, and arrays as npz."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.export.files import write_bytes
from vaevis_tui.export.png import encode_png
from vaevis_tui.export.sheet import to_image
from vaevis_tui.export.vectors import pack

SHEET_FORMATS = (".png", ".pdf")

_PDF_DOTS_PER_INCH = 200


def save_sheet(
    path: Path, sheet: NDArray[np.uint8], *, metadata: Mapping[str, str] | None = None, force: bool = False
) -> Path:
    """Write one picture as PNG or PDF, by the name's ending.

    Args:
        path: Where to.
        sheet: uint8 (h, w, 3).
        metadata: Text by keyword, for PNG.
        force: Whether a file that is there is replaced.

    Raises:
        UserError: It has another ending, is there already, or cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in SHEET_FORMATS:
        raise UserError(f"{path}: a sheet is written as {' or '.join(SHEET_FORMATS)}")
    data = encode_png(sheet, 1, metadata or {}) if ending == ".png" else _pdf(sheet)
    write_bytes(path, data, force=force)
    return path


def save_arrays(path: Path, arrays: dict[str, NDArray[Any]], *, force: bool = False) -> Path:
    """Write arrays as npz.

    Raises:
        UserError: The file is there already, or cannot be written.
    """
    write_bytes(path, pack("npz", arrays), force=force)
    return path


def _pdf(sheet: NDArray[np.uint8]) -> bytes:
    """One page without margins; its picture is JPEG 2000 without loss, for which Pillow takes RGBA."""
    buffer = io.BytesIO()
    opaque = to_image(sheet)
    opaque.putalpha(255)
    opaque.save(
        buffer,
        format="PDF",
        resolution=_PDF_DOTS_PER_INCH,
        producer="vaevis-tui",
        creationDate=time.gmtime(0),  # the same sheet, the same bytes
        modDate=time.gmtime(0),
    )
    return buffer.getvalue()
