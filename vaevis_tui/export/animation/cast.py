"""Asciinema casts: an animation as a terminal draws it, for players in terminals and on pages.

Format version 2 (docs.asciinema.org/manual/asciicast/v2): a header, then a line an event.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from vaevis_tui.export.animation.frames import Frame, FrameStream

_HOME, _HIDE, _SHOW = "\x1b[H", "\x1b[?25l", "\x1b[?25h"


def write_cast(
    stream: FrameStream, path: Path, draw: Callable[[Frame], str], size: tuple[int, int], title: str
) -> None:
    """Write frames as text.

    Args:
        stream: The frames.
        path: Where to.
        draw: From a frame to what a terminal is sent for it, from the top left corner on.
        size: Columns and rows of the terminal.
        title: For players.
    """
    columns, rows = size
    header = {"version": 2, "width": columns, "height": rows, "title": title}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        print(json.dumps(header), file=file)
        for number, frame in enumerate(stream.take()):
            before = _HIDE + "\x1b[2J" if number == 0 else ""
            text = before + _HOME + draw(frame)
            print(json.dumps([round(number / stream.rate, 6), "o", text]), file=file)
        print(json.dumps([round(stream.count / stream.rate, 6), "o", _SHOW]), file=file)
