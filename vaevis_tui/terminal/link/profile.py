"""A link for the terminal that the environment describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vaevis_tui.terminal.link.link import MAX_RATE, Link

FIRST_BUDGET = 125_000.0
"""Bytes a second over SSH until the first ack: 1 Mbit/s, which nearly every link carries."""
MULTIPLEXER_BUDGET = {False: 4_000_000.0, True: 500_000.0}
"""Bytes a second to a multiplexer on this machine, and to one that is itself shown over SSH: 4 Mbit/s."""
REDUCED_MOTION = 8.0
"""Frames a second with reduced motion: told apart as steps, not seen as movement (12 and more are)."""


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """What is known about the link to the terminal before anything was sent.

    Attributes:
        remote: Whether it goes over SSH.
        multiplexer: As in `TerminalCapabilities`.
        ceiling: Bytes a second that the user allows; None for no limit.
        reduced_motion: Whether the user asks for fewer frames.
    """

    remote: bool = False
    multiplexer: str | None = None
    ceiling: float | None = None
    reduced_motion: bool = False

    @classmethod
    def of(
        cls,
        environ: Mapping[str, str],
        multiplexer: str | None,
        ceiling: float | None = None,
        reduced_motion: bool = False,
    ) -> LinkProfile:
        """Read the environment (sshd(8) sets SSH_CONNECTION and SSH_TTY)."""
        remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
        return cls(remote, multiplexer, ceiling, reduced_motion)

    def link(self, clock: Callable[[], float]) -> Link:
        """A link with these limits.

        A multiplexer would send acks itself, whatever its own terminal has seen, so none are requested.
        """
        max_rate = REDUCED_MOTION if self.reduced_motion else MAX_RATE
        if self.multiplexer:
            budget: float | None = MULTIPLEXER_BUDGET[self.remote]
        else:
            budget = FIRST_BUDGET if self.remote else None
        return Link(
            clock, max_rate=max_rate, budget=budget, ceiling=self.ceiling, asks=self.multiplexer is None
        )
