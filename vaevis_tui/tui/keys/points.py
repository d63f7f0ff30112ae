"""Keys that go to other points of the latent space."""

from __future__ import annotations

from textual.binding import Binding

from vaevis_tui.tui.keys.groups import POINT

POINT_KEYS = [
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
        "R",
        "screen.random(0.7)",
        "Random, typical",
        id="point.random-typical",
        group=POINT,
        tooltip="Random sample, truncated by 0.7: nearer to the data, clearer and less varied",
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
        "screen.steer(0.05)",
        "Towards",
        id="point.towards",
        group=POINT,
        tooltip="Towards the chosen example, or the one before the last: about a twentieth of the way",
    ),
    Binding(
        "H",
        "screen.steer(-0.05)",
        "Away",
        id="point.away",
        group=POINT,
        tooltip="As far away from it",
    ),
    Binding(
        "o",
        "screen.open_picture",
        "Own picture",
        id="point.picture",
        group=POINT,
        tooltip="Find the point of a picture of your own; of a folder, or several dropped, make bookmarks",
    ),
    Binding(
        "O",
        "screen.crop",
        "Crop",
        id="point.crop",
        group=POINT,
        tooltip="Choose the part of your picture: arrows move, + - zoom, Enter searches",
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
]
