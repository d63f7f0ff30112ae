"""The bottom line as a prompt: type an exact value for an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from vaevis_tui.latent.controls import Control
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


def parse_value(text: str, control: Control | None) -> float | str:
    """The same of a row: in sigma, or as a control takes it."""
    return parse_sigma(text) if control is None else control.parsed(text)


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

    @dataclass(eq=False)
    class Answered(Message):
        """A value was typed."""

        row: int
        sigma: float

    class Closed(Message):
        """The prompt is done, with an answer or without."""

    def __init__(self, name: str, row: int, value: float, control: Control | None = None) -> None:
        super().__init__()
        self._control = control
        self._unit = "σ   " if control is None else ""
        self._usual = (
            "Enter sets, Esc leaves" if control is None else f"{control.advice}   Enter sets, Esc leaves"
        )
        self._axis = name
        self._row = row
        # Kept, not looked up: messages are still handled while the prompt is taken away, its children first.
        shown = f"{value:+.2f}" if control is None else control.text(value)
        self._field = Input(placeholder=shown, select_on_focus=False)
        self._told = Label(f"{self._unit}{self._usual}", id="advice")

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
        begun = event.value.strip() in ("", "-", "+", ".", "-.")
        self._advise(0.0 if begun else parse_value(event.value, self._control))

    def _advise(self, answer: float | str) -> None:
        wrong = isinstance(answer, str)
        self.set_class(wrong, "-wrong")
        self._told.update(f"{self._unit}{answer if wrong else self._usual}")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.post_message(self.Closed())
            return
        answer = parse_value(event.value, self._control)
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
