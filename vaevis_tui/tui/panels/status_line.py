"""One line about the image: what it is near, how typical it is, what made it and how fast."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from vaevis_tui.latent.typicality import Place, Typicality

GAP = "   "
BAR, METER = 8, "━"
BAR_FROM_COLUMNS = 70
"""Columns from which typicality has a bar beside its number."""


class StatusLine(Widget):
    """Where one is on the left, what decodes on the right; what does not fit is left out, the last first."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; background: $surface; color: $foreground; text-wrap: nowrap; }
    """

    typicality: reactive[Typicality | None] = reactive(None)
    beyond: reactive[str] = reactive("")
    """The selected row, where its value is beyond the data, whatever the point as a whole is."""
    nearest: reactive[str] = reactive("")
    """The nearest anchors, for people."""
    axis: reactive[str] = reactive("")
    """The selected axis and its value, where no bars show it."""
    model: reactive[str] = reactive("")
    backend: reactive[str] = reactive("")
    rate: reactive[str] = reactive("")
    """Frames a second, or that nothing moves."""
    walk: reactive[str] = reactive("")
    """What moves by itself, and how fast; empty where nothing does."""
    opening: reactive[str] = reactive("")
    """A model that is being opened."""

    def render(self) -> Content:
        """The line."""
        width = self.content_size.width
        left = [self._axis(), self._walk(), self._typicality(width), self._nearest()]
        left = [part for part in left if part.cell_length]
        must = left[0].cell_length + len(GAP) if left and (self.axis or self.walk) else 0
        rights = (f"opening {self.opening} …",) if self.opening else (self._decoder(), self.rate, "")
        right = next((text for text in rights if must + len(text) <= width), "")
        shown: list[Content] = []
        room = width - len(right)
        for part in left:
            room -= part.cell_length + len(GAP)
            if room + len(GAP) * (not right) < 0:
                break
            shown.append(part)
        line = Content(GAP).join(shown)
        padding = " " * max(width - line.cell_length - len(right), 0)
        return Content.assemble(line, padding, (right, "$quiet"))

    def _axis(self) -> Content:
        return Content.styled(self.axis, "$warning")

    def _walk(self) -> Content:
        return Content.styled(self.walk, "$accent bold")

    def _typicality(self, width: int) -> Content:
        found = self.typicality
        if found is None:
            return Content("")
        if found.place is Place.BEYOND:
            return Content.styled(str(found), "$warning")
        if self.beyond:
            return Content.styled(f"{self.beyond} beyond the data", "$warning")
        name, _, share = str(found).partition(" ")
        if width < BAR_FROM_COLUMNS:
            return Content.assemble((f"{name} ", "$quiet"), share)
        full = round(found.percentile * BAR)
        meter = (METER * full, "$accent"), (METER * (BAR - full), "$frame")
        return Content.assemble((f"{name} ", "$quiet"), *meter, f" {share}")

    def _nearest(self) -> Content:
        return Content.assemble(("near ", "$quiet"), self.nearest) if self.nearest else Content("")

    def _decoder(self) -> str:
        return " · ".join(part for part in (self.model, self.backend, self.rate) if part)
