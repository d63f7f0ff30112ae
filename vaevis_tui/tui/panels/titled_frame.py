"""The frame around the image, the rows and what is compared."""

from __future__ import annotations

from textual.containers import Container
from textual.content import Content
from textual.reactive import var


class TitledFrame(Container):
    """A container with a title in its border, which is drawn anew only when it says something else.

    A border's title of Textual's gives back other markup than it was given, and draws the whole container at
    each assignment, even of what it says already.
    """

    titled: var[str] = var("")
    """The title, as markup."""
    subtitled: var[str] = var("")
    """What stands in the lower border, as it is."""

    def watch_titled(self, title: str) -> None:
        """Show it."""
        self.border_title = title

    def watch_subtitled(self, subtitle: str) -> None:
        """Show it."""
        self.border_subtitle = Content(subtitle)
