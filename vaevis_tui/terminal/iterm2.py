r"""Pictures as iTerm2's inline images (https://iterm2.com/documentation-images.html), which others show, too.

The image is a PNG file in base64, and the terminal enlarges it to the cells it is told::

    ESC ] 1337 ; File = inline=1;size=N;width=C;height=R;preserveAspectRatio=0;doNotMoveCursor=1 : base64 BEL

In parts, for tmux, whose sequences have a limit (iTerm2 3.5 and later)::

    ESC ] 1337 ; MultipartFile = (the same) BEL
    ESC ] 1337 ; FilePart = base64 BEL
    ...
    ESC ] 1337 ; FileEnd BEL
"""

from __future__ import annotations

import struct
import zlib
from base64 import standard_b64encode
from collections.abc import Callable

import numpy as np

from vaevis_tui.terminal.encoder import Pixels

PART = 65536
"""Characters of base64 in a part. tmux and iTerm2 take 1 MiB, but nothing else gets through meanwhile."""


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


def inline_image(pixels: Pixels, columns: int, rows: int, *, wrap: Callable[[str], str] | None = None) -> str:
    """What shows pixels in so many cells, the upper left one being where the cursor is.

    The cursor stays in iTerm2; others may move it, so save and restore it. What the cells held before is
    gone, and writing into a cell takes the picture out of it.

    Args:
        pixels: uint8 (h, w, 3).
        columns: Width in cells, at least 1.
        rows: Height in cells, at least 1.
        wrap: What each sequence passes on its way, `through_tmux` for instance; it is then sent in parts.

    Raises:
        ValueError: The pixels have another shape or type, or there are none; or there are no cells.
    """
    if columns < 1 or rows < 1:
        raise ValueError(f"a picture takes at least one cell, not {columns}x{rows}")
    data = png(pixels)
    content = standard_b64encode(data).decode("ascii")
    place = f"width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1"
    about = f"inline=1;size={len(data)};{place}"
    if wrap is None:
        return f"\x1b]1337;File={about}:{content}\x07"
    parts = [f"FilePart={content[start : start + PART]}" for start in range(0, len(content), PART)]
    return "".join(wrap(f"\x1b]1337;{part}\x07") for part in (f"MultipartFile={about}", *parts, "FileEnd"))
