"""The bottom line as a prompt: type an exact value for an axis."""

from __future__ import annotations

import math
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from vaevis_tui.latent.state import SIGMA_LIMIT


def parse_sigma(text: str) -> float | str:
    """The value that was typed, in sigma, or what is wrong with it in a few words."""
    try:
        value = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return "a number, e.g. 1.25 or -0.5"
    if not math.isfinite(value) or abs(value) > SIGMA_LIMIT:
        return f"from -{SIGMA_LIMIT:g} to {SIGMA_LIMIT:g}"
    return value


class ValuePrompt(Horizontal):
    """Asks for one number; Enter sets it, Esc leaves things as they are, and both close the prompt."""

    DEFAULT_CSS = """
    ValuePrompt {
        height: 1;
        padding: 0 1;
        background: $panel;
        Label { width: auto; }
        Input, Input:focus {
            width: 1fr; max-width: 16; height: 1; border: none; padding: 0 1; background: $background;
        }
        #advice { width: 1fr; padding: 0 2; color: $quiet; }
        &.-wrong #advice { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "cancel", "Leave as it is", id="prompt.cancel", show=False, tooltip="Close the prompt"
        ),
    ]

    class Answered(Message):
        """A value was typed."""

        def __init__(self, row: int, sigma: float) -> None:
            super().__init__()
            self.row = row
            self.sigma = sigma

    class Closed(Message):
        """The prompt is done, with an answer or without."""

    def __init__(self, name: str, row: int, sigma: float) -> None:
        super().__init__()
        self._axis = name
        self._row = row
        # Kept, not looked up: messages are still handled while the prompt is taken away, its children first.
        self._field = Input(placeholder=f"{sigma:+.2f}", select_on_focus=False)
        self._told = Label("σ   Enter sets, Esc leaves", id="advice")

    def compose(self) -> ComposeResult:
        """The axis's name, a field, and advice."""
        yield Label(f"{self._axis} = ", markup=False)
        yield self._field
        yield self._told

    def on_mount(self) -> None:
        """Take the keys."""
        self._field.focus()

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        """Say what is wrong while it is being typed; half a number is not wrong yet."""
        event.stop()
        answer = parse_sigma(event.value) if event.value.strip() not in ("", "-", "+", ".", "-.") else 0.0
        self._advise(answer)

    def _advise(self, answer: float | str) -> None:
        wrong = isinstance(answer, str)
        self.set_class(wrong, "-wrong")
        self._told.update(f"σ   {answer}" if wrong else "σ   Enter sets, Esc leaves")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.post_message(self.Closed())
            return
        answer = parse_sigma(event.value)
        if isinstance(answer, str):
            self._advise(answer)
            return
        self.post_message(self.Answered(self._row, answer))
        self.post_message(self.Closed())

    def on_descendant_blur(self) -> None:
        """Pressing elsewhere is leaving."""
        self.post_message(self.Closed())

    def action_cancel(self) -> None:
        """Leave things as they are."""
        self.post_message(self.Closed())
