"""Every key of the explorer, and how keys are written for people.

Each binding has an id, by which `App.set_keymap` gives it other keys, and a tooltip, from which the help
screen and the command palette are made; the group is its heading there. Digits go to an example of that
label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import ActiveBinding, Binding

ROWS = Binding.Group("Choose what to move along")
VALUE = Binding.Group("Move along it")
POINT = Binding.Group("Go elsewhere")
PANELS = Binding.Group("See more")
WALK = Binding.Group("Walk")
PROGRAM = Binding.Group("The program")

_GROUPS = [group.description for group in (ROWS, VALUE, POINT, PANELS, WALK, PROGRAM)]

EXPLORER = [
    Binding(
        "up",
        "screen.select(-1)",
        "Row above",
        id="row.above",
        group=ROWS,
        tooltip="Select the row above, which changes the image more; in the map, go up",
    ),
    Binding(
        "down",
        "screen.select(1)",
        "Row below",
        id="row.below",
        group=ROWS,
        tooltip="Select the row below, which changes the image less; in the map, go down",
    ),
    Binding(
        "pageup",
        "screen.select_page(-1)",
        "Page up",
        id="row.page-up",
        group=ROWS,
        tooltip="Select a page further up; in the map, zoom in",
    ),
    Binding(
        "pagedown",
        "screen.select_page(1)",
        "Page down",
        id="row.page-down",
        group=ROWS,
        tooltip="Select a page further down; in the map, zoom out",
    ),
    Binding(
        "home",
        "screen.select_end(-1)",
        "First row",
        id="row.first",
        group=ROWS,
        tooltip="Select the first row; in the map, show all",
    ),
    Binding(
        "end",
        "screen.select_end(1)",
        "Last row",
        id="row.last",
        group=ROWS,
        tooltip="Select the last row",
    ),
    Binding(
        "tab",
        "screen.next_axes(1)",
        "Next rows",
        id="row.next-set",
        group=ROWS,
        tooltip="Show other rows: dimensions of z, principal axes, named directions",
    ),
    Binding(
        "shift+tab",
        "screen.next_axes(-1)",
        "Rows before",
        id="row.previous-set",
        group=ROWS,
        tooltip="Show the rows before these",
    ),
    Binding(
        "slash",
        "screen.find_row",
        "Find a row",
        id="row.find",
        group=ROWS,
        tooltip="Type the name or number of a row",
    ),
    Binding(
        "left_square_bracket",
        "screen.mark('A')",
        "Mark A",
        id="row.mark-a",
        group=ROWS,
        tooltip="Put the point into set A of a direction of your own, or take it out",
    ),
    Binding(
        "right_square_bracket",
        "screen.mark('B')",
        "Mark B",
        id="row.mark-b",
        group=ROWS,
        tooltip="Put the point into set B, or take it out",
    ),
    Binding(
        "D",
        "screen.direction",
        "Own direction",
        id="row.direction",
        group=ROWS,
        tooltip="Make a row that leads from the points in B to those in A",
    ),
    Binding(
        "delete",
        "screen.remove_direction",
        "Remove row",
        id="row.remove",
        group=ROWS,
        tooltip="Remove the selected direction, if it is your own",
    ),
    Binding("left", "screen.nudge(-0.1)", "Less", id="value.less", group=VALUE, tooltip="0.1 σ less"),
    Binding("right", "screen.nudge(0.1)", "More", id="value.more", group=VALUE, tooltip="0.1 σ more"),
    Binding(
        "shift+left,less_than_sign",
        "screen.nudge(-1.0)",
        "Much less",
        id="value.much-less",
        group=VALUE,
        tooltip="1 σ less",
    ),
    Binding(
        "shift+right,greater_than_sign",
        "screen.nudge(1.0)",
        "Much more",
        id="value.much-more",
        group=VALUE,
        tooltip="1 σ more",
    ),
    Binding(
        "ctrl+left,comma",
        "screen.nudge(-0.01)",
        "A little less",
        id="value.little-less",
        group=VALUE,
        tooltip="0.01 σ less",
    ),
    Binding(
        "ctrl+right,full_stop",
        "screen.nudge(0.01)",
        "A little more",
        id="value.little-more",
        group=VALUE,
        tooltip="0.01 σ more",
    ),
    Binding(
        "enter",
        "screen.ask_value",
        "Type a value",
        id="value.type",
        group=VALUE,
        tooltip="Type an exact value for the selected row",
    ),
    Binding(
        "backspace",
        "screen.reset",
        "Reset row",
        id="value.reset",
        group=VALUE,
        tooltip="Bring the selected row back to the mean",
    ),
    Binding(
        "c",
        "screen.reset_all",
        "Reset all",
        id="point.mean",
        group=POINT,
        tooltip="Go to the mean of the data",
    ),
    Binding(
        "r",
        "screen.random",
        "Random",
        id="point.random",
        group=POINT,
        tooltip="Random sample of the aggregated posterior",
    ),
    Binding(
        "u",
        "screen.undo",
        "Undo",
        id="point.undo",
        group=POINT,
        tooltip="Undo the last change; a held key or a walk is one",
    ),
    Binding("U", "screen.redo", "Redo", id="point.redo", group=POINT, tooltip="Do again what was undone"),
    Binding(
        "y",
        "screen.copy",
        "Copy z",
        id="point.copy",
        group=POINT,
        tooltip="Copy z to your clipboard, also over SSH; --z takes it, and so does pasting it here",
    ),
    *(
        Binding(
            str(digit),
            f"screen.label('{digit}')",
            f"Example of {digit}",
            id=f"point.label-{digit}",
            group=POINT,
            tooltip=f"Go to an example of {digit}; again, to the next",
        )
        for digit in range(10)
    ),
    Binding(
        "n",
        "screen.anchor(1)",
        "Next example",
        id="point.next",
        group=POINT,
        tooltip="Go to the next example",
    ),
    Binding(
        "N",
        "screen.anchor(-1)",
        "Example before",
        id="point.previous",
        group=POINT,
        tooltip="Go to the example before",
    ),
    Binding(
        "e",
        "screen.examples",
        "Examples",
        id="point.examples",
        group=POINT,
        tooltip="Find an example by its label: go there, or steer towards it",
    ),
    Binding(
        "h",
        "screen.steer(0.1)",
        "Towards",
        id="point.towards",
        group=POINT,
        tooltip="0.1 σ towards the chosen example",
    ),
    Binding(
        "H",
        "screen.steer(-0.1)",
        "Away",
        id="point.away",
        group=POINT,
        tooltip="0.1 σ away from the chosen example",
    ),
    Binding(
        "o",
        "screen.open_picture",
        "Own picture",
        id="point.picture",
        group=POINT,
        tooltip="Find the point of a picture of your own; dropping a file does the same, Esc cancels",
    ),
    Binding(
        "t",
        "screen.pull_back",
        "Typical",
        id="point.typical",
        group=POINT,
        tooltip="Pull the point back to where half of the data are",
    ),
    Binding(
        "b",
        "screen.bookmark",
        "Bookmark",
        id="point.bookmark",
        group=POINT,
        tooltip="Keep the point on show as a bookmark, beside the model",
    ),
    Binding(
        "B",
        "screen.bookmarks",
        "Bookmarks",
        id="point.bookmarks",
        group=POINT,
        tooltip="List bookmarks: go, rename, delete, mark for a direction, A - B + C",
    ),
    Binding(
        "v",
        "screen.strip",
        "Strip",
        id="panel.strip",
        group=PANELS,
        tooltip="Strip on and off: the selected row from -3 to +3 σ; a click goes there",
    ),
    Binding(
        "f",
        "screen.filmstrip",
        "Filmstrip",
        id="panel.filmstrip",
        group=PANELS,
        tooltip="Filmstrip on and off: bookmarks, then where you were; arrows choose, Enter goes",
    ),
    Binding(
        "x",
        "screen.compare",
        "Compare",
        id="panel.compare",
        group=PANELS,
        tooltip="Compare on and off: the original, or the point before, beside this one",
    ),
    Binding(
        "X",
        "screen.compare_next",
        "Compare otherwise",
        id="panel.compare-next",
        group=PANELS,
        tooltip="Show the difference, or compare with what is marked A or B",
    ),
    Binding(
        "p",
        "screen.map",
        "Map",
        id="panel.map",
        group=PANELS,
        tooltip="Map on and off: arrows move in it, PgUp and PgDn zoom, a click goes there",
    ),
    Binding(
        "P",
        "screen.next_plane",
        "Next plane",
        id="panel.plane",
        group=PANELS,
        tooltip="Map of the selected row and the one below it, or of the whole space",
    ),
    Binding(
        "escape",
        "screen.leave_map",
        "Leave the map",
        id="panel.leave-map",
        group=PANELS,
        tooltip="Let the arrows move along rows again; end a journey",
    ),
    Binding(
        "i",
        "screen.details",
        "Details",
        id="panel.details",
        group=PANELS,
        tooltip="Statistics on and off: times, bytes, the link, what decodes",
    ),
    Binding(
        "w",
        "screen.walk",
        "Walk",
        id="walk.toggle",
        group=WALK,
        tooltip="Random walk on and off; moving along a row ends it",
    ),
    Binding(
        "plus,equals_sign,add",
        "screen.change_speed(1)",
        "Faster",
        id="walk.faster",
        group=WALK,
        tooltip="Walk faster",
    ),
    Binding(
        "minus,subtract",
        "screen.change_speed(-1)",
        "Slower",
        id="walk.slower",
        group=WALK,
        tooltip="Walk slower",
    ),
    Binding(
        "J",
        "screen.journey",
        "Journey",
        id="journey.choose",
        group=WALK,
        tooltip="Journey through bookmarks: a tour, or from one to another",
    ),
    Binding(
        "space",
        "screen.play",
        "Play",
        id="journey.play",
        group=WALK,
        tooltip="Play and pause a journey; ← → scrub, Esc ends the journey",
    ),
    Binding(
        "s",
        "screen.snapshot",
        "Snapshot",
        id="program.snapshot",
        group=PROGRAM,
        tooltip="Save the picture as PNG, its latent vector inside",
    ),
    Binding(
        "g",
        "screen.graphics",
        "Graphics",
        id="program.graphics",
        group=PROGRAM,
        tooltip="Draw pictures with the next kind of graphics that this terminal can show",
    ),
    Binding(
        "m", "screen.models", "Model", id="program.model", group=PROGRAM, tooltip="Explore another model"
    ),
    Binding(
        "question_mark,f1", "screen.help", "Help", id="program.help", group=PROGRAM, tooltip="Show every key"
    ),
]

APP = [
    Binding(
        "ctrl+p",
        "app.command_palette",
        "Commands",
        id="program.commands",
        group=PROGRAM,
        priority=True,
        tooltip="Find any command by its name",
    ),
    Binding(
        "ctrl+z",
        "app.suspend_process",
        "Suspend",
        id="program.suspend",
        group=PROGRAM,
        tooltip="Back to the shell for a while; fg comes back",
    ),
    Binding(
        "q",
        "app.quit",
        "Quit",
        id="program.quit",
        group=PROGRAM,
        tooltip="Leave, with the terminal as it was",
    ),
    Binding(
        "ctrl+c,ctrl+q",
        "app.quit",
        "Quit at once",
        id="program.quit-at-once",
        group=PROGRAM,
        priority=True,
        tooltip="Leave, also while typing",
    ),
]

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

_NAMES = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "enter": "Enter",
    "backspace": "Backspace",
    "escape": "Esc",
    "tab": "Tab",
    "question_mark": "?",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "add": "+",
    "subtract": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "comma": ",",
    "full_stop": ".",
    "slash": "/",
    "space": "Space",
    "delete": "Del",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


@dataclass(frozen=True, slots=True)
class Help:
    """One action as people read it.

    Attributes:
        id: Of its binding.
        keys: All its keys as written on keyboards.
        name: A few words.
        explanation: One line.
        group: The heading it belongs under.
        action: What it runs, on the node that it is bound on.
    """

    id: str
    keys: tuple[str, ...]
    name: str
    explanation: str
    group: str
    action: str


def key_name(key: str) -> str:
    """A key of Textual's as it is written on keyboards: ``"ctrl+left"`` is ``"Ctrl+←"``."""
    *modifiers, last = key.split("+")
    name = _NAMES.get(last) or (last.upper() if modifiers or last[1:].isdigit() else last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])


def helps(bindings: Iterable[ActiveBinding]) -> list[Help]:
    """The actions behind active bindings by group, each with all the keys that it has at the moment."""
    found: dict[str, Help] = {}
    for _node, binding, _enabled, _tooltip in bindings:
        if binding.id is None or binding.group is None:
            continue
        known = found.get(binding.id)
        # The number pad's keys have names of their own, but look the same.
        keys = tuple(dict.fromkeys([*(known.keys if known else ()), key_name(binding.key)]))
        found[binding.id] = Help(
            binding.id, keys, binding.description, binding.tooltip, binding.group.description, binding.action
        )
    return sorted(found.values(), key=lambda help_: _GROUPS.index(help_.group))
