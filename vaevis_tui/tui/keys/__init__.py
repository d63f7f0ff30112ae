"""Every key of the explorer, and how keys are written for people.

Each binding has an id, by which `App.set_keymap` gives it other keys, and a tooltip, from which the help
screen and the command palette are made; the group is its heading there. Digits go to an example of that
label.
"""

from __future__ import annotations

from vaevis_tui.tui.keys.help import Help, active_helps, helps, key_name
from vaevis_tui.tui.keys.table import APP, EXPLORER

__all__ = ["ALWAYS", "APP", "EXPLORER", "FIRST_HINTS", "HINTS", "Help", "active_helps", "helps", "key_name"]

FIRST_HINTS = {
    "rows": (
        ("select", ("row.above", "row.below")),
        ("move", ("value.less", "value.more")),
        ("rows", ("row.next-set",)),
    ),
    "map": (
        ("move", ("value.less", "value.more", "row.above", "row.below")),
        ("zoom", ("row.page-up", "row.page-down")),
        ("rows", ("panel.leave-map",)),
    ),
    "filmstrip": (
        ("choose", ("value.less", "value.more")),
        ("go there", ("value.type",)),
        ("rows", ("panel.leave-map",)),
    ),
    "crop": (
        ("move", ("value.less", "value.more", "row.above", "row.below")),
        ("zoom", ("walk.faster", "walk.slower")),
        ("search", ("value.type",)),
        ("leave", ("panel.leave-map",)),
    ),
}
"""What the bottom line shows first, by what has the arrows: a word, and the actions."""

HINTS = (
    ("walk", ("walk.toggle",)),
    ("random", ("point.random",)),
    ("map", ("panel.map",)),
    ("help", ("program.help",)),
    ("quit", ("program.quit",)),
    ("strip", ("panel.strip",)),
    ("undo", ("point.undo",)),
    ("save", ("program.snapshot",)),
    ("model", ("program.model",)),
    ("", ("program.graphics",)),
)
"""What follows, the most important first. The last one's word is what pictures are drawn with."""

ALWAYS = ("program.help", "program.quit")
"""What others make room for."""
