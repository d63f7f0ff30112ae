"""Our two themes, and what they add to Textual's.

Calm neutrals around the image, warm for above the mean and cool for below it. The variables that Textual's
themes lack, such as ``$above`` and ``$quiet``, are ours, brought to a contrast that can be read on their
grounds by `vaevis_tui.tui.contrast`.
"""

from __future__ import annotations

from textual.theme import Theme

from vaevis_tui.tui.contrast import legible

UNREADABLE = ("ansi-dark", "ansi-light")
"""Themes of Textual's that are not offered: what their colours are only the terminal knows."""

DARK = Theme(
    name="vaevis-dark",
    primary="#8fb8de",
    secondary="#7aa7c7",
    accent="#e8b06a",
    warning="#e8b06a",
    error="#e0737a",
    success="#8fc79a",
    foreground="#d5d9e0",
    background="#0d0f12",
    surface="#15181e",
    panel="#1b1f26",
    dark=True,
    variables={
        "above": "#f0b467",
        "above-muted": "#b1834b",
        "below": "#78b8ea",
        "below-muted": "#4f86b3",
        "quiet": "#8a92a0",
        "key": "#e0a45c",
        "input-selection-background": "#5f9fd0 35%",
        "block-cursor-background": "#2b3340",
        "block-cursor-foreground": "#d5d9e0",
        "block-cursor-text-style": "bold",
        "block-hover-background": "#1f252e",
        "scrollbar": "#2b3340",
        "scrollbar-hover": "#3a4454",
        "scrollbar-active": "#4a5669",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
    },
)

LIGHT = Theme(
    name="vaevis-light",
    primary="#2f6a9c",
    secondary="#3d7ba8",
    accent="#96570a",
    warning="#96570a",
    error="#b3303a",
    success="#2a703d",
    foreground="#23272e",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e9e6df",
    dark=False,
    variables={
        "above": "#b86a08",
        "above-muted": "#c08436",
        "below": "#1f6aa5",
        "below-muted": "#5b90ba",
        "quiet": "#62656d",
        "key": "#96570a",
        "input-selection-background": "#3a7fb5 35%",
        "block-cursor-background": "#dcd7cb",
        "block-cursor-foreground": "#23272e",
        "block-cursor-text-style": "bold",
        "block-hover-background": "#e9e6df",
        "scrollbar": "#cfc9bb",
        "scrollbar-hover": "#b9b2a2",
        "scrollbar-active": "#a39b89",
        "scrollbar-background": "#f3f1ec",
        "scrollbar-background-hover": "#f3f1ec",
        "scrollbar-background-active": "#f3f1ec",
    },
)


def complete(variables: dict[str, str], theme: Theme) -> dict[str, str]:
    """All that our CSS needs of a theme, readable.

    Args:
        variables: Those that Textual makes of it.
        theme: The theme.
    """
    ours = (DARK if theme.dark else LIGHT).variables
    nearer = "lighten-1" if theme.dark else "darken-1"
    derived = {
        "key": theme.variables.get("footer-key-foreground", variables["accent"]),
        "track": variables["surface"],
        "selected": variables["panel"],
        "selected-track": variables[f"panel-{nearer}"],
        "frame": variables["panel-lighten-2" if theme.dark else "panel-darken-2"],
    }
    return legible({**ours, **derived, **variables})


def theme_names() -> list[str]:
    """The themes that are offered."""
    from textual.theme import BUILTIN_THEMES

    return [DARK.name, LIGHT.name, *(name for name in BUILTIN_THEMES if name not in UNREADABLE)]


def suited(dark: bool) -> str:
    """The name of our theme for a terminal's background."""
    return (DARK if dark else LIGHT).name
