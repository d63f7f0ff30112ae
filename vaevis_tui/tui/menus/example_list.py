"""The list of examples: type what a label holds, go there or choose it to steer towards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList

from vaevis_tui.engine.decoder import Latents
from vaevis_tui.explorer.decoding import TilesDecoded
from vaevis_tui.explorer.storage.own_directions import MarkedSets
from vaevis_tui.latent.neighbours import AnchorIndex
from vaevis_tui.tui.images.terminal_port import TerminalPort
from vaevis_tui.tui.menus.preview_list import PreviewList

MARKING = ("left_square_bracket", "right_square_bracket")


@dataclass(frozen=True, slots=True)
class Choice:
    """An example that was chosen.

    Attributes:
        index: Which anchor.
        towards: Whether to steer towards it instead of going there.
    """

    index: int
    towards: bool = False


class LabelInput(Input):
    """Takes every letter but the keys that mark, which no label begins with."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text."""
        return key not in MARKING and super().check_consume_key(key, character)


class ExampleList(PreviewList[Choice | None]):
    """Gives what was chosen, or None.

    Args:
        port: The app's.
        anchors: Of the model on show.
        request: Asks for the images of latents (n, d); returns the ticket, 0 for none.
        current: The anchor to begin at.
        marks: Sets A and B, into which examples are put.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="examples.close", tooltip="Stay here"),
        Binding("up", "step(-1)", "Up", id="examples.up", tooltip="The one above"),
        Binding("down", "step(1)", "Down", id="examples.down", tooltip="The one below"),
        Binding("pageup", "step(-10)", "Page up", id="examples.page-up", tooltip="A page up"),
        Binding("pagedown", "step(10)", "Page down", id="examples.page-down", tooltip="A page down"),
        Binding(
            MARKING[0],
            "mark('A')",
            "Mark A",
            id="examples.a",
            tooltip="Put into set A, or take out of it",
            priority=True,
        ),
        Binding(
            MARKING[1],
            "mark('B')",
            "Mark B",
            id="examples.b",
            tooltip="Put into set B, or take out of it",
            priority=True,
        ),
        Binding("tab", "towards", "Steer", id="examples.towards", tooltip="Steer towards it with h"),
    ]

    def __init__(
        self,
        port: TerminalPort,
        anchors: AnchorIndex,
        request: Callable[[Latents], int],
        current: int | None,
        marks: MarkedSets,
    ) -> None:
        advice = "Enter goes  Tab steers: h towards it, H away  [ ] mark for A and B"
        super().__init__(port, f"{len(anchors)} examples", advice)
        self._anchors = anchors
        self._request = request
        self._marks = marks
        self._current = current or 0
        self._shown: list[int] = []
        self._ticket = 0
        self._images: dict[int, NDArray[np.uint8]] = {}
        self._asked: int | None = None

    def field(self) -> tuple[Widget, ...]:
        """Where one types."""
        return (LabelInput(placeholder="type a label", select_on_focus=False),)

    def on_mount(self) -> None:
        """Begin with all of them, at the one that is near."""
        self._fill("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, text: str) -> None:
        self._shown = self._anchors.search(text) if text.strip() else list(range(len(self._anchors)))
        begin = self._shown.index(self._current) if not text and self._current in self._shown else 0
        self.fill([self._line(index) for index in self._shown], begin)

    def _line(self, index: int) -> Content:
        anchors = self._anchors.anchors
        mark = self._marks.of(anchors.z[index])
        return Content.assemble((f"{mark or ' '} ", "$accent bold"), anchors.labels[index])

    @property
    def current(self) -> int | None:
        """The highlighted anchor."""
        at = self.highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def action_step(self, places: int) -> None:
        """Highlight another one."""
        if self._shown:
            at = (self.highlighted or 0) + places
            self.options.highlighted = min(max(at, 0), len(self._shown) - 1)

    @on(OptionList.OptionHighlighted)
    def _preview_current(self) -> None:
        current = self.current
        if current is None:
            return
        if current in self._images:
            self.preview(self._images[current])
        elif self._asked is None:
            self._asked = current
            self._ticket = self._request(self._anchors.anchors.z[current][None])

    def take(self, tiles: TilesDecoded) -> None:
        """The image of an example has come."""
        if tiles.ticket == self._ticket and self._asked is not None:
            self._images[self._asked] = tiles.images[0]
            self._asked = None
            self._preview_current()

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _go(self) -> None:
        if self.current is not None:
            self.dismiss(Choice(self.current))

    def action_mark(self, which: Literal["A", "B"]) -> None:
        """Put into a set, or take out of it."""
        at, current = self.highlighted, self.current
        if at is not None and current is not None:
            anchors = self._anchors.anchors
            self._marks.toggle(which, anchors.z[current], anchors.labels[current])
            self.options.replace_option_prompt_at_index(at, self._line(current))

    def action_towards(self) -> None:
        """Choose it to steer towards."""
        if self.current is not None:
            self.dismiss(Choice(self.current, towards=True))
