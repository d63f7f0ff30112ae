"""Keys that concern the program: those of the explorer's screen, and those of every screen."""

from __future__ import annotations

from textual.binding import Binding

from vaevis_tui.tui.keys.groups import PROGRAM

PROGRAM_KEYS = [
    Binding(
        "s",
        "screen.snapshot",
        "Snapshot",
        id="program.snapshot",
        group=PROGRAM,
        tooltip="Save the picture as PNG, its latent vector inside",
    ),
    Binding(
        "Y",
        "screen.copy_image",
        "Copy image",
        id="program.copy-image",
        group=PROGRAM,
        tooltip="Copy the picture to your clipboard; its file's path where the terminal takes none",
    ),
    Binding(
        "S",
        "screen.export",
        "Save as",
        id="program.export",
        group=PROGRAM,
        tooltip="Save an animation or a sheet: walk, tour, row, map, samples, bookmarks",
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
