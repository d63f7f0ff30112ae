"""The bottom line as a prompt for a line of text: a name, what to filter by, a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class LinePrompt(Horizontal):
    """Asks for one line; Enter gives it, Esc leaves things as they are, and both close the prompt.

    Args:
        question: What stands before the field, e.g. ``"name: "``.
        purpose: What the answer is for; handlers tell prompts apart by it.
        advice: What stands after the field.
        text: What the field holds to begin with.
        placeholder: What an empty field shows.
        selected: Whether what is typed first replaces that text.
    """

    DEFAULT_CSS = """
    LinePrompt {
        height: 1; padding: 0 1; background: $panel;
        Label { width: auto; }
        Input, Input:focus { width: 2fr; height: 1; border: none; padding: 0 1; background: $background; }
        #advice { width: auto; max-width: 50%; padding: 0 0 0 2; color: $quiet; text-wrap: nowrap; }
        &.-wrong #advice { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Leave", id="line.cancel", show=False, tooltip="Close the prompt"),
        Binding("up", "step(-1)", "One up", id="line.up", show=False, tooltip="The match above"),
        Binding("down", "step(1)", "One down", id="line.down", show=False, tooltip="The match below"),
        Binding("tab", "complete", "Complete", id="line.complete", show=False, tooltip="Complete a path"),
    ]

    @dataclass(eq=False)
    class Said(Message):
        """What all of a prompt's messages have.

        Attributes:
            prompt: Whose.
            text: What is in its field.
        """

        prompt: LinePrompt
        text: str = ""

        @property
        def control(self) -> LinePrompt | None:
            """The prompt, for the selector of a handler; none matches what was on its way when it closed."""
            return None if self.prompt._gone else self.prompt

    class Changed(Said):
        """Something was typed."""

    class Answered(Said):
        """Enter was pressed. Who has asked closes the prompt, or tells in it what is wrong."""

    class Cancelled(Said):
        """Esc was pressed, or something elsewhere: things are to stay as they are."""

    @dataclass(eq=False)
    class Stepped(Said):
        """An arrow was pressed.

        Attributes:
            places: -1 up, 1 down.
        """

        places: int = 0

    class CompletionAsked(Said):
        """Tab was pressed."""

    def __init__(
        self,
        question: str,
        purpose: str,
        advice: str = "",
        text: str = "",
        placeholder: str = "",
        *,
        selected: bool = False,
    ) -> None:
        super().__init__(id=f"{purpose}-prompt")
        self._question = question
        self.purpose = purpose
        self._advice = advice
        # Kept, not looked up: messages are still handled while the prompt is taken away, its children first.
        self._field = Input(text, placeholder=placeholder, select_on_focus=selected)
        self._told = Label(advice, id="advice", markup=False)
        self._done = False
        self._gone = False

    def compose(self) -> ComposeResult:
        """The question, a field, and advice."""
        yield Label(self._question, markup=False)
        yield self._field
        yield self._told

    def on_mount(self) -> None:
        """Take the keys."""
        self._field.focus()

    @property
    def text(self) -> str:
        """What is in the field."""
        return self._field.value

    @text.setter
    def text(self, text: str) -> None:
        self._field.value = text
        self._field.cursor_position = len(text)

    def advise(self, advice: str, *, wrong: bool = False) -> None:
        """Say something after the field; until the next key if it is what is wrong."""
        self.set_class(wrong, "-wrong")
        self._told.update(advice)

    @on(Input.Changed)
    def _change(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-wrong"):
            self.advise(self._advice)
        self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Answered(self, event.value))

    def on_descendant_blur(self) -> None:
        """Pressing elsewhere is leaving."""
        self.action_cancel()

    def on_click(self, event: events.Click) -> None:
        """A press on the prompt is no press on what lies below."""
        event.stop()

    def action_cancel(self) -> None:
        """Leave things as they are."""
        if not self._done and self.is_attached:
            self._done = True
            self.post_message(self.Cancelled(self))

    def action_step(self, places: int) -> None:
        """Go to another match."""
        self.post_message(self.Stepped(self, places=places))

    def action_complete(self) -> None:
        """Complete what was typed."""
        self.post_message(self.CompletionAsked(self, self.text))

    async def close(self) -> None:
        """Take the prompt away; nothing is told after this."""
        self._done = self._gone = True
        await self.remove()
