"""The list of models to explore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import CARD
from vaevis_tui.models.card import read_card
from vaevis_tui.resources import weights_dir
from vaevis_tui.tui.menus.overlay import Overlay


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


class ModelPicker(Overlay[str | None]):
    """Gives the chosen model's ref, or None."""

    DEFAULT_CSS = """
    ModelPicker {
        align: center middle;
        Vertical {
            width: 66; max-width: 100%; height: auto; max-height: 100%; background: $surface; padding: 1 2;
        }
        OptionList, OptionList:focus {
            height: auto; max-height: 1fr; border: none; background: $surface; padding: 0; margin: 1 0;
            scrollbar-size-vertical: 1;
        }
        .heading { color: $accent; text-style: bold; }
        .advice { color: $quiet; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,m", "dismiss", "Close", id="models.close", tooltip="Stay with this model"),
    ]

    def __init__(self, entries: Sequence[ModelEntry], current: str) -> None:
        super().__init__()
        self._entries = entries
        self._current = current

    def compose(self) -> ComposeResult:
        """A heading, the list, and how to open a model that is not in it."""
        with Vertical():
            yield Static("Models", classes="heading")
            yield OptionList(*(Option(self._line(entry), id=str(i)) for i, entry in enumerate(self._entries)))
            yield Static("Enter explores, Esc stays. Others: vaevis-tui --model PATH", classes="advice")

    def _line(self, entry: ModelEntry) -> Content:
        mark = "●" if entry.ref == self._current else " "
        return Content.assemble(f"{mark} ", (entry.name, "bold"), "  ", (entry.about, "$quiet"))

    def on_mount(self) -> None:
        """Begin at the model on show."""
        refs = [entry.ref for entry in self._entries]
        options = self.query_one(OptionList)
        options.highlighted = refs.index(self._current) if self._current in refs else 0
        options.focus()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index].ref)
