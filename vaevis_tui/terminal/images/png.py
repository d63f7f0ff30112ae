"""Pixels as PNG files for terminals that take them, made to be made fast and small (W3C PNG)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from vaevis_tui.terminal.pixels import Pixels


def png(pixels: Pixels) -> bytes:
    """Pixels as a PNG file, made to be made fast.

    Rows are stored as differences from the row above (filter 2, W3C PNG, section 9), of which zlib's level 1
    makes less, and in no more time, than of the pixels.

    Args:
        pixels: uint8 (h, w, 3). Where all are grey, a third is stored.

    Raises:
        ValueError: The pixels have another shape or type, or there are none.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(f"pixels must be uint8 (h, w, 3), not {pixels.dtype} {pixels.shape}")
    height, width, _ = pixels.shape
    grey = bool((pixels == pixels[..., :1]).all())
    rows = (pixels[..., 0] if grey else pixels).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if grey else 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
