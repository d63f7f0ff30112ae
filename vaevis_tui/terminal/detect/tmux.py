"""What tmux tells of itself: what it hands on, and who looks on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

_TIMEOUT = 1.0
"""Seconds that tmux may take to tell of itself; it takes 10 ms."""

Clients = Mapping[str, int]
"""Terminals that show our session, named by when they came, and the bytes that each was not sent."""


def ask_tmux() -> tuple[bool, str]:
    """Whether tmux hands sequences on, and how the terminal outside calls itself, empty if it does not tell.

    Releases before 3.3 hand on whatever is wrapped, and do not know the option; they are too old to matter.
    """
    output = _tmux("display-message", "-p", "#{allow-passthrough} #{client_termtype}")
    if output is None:
        return False, ""
    allowed, _, outside = output.strip().partition(" ")
    return allowed in {"1", "2", "on", "all"}, outside


def tmux_clients() -> Clients | None:
    """Who shows our session now; None where tmux does not tell."""
    pane = os.environ.get("TMUX_PANE")
    target = ("-t", pane) if pane else ()
    output = _tmux("list-clients", *target, "-F", "#{client_discarded} #{client_created} #{client_name}")
    if output is None:
        return None
    clients = {}
    for line in output.splitlines():
        discarded, _, name = line.partition(" ")
        clients[name] = int(discarded) if discarded.isdecimal() else 0
    return clients


def has_lost(before: Clients, now: Clients) -> bool:
    """Whether a terminal of ``now`` lacks something that was sent: it has come since, or was behind."""
    return any(name not in before or discarded > before[name] for name, discarded in now.items())


def _tmux(*command: str) -> str | None:
    try:
        output = subprocess.run(
            ["tmux", *command], capture_output=True, text=True, timeout=_TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return output.stdout
