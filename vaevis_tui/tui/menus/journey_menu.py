"""Which journey to go on: through which bookmarks, round and round or once, slowing down or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from vaevis_tui.latent.journey import Ease
from vaevis_tui.tui.menus.overlay import Overlay

_EASES: dict[Ease, str] = {"none": "nowhere", "ends": "at both ends", "stops": "at every stop"}


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way that can be gone.

    Attributes:
        title: For people.
        stops: Latents, float32 (d,), two or more.
        loop: Whether it goes round and round.
        ease: Where it slows down.
    """

    title: str
    stops: tuple[NDArray[np.float32], ...]
    loop: bool = False
    ease: Ease = "none"


class JourneyMenu(Overlay[Route | None]):
    """Gives the chosen route, or None.

    Args:
        routes: To choose from.
    """

    DEFAULT_CSS = """
    JourneyMenu {
        align: center middle;
        Vertical {
            width: 60; max-width: 100%; height: auto; max-height: 100%; background: $surface; padding: 1 2;
        }
        OptionList, OptionList:focus {
            height: auto; max-height: 14; border: none; background: $surface; padding: 0; margin: 1 0;
            background-tint: transparent; scrollbar-size-vertical: 1;
        }
        .heading { color: $accent; text-style: bold; }
        .advice { color: $quiet; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,J", "dismiss", "Close", id="journey.close", tooltip="Stay here"),
        Binding("l", "loop", "Loop", id="journey.loop", tooltip="Round and round, or once"),
        Binding("e", "ease", "Ease", id="journey.ease", tooltip="Where it slows down"),
    ]

    def __init__(self, routes: Sequence[Route]) -> None:
        super().__init__()
        self._routes = tuple(routes)
        self._loop = False
        self._ease: Ease = "none"

    def compose(self) -> ComposeResult:
        """A heading, the routes, how it goes, and what the keys do."""
        with Vertical():
            yield Static("Journey", classes="heading")
            yield OptionList(*(Option(Content(route.title)) for route in self._routes))
            yield Static(self._manner(), id="manner")
            yield Static("Enter starts  l loops  e changes where it slows down", classes="advice")

    def on_mount(self) -> None:
        """Begin at the first."""
        self.query_one(OptionList).highlighted = 0
        self.query_one(OptionList).focus()

    def _manner(self) -> Content:
        loop = "round and round" if self._loop else "once"
        return Content.assemble((loop, "bold"), ", slows down ", (_EASES[self._ease], "bold"))

    def action_loop(self) -> None:
        """Round and round, or once."""
        self._loop = not self._loop
        self.query_one("#manner", Static).update(self._manner())

    def action_ease(self) -> None:
        """Slow down elsewhere."""
        eases = get_args(Ease)
        self._ease = eases[(eases.index(self._ease) + 1) % len(eases)]
        self.query_one("#manner", Static).update(self._manner())

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        route = self._routes[event.option_index]
        self.dismiss(Route(route.title, route.stops, self._loop, self._ease))
