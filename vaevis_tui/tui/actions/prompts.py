"""The prompt in the bottom line: one at a time, and who has asked hears what is typed."""

from __future__ import annotations

from vaevis_tui.tui.actions.workspace import Workspace
from vaevis_tui.tui.menus.line_prompt import LinePrompt
from vaevis_tui.tui.menus.value_prompt import ValuePrompt


class Asker:
    """Who asks for a line: what to do while it is typed, and with the answer."""

    def changed(self, prompt: LinePrompt, text: str) -> None:
        """Something was typed."""

    def stepped(self, prompt: LinePrompt, places: int) -> None:
        """↑ (-1) or ↓ (1) was pressed."""

    def complete(self, prompt: LinePrompt, text: str) -> None:
        """Tab was pressed."""

    async def answered(self, prompt: LinePrompt, text: str) -> None:
        """Enter was pressed: close the prompt with `Prompts.close`, or say in it what is wrong."""
        raise NotImplementedError

    def cancelled(self) -> None:
        """Esc was pressed, or something elsewhere; the prompt closes after this."""

    def closing(self) -> None:
        """The prompt is taken away."""


class Prompts:
    """Opens and closes prompts."""

    def __init__(self, work: Workspace) -> None:
        self._work = work
        self._asker: Asker | None = None

    @property
    def typing(self) -> bool:
        """Whether something is being typed."""
        # Not by a query: every key asks, which took a third of the time of one that is held down.
        return any(isinstance(child, ValuePrompt | LinePrompt) for child in self._work.screen.children)

    def ask(self, prompt: LinePrompt, asker: Asker) -> None:
        """Show a prompt in place of the hints, unless there is one."""
        if self._work.screen.is_attached and not self.typing:
            self._asker = asker
            self._work.screen.mount(prompt)
            self._work.lay_out()

    async def take(self, message: LinePrompt.Said) -> None:
        """Pass on what a prompt says, but for what was on its way when it was closed."""
        asker, prompt = self._asker, message.control
        if asker is None or prompt is None:
            return
        match message:
            case LinePrompt.Changed():
                asker.changed(prompt, message.text)
            case LinePrompt.Stepped():
                asker.stepped(prompt, message.places)
            case LinePrompt.CompletionAsked():
                asker.complete(prompt, message.text)
            case LinePrompt.Answered():
                await asker.answered(prompt, message.text)
            case LinePrompt.Cancelled():
                asker.cancelled()
                await self.close()

    async def close(self) -> None:
        """Take the prompt away."""
        asker, self._asker = self._asker, None
        if asker is not None:
            asker.closing()
        for prompt in self._work.screen.query(LinePrompt):
            await prompt.close()
        self._work.lay_out()
