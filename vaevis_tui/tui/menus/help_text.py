"""What the help says: keys that belong together in one line, the mouse, and the terms on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from vaevis_tui.tui.keys import Help

LINES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("row.above", "row.below"), "another row; in the map, up, down"),
    (("row.page-up", "row.page-down"), "a page of rows; in the map, zoom"),
    (("row.first", "row.last"), "first, last row"),
    (("row.next-set", "row.previous-set"), "dimensions, axes, directions"),
    (("row.find",), "a row by number or name"),
    (("row.mark-a", "row.mark-b"), "this point into set A, B"),
    (("row.direction",), "a direction from B to A"),
    (("row.remove",), "remove your own direction"),
    (("value.less", "value.more"), "0.1 σ less, more"),
    (("value.much-less", "value.much-more"), "1 σ less, more"),
    (("value.little-less", "value.little-more"), "0.01 σ less, more"),
    (("value.type",), "type a value"),
    (("value.reset",), "back to 0, the mean"),
    (("point.mean",), "the mean of the data"),
    (("point.random", "point.random-typical"), "a random point; a clearer one"),
    (("point.undo", "point.redo"), "undo, redo"),
    (("point.copy",), "copy z; paste it here or after --z"),
    (tuple(f"point.label-{digit}" for digit in range(10)), "an example of that digit"),
    (("point.next", "point.previous"), "next example, the one before"),
    (("point.examples",), "an example by its label"),
    (("point.towards", "point.away"), "towards it or the last, away"),
    (("point.picture", "point.crop"), "your own picture; its crop"),
    (("point.bookmark", "point.bookmarks"), "keep this point; the bookmarks"),
    (("point.typical",), "nearer to the data"),
    (("panel.strip",), "strip: the row from -3 to +3 σ"),
    (("panel.map",), "map, and arrows in it"),
    (("panel.plane",), "map of this row and the next"),
    (("panel.filmstrip",), "filmstrip: bookmarks, the way back"),
    (("panel.compare",), "beside the original, or the last"),
    (("panel.compare-next",), "their difference; A or B"),
    (("panel.leave-map",), "arrows back to the rows"),
    (("panel.details",), "statistics"),
    (("walk.toggle",), "random walk on, off"),
    (("walk.faster", "walk.slower"), "faster, slower"),
    (("journey.choose",), "journey through bookmarks"),
    (("journey.play",), "play, pause it; ← → scrub"),
    (("program.snapshot", "program.copy-image"), "save a PNG with z inside; copy it"),
    (("program.export",), "an animation or a sheet"),
    (("program.graphics",), "draw in another way"),
    (("program.model",), "another model"),
    (("program.help",), "this help"),
    (("program.commands",), "every command, by name"),
    (("program.suspend",), "to the shell; fg returns"),
    (("program.quit",), "quit"),
    (("program.quit-at-once",), "quit, also while typing"),
)
"""Actions of one line, and what it says of them; any other action has a line with its tooltip."""

MOUSE_TITLE = "With the mouse"
MOUSE = (
    ("drag", "a bar, or the map's cursor"),
    ("click", "a tile of the strip, a hint"),
    ("double click", "row back to the mean"),
    ("wheel", "rows; image: move; map: zoom"),
)

TERMS_TITLE = "Terms"
TERMS = (
    ("z", "the latent vector, raw as --z takes it"),
    ("σ", "standard deviation of the data along a row; rows and --sigma count in it, from the mean"),
    ("KL", "nats that a dimension tells of an image; unused near 0"),
    ("effect", "change of the image a σ, root mean square"),
    ("strength", "how often a direction ranks two new images right"),
    ("axes", "principal axes of the encoded data"),
    ("typical", "share of the data less typical than z"),
    ("near", "the nearest example; 100 % is there"),
    ("exact", "each pixel as decoded"),
    ("tolerant", "cells of nearly their colour are left: a slow link"),
    ("in flight", "frames sent, not yet acknowledged"),
)

_MOST_KEYS = 3
"""Keys in a line that are all written; of more, the first and the last."""


def key_lines(helps: Sequence[Help]) -> list[tuple[str, str]]:
    """Keys and what they do, a line each; actions that belong together share one."""
    by_id = {help_.id: help_ for help_ in helps}
    lines: list[tuple[str, str]] = []
    told: set[str] = set()
    for help_ in helps:
        ids, text = next((line for line in LINES if help_.id in line[0]), ((help_.id,), help_.explanation))
        if help_.id not in told:
            told.update(ids)
            lines.append((_written([by_id[id_].keys for id_ in ids if id_ in by_id]), text))
    return lines


def _written(keys: Sequence[tuple[str, ...]]) -> str:
    """Keys of actions that share a line: their first keys together, then their second ones, and so on."""
    if len(keys) == 1:
        return " ".join(keys[0])
    alternatives = [[each[n] for each in keys if n < len(each)] for n in range(max(map(len, keys)))]
    return " ".join(_together(each) for each in alternatives)


def _together(keys: Sequence[str]) -> str:
    if len(keys) > _MOST_KEYS:
        return f"{keys[0]}–{keys[-1]}"
    parts = [key.rpartition("+") if len(key) > 1 else ("", "", key) for key in keys]
    modifiers, lasts = {part[:2] for part in parts}, [part[2] for part in parts]
    if len(modifiers) == 1 and all(len(last) == 1 and not last.isalnum() for last in lasts):
        return "".join(modifiers.pop()) + "".join(lasts)
    return " ".join(keys)
