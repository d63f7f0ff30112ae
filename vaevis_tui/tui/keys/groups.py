"""The headings that actions stand under in the help, in its order."""

from __future__ import annotations

from textual.binding import Binding

ROWS = Binding.Group("Choose what to move along")
VALUE = Binding.Group("Move along it")
POINT = Binding.Group("Go elsewhere")
PANELS = Binding.Group("See more")
WALK = Binding.Group("Walk")
PROGRAM = Binding.Group("The program")

GROUPS = (ROWS, VALUE, POINT, PANELS, WALK, PROGRAM)
