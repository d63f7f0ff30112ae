"""The list of models to explore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import CARD
from vaevis_tui.models.card import read_card
from vaevis_tui.resources import weights_dir
from vaevis_tui.tui.menus.choice_list import ChoiceList


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One line of the list.

    Attributes:
        ref: What the model is opened by.
        name: What people call it.
        about: Its title and sizes, as far as its card tells.
    """

    ref: str
    name: str
    about: str


def entry(ref: str) -> ModelEntry:
    """The line for a model, from its card where it has one that can be read."""
    folder = weights_dir() / ref  # joined to an absolute path this is that path
    try:
        card = read_card(folder / CARD)
    except UserError:
        return ModelEntry(ref, ref, "")
    sizes = f"{card.latent_dim}d → {card.image_width}×{card.image_height}"
    return ModelEntry(ref, card.name, f"{card.title}, {sizes}")


class ModelPicker(ChoiceList[str | None]):
    """Gives the chosen model's ref, or None.

    Args:
        entries: To choose from.
        current: The ref of the model on show.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="models.close", tooltip="Stay with this model"),
    ]

    def __init__(self, entries: Sequence[ModelEntry], current: str) -> None:
        self._refs = [entry.ref for entry in entries]
        self._names = [entry.name.casefold() for entry in entries]
        here = self._refs.index(current) if current in self._refs else 0
        lines = [_line(entry, current=entry.ref == current) for entry in entries]
        super().__init__("Models", lines, "Enter explores, Esc stays. Others: vaevis-tui --model PATH", here)

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next model whose name begins with it: people type the name they look for."""
        options, letter = self.query_one(OptionList), (event.character or "").casefold()
        if options.highlighted is None or not letter.isalnum():
            return
        after = options.highlighted + 1
        beyond = [*range(after, len(self._names)), *range(after)]
        options.highlighted = next(
            (at for at in beyond if self._names[at].startswith(letter)), options.highlighted
        )

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._refs[event.option_index])


def _line(entry: ModelEntry, *, current: bool) -> tuple[Content, str]:
    mark = "●" if current else " "
    return Content.assemble(f"{mark} ", (entry.name, "bold")), entry.about
