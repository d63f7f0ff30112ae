"""Every key of the explorer: what it does, by what id other keys can be given, and what is said of it."""

from __future__ import annotations

from textual.binding import Binding

ROWS = Binding.Group("Choose what to move along")
VALUE = Binding.Group("Move along it")
POINT = Binding.Group("Go elsewhere")
PANELS = Binding.Group("See more")
WALK = Binding.Group("Walk")
PROGRAM = Binding.Group("The program")

GROUPS = (ROWS, VALUE, POINT, PANELS, WALK, PROGRAM)
"""The headings that actions stand under in the help, in its order."""


def key(
    group: Binding.Group, keys: str, action: str, id: str, name: str, tooltip: str, *, priority: bool = False
) -> Binding:
    """A row of the table: Textual's keys and action, the id that a keymap names, a few words, a sentence."""
    return Binding(keys, action, name, id=id, group=group, tooltip=tooltip, priority=priority)


# A table: an entry is a row or two, whatever the formatter would make of it.
# fmt: off
EXPLORER = [
    key(ROWS, "up", "screen.select(-1)", "row.above", "Row above",
        "Select the row above, which changes the image more; in the map, go up"),
    key(ROWS, "down", "screen.select(1)", "row.below", "Row below",
        "Select the row below, which changes the image less; in the map, go down"),
    key(ROWS, "pageup", "screen.select_page(-1)", "row.page-up", "Page up",
        "Select a page further up; in the map, zoom in"),
    key(ROWS, "pagedown", "screen.select_page(1)", "row.page-down", "Page down",
        "Select a page further down; in the map, zoom out"),
    key(ROWS, "home", "screen.select_end(-1)", "row.first", "First row",
        "Select the first row; in the map, show all"),
    key(ROWS, "end", "screen.select_end(1)", "row.last", "Last row", "Select the last row"),
    key(ROWS, "tab", "screen.next_axes(1)", "row.next-set", "Next rows",
        "Show other rows: dimensions of z, principal axes, named directions"),
    key(ROWS, "shift+tab", "screen.next_axes(-1)", "row.previous-set", "Rows before",
        "Show the rows before these"),
    key(ROWS, "slash", "screen.find_row", "row.find", "Find a row", "Type the name or number of a row"),
    key(ROWS, "left_square_bracket", "screen.mark('A')", "row.mark-a", "Mark A",
        "Put the point into set A of a direction of your own, or take it out"),
    key(ROWS, "right_square_bracket", "screen.mark('B')", "row.mark-b", "Mark B",
        "Put the point into set B, or take it out"),
    key(ROWS, "D", "screen.direction", "row.direction", "Own direction",
        "Make a row that leads from the points in B to those in A"),
    key(ROWS, "delete", "screen.remove_direction", "row.remove", "Remove row",
        "Remove the selected direction, if it is your own"),
    key(VALUE, "left", "screen.nudge(-0.1)", "value.less", "Less", "0.1 σ less"),
    key(VALUE, "right", "screen.nudge(0.1)", "value.more", "More", "0.1 σ more"),
    key(VALUE, "shift+left,less_than_sign", "screen.nudge(-1.0)", "value.much-less", "Much less", "1 σ less"),
    key(VALUE, "shift+right,greater_than_sign", "screen.nudge(1.0)", "value.much-more", "Much more",
        "1 σ more"),
    key(VALUE, "ctrl+left,comma", "screen.nudge(-0.01)", "value.little-less", "A little less", "0.01 σ less"),
    key(VALUE, "ctrl+right,full_stop", "screen.nudge(0.01)", "value.little-more", "A little more",
        "0.01 σ more"),
    key(VALUE, "enter", "screen.ask_value", "value.type", "Type a value",
        "Type an exact value for the selected row"),
    key(VALUE, "backspace", "screen.reset", "value.reset", "Reset row",
        "Bring the selected row back to the mean"),
    key(POINT, "c", "screen.reset_all", "point.mean", "Reset all", "Go to the mean of the data"),
    key(POINT, "r", "screen.random", "point.random", "Random", "Random sample of the aggregated posterior"),
    key(POINT, "R", "screen.random(0.7)", "point.random-typical", "Random, typical",
        "Random sample, truncated by 0.7: nearer to the data, clearer and less varied"),
    key(POINT, "u", "screen.undo", "point.undo", "Undo", "Undo the last change; a held key or a walk is one"),
    key(POINT, "U", "screen.redo", "point.redo", "Redo", "Do again what was undone"),
    key(POINT, "y", "screen.copy", "point.copy", "Copy z",
        "Copy z to your clipboard, also over SSH; --z takes it, and so does pasting it here"),
    *(
        key(POINT, str(digit), f"screen.label('{digit}')", f"point.label-{digit}", f"Example of {digit}",
            f"Go to an example of {digit}; again, to the next")
        for digit in range(10)
    ),
    key(POINT, "n", "screen.anchor(1)", "point.next", "Next example", "Go to the next example"),
    key(POINT, "N", "screen.anchor(-1)", "point.previous", "Example before", "Go to the example before"),
    key(POINT, "e", "screen.examples", "point.examples", "Examples",
        "Find an example by its label: go there, or steer towards it"),
    key(POINT, "h", "screen.steer(0.05)", "point.towards", "Towards",
        "Towards the chosen example, or the one before the last: about a twentieth of the way"),
    key(POINT, "H", "screen.steer(-0.05)", "point.away", "Away", "As far away from it"),
    key(POINT, "o", "screen.open_picture", "point.picture", "Own picture",
        "Find the point of a picture of your own; of a folder, or several dropped, make bookmarks"),
    key(POINT, "O", "screen.crop", "point.crop", "Crop",
        "Choose the part of your picture: arrows move, + - zoom, Enter searches"),
    key(POINT, "t", "screen.pull_back", "point.typical", "Typical",
        "Pull the point back to where half of the data are"),
    key(POINT, "b", "screen.bookmark", "point.bookmark", "Bookmark",
        "Keep the point on show as a bookmark, beside the model"),
    key(POINT, "B", "screen.bookmarks", "point.bookmarks", "Bookmarks",
        "List bookmarks: go, rename, delete, mark for a direction, A - B + C"),
    key(PANELS, "v", "screen.strip", "panel.strip", "Strip",
        "Strip on and off: the selected row from -3 to +3 σ; a click goes there"),
    key(PANELS, "f", "screen.filmstrip", "panel.filmstrip", "Filmstrip",
        "Filmstrip on and off: bookmarks, then where you were; arrows choose, Enter goes"),
    key(PANELS, "x", "screen.compare", "panel.compare", "Compare",
        "Compare on and off: the original, or the point before, beside this one"),
    key(PANELS, "X", "screen.compare_next", "panel.compare-next", "Compare otherwise",
        "Show the difference, or compare with what is marked A or B"),
    key(PANELS, "p", "screen.map", "panel.map", "Map",
        "Map on and off: arrows move in it, PgUp and PgDn zoom, a click goes there"),
    key(PANELS, "P", "screen.next_plane", "panel.plane", "Next plane",
        "Map of the selected row and the one below it, or of the whole space"),
    key(PANELS, "escape", "screen.leave_map", "panel.leave-map", "Leave the map",
        "Let the arrows move along rows again; end a journey"),
    key(PANELS, "i", "screen.details", "panel.details", "Details",
        "Statistics on and off: times, bytes, the link, what decodes"),
    key(WALK, "w", "screen.walk", "walk.toggle", "Walk",
        "Random walk on and off; moving along a row ends it"),
    key(WALK, "plus,equals_sign,add", "screen.change_speed(1)", "walk.faster", "Faster", "Walk faster"),
    key(WALK, "minus,subtract", "screen.change_speed(-1)", "walk.slower", "Slower", "Walk slower"),
    key(WALK, "J", "screen.journey", "journey.choose", "Journey",
        "Journey through bookmarks: a tour, or from one to another"),
    key(WALK, "space", "screen.play", "journey.play", "Play",
        "Play and pause a journey; ← → scrub, Esc ends the journey"),
    key(PROGRAM, "s", "screen.snapshot", "program.snapshot", "Snapshot",
        "Save the picture as PNG, its latent vector inside"),
    key(PROGRAM, "Y", "screen.copy_image", "program.copy-image", "Copy image",
        "Copy the picture to your clipboard; its file's path where the terminal takes none"),
    key(PROGRAM, "S", "screen.export", "program.export", "Save as",
        "Save an animation or a sheet: walk, tour, row, map, samples, bookmarks"),
    key(PROGRAM, "g", "screen.graphics", "program.graphics", "Graphics",
        "Draw pictures with the next kind of graphics that this terminal can show"),
    key(PROGRAM, "m", "screen.models", "program.model", "Model", "Explore another model"),
    key(PROGRAM, "question_mark,f1", "screen.help", "program.help", "Help", "Show every key"),
]

APP = [
    key(PROGRAM, "ctrl+p", "app.command_palette", "program.commands", "Commands",
        "Find any command by its name", priority=True),
    key(PROGRAM, "ctrl+z", "app.suspend_process", "program.suspend", "Suspend",
        "Back to the shell for a while; fg comes back"),
    key(PROGRAM, "q", "app.quit", "program.quit", "Quit", "Leave, with the terminal as it was"),
    key(PROGRAM, "ctrl+c,ctrl+q", "app.quit", "program.quit-at-once", "Quit at once",
        "Leave, also while typing", priority=True),
]
