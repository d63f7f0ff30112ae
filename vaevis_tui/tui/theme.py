"""Our two themes: calm neutrals around the picture, warm for above the mean and cool for below it."""

from __future__ import annotations

from textual.theme import Theme

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
    surface="#14171c",
    panel="#1b1f26",
    dark=True,
    variables={
        "above": "#f0b467",
        "above-muted": "#a57c49",
        "below": "#78b8ea",
        "below-muted": "#4a7ca6",
        "track": "#181c22",
        "track-selected": "#232934",
        "quiet": "#7d8593",
        "footer-key-foreground": "#e0a45c",
        "input-selection-background": "#5f9fd0 35%",
    },
)

LIGHT = Theme(
    name="vaevis-light",
    primary="#2f6a9c",
    secondary="#3d7ba8",
    accent="#a8640f",
    warning="#a8640f",
    error="#b3303a",
    success="#2f7d44",
    foreground="#23272e",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e9e6df",
    dark=False,
    variables={
        "above": "#b86a08",
        "above-muted": "#d9a968",
        "below": "#1f6aa5",
        "below-muted": "#7fafd2",
        "track": "#efece5",
        "track-selected": "#dcd7cb",
        "quiet": "#6d7078",
        "footer-key-foreground": "#a8640f",
        "input-selection-background": "#3a7fb5 35%",
    },
)
