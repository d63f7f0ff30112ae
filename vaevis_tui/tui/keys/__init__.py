"""Every key of the explorer, and how keys are written for people.

Each binding has an id, by which `App.set_keymap` gives it other keys, and a tooltip, from which the help
screen and the command palette are made; the group is its heading there. Digits go to an example of that
label.
"""

from __future__ import annotations

from vaevis_tui.tui.keys.help import Help, helps, key_name
from vaevis_tui.tui.keys.panels import PANEL_KEYS, WALK_KEYS
from vaevis_tui.tui.keys.points import POINT_KEYS
from vaevis_tui.tui.keys.program import APP, PROGRAM_KEYS
from vaevis_tui.tui.keys.rows import ROW_KEYS, VALUE_KEYS

__all__ = ["APP", "EXPLORER", "HINTS", "Help", "helps", "key_name"]

EXPLORER = [*ROW_KEYS, *VALUE_KEYS, *POINT_KEYS, *PANEL_KEYS, *WALK_KEYS, *PROGRAM_KEYS]

HINTS = (
    ("↑↓", "select", ("row.above", "row.below")),
    ("←→", "move", ("value.less", "value.more")),
    ("", "rows", ("row.next-set",)),
    ("", "walk", ("walk.toggle",)),
    ("", "random", ("point.random",)),
    ("", "map", ("panel.map",)),
    ("", "help", ("program.help",)),
    ("", "quit", ("program.quit",)),
    ("", "strip", ("panel.strip",)),
    ("", "undo", ("point.undo",)),
    ("", "save", ("program.snapshot",)),
    ("", "model", ("program.model",)),
    ("", "", ("program.graphics",)),
)
"""What the bottom line shows: keys where they are written together, a word, the actions; the most important
first. The last one's word is what pictures are drawn with."""
