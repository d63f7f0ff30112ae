"""Sequences that tmux is to hand to the terminal outside as they are."""

from __future__ import annotations


def through_tmux(sequence: str) -> str:
    r"""Wrap one escape sequence: ``ESC P tmux;``, the sequence with every ESC doubled, ``ESC \``.

    tmux hands it on if ``allow-passthrough`` is on (tmux 3.3 and later, off by default). It must be one
    sequence at a time, as tmux takes 1 MiB at most (tmux(1), "allow-passthrough"; input.c).
    """
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def unwrapped(sequence: str) -> str:
    """A sequence for a terminal that nothing stands before."""
    return sequence
