"""Which journey to go on: through which bookmarks, round and round or once, slowing down or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from vaevis_tui.latent.motion.journey import Ease
from vaevis_tui.tui.menus.choice_list import ChoiceList

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


class JourneyMenu(ChoiceList[Route | None]):
    """Gives the chosen route, or None.

    Args:
        routes: To choose from.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,J", "dismiss", "Close", id="journey.close", tooltip="Stay here"),
        Binding("l", "loop", "Loop", id="journey.loop", tooltip="Round and round, or once"),
        Binding("e", "ease", "Ease", id="journey.ease", tooltip="Where it slows down"),
    ]

    def __init__(self, routes: Sequence[Route]) -> None:
        advice = "Enter starts  l loops  e changes where it slows down"
        super().__init__("Journey", [(Content(route.title), "") for route in routes], advice)
        self._routes = tuple(routes)
        self._loop = False
        self._ease: Ease = "none"

    def below(self) -> Sequence[Widget]:
        """How it goes."""
        return (Static(self._manner(), id="manner"),)

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
