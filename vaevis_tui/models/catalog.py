"""The models that are shipped, by name."""

from __future__ import annotations

from vaevis_tui.resources import weights_dir

DEFAULT_MODEL = "dog"
"""Shown when no model is asked for."""


def names() -> list[str]:
    """Names of the shipped models, the default first, the others by alphabet."""
    cards = weights_dir().glob("*/model.toml")
    return sorted((card.parent.name for card in cards), key=lambda name: (name != DEFAULT_MODEL, name))
