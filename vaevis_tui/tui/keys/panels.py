"""Keys that open panels, and that let the point move by itself."""

from __future__ import annotations

from textual.binding import Binding

from vaevis_tui.tui.keys.groups import PANELS, WALK

PANEL_KEYS = [
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
]

WALK_KEYS = [
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
]
