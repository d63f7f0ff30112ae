"""What there is to know of a graphics protocol, and of a terminal that may have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vaevis_tui.terminal.color.colors import ColorMode
from vaevis_tui.terminal.detect.replies import Queries, Reply
from vaevis_tui.terminal.graphics import Graphics, GraphicsSupport
from vaevis_tui.terminal.surface import Renderer


@dataclass(frozen=True, slots=True)
class Answers:
    """What a terminal answered, and who it is.

    Attributes:
        said: By kind.
        brand: The terminal's name.
        version: Its version, () if it is not known.
        inside: What multiplexer stands between, or None.
        passthrough: Whether tmux hands on what is wrapped for the terminal outside.
    """

    said: Mapping[str, Reply]
    brand: str
    version: tuple[int, ...]
    inside: str | None
    passthrough: bool

    @property
    def named(self) -> str:
        """Name and version, for people."""
        return f"{self.brand} {'.'.join(map(str, self.version))}".strip()


Facts = Mapping[str, object]
"""Attributes of `GraphicsSupport` and their values."""


@dataclass(frozen=True, slots=True)
class ImageProtocol:
    """A way to send images as dots.

    Attributes:
        graphics: As users name it.
        name: What its images are called, for people.
        about: What it is called in `GraphicsSupport.reasons`.
        queries: What is asked about it, in this order.
        may_ask: Whether a terminal of a brand, behind a multiplexer or none, takes these questions well.
        infer: What the answers mean, and why, one clause.
        has: Whether a terminal has it.
        assume: The support of a terminal that does not tell, but whose user insists; None where it is known
            that it has it not.
        renderer: Draws with it, in a terminal that has it; what it needs is imported then.
    """

    graphics: Graphics
    name: str
    about: str
    infer: Callable[[Answers], tuple[Facts, str]]
    has: Callable[[GraphicsSupport], bool]
    assume: Callable[[GraphicsSupport], GraphicsSupport | None]
    renderer: Callable[[ColorMode, GraphicsSupport], Renderer]
    queries: Queries
    may_ask: Callable[[str, str | None], bool] = lambda brand, multiplexer: True
