"""Contrast of colours as WCAG 2.1 counts it, and colours brought as far as they can be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.color import Color

TEXT, GRAPHIC = 4.5, 3.0
"""Least contrast of text, and of bars and marks (WCAG 2.1, success criteria 1.4.3 and 1.4.11)."""

GROUNDS = ("background", "surface", "panel")
"""Variables of what text lies on."""
TEXTS = ("foreground", "quiet", "key", "accent", "warning", "error", "success")
"""Variables of text, each on any ground."""
BARS = {
    "above-muted": ("track",),
    "below-muted": ("track",),
    "above": ("track", "selected-track"),
    "below": ("track", "selected-track"),
}
"""Variables of bars, and of what each lies on."""
CURSOR, CURSOR_TEXT = "block-cursor-background", "block-cursor-foreground"

_STEPS = 20


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1, of a colour that hides what is below it."""
    channels = [channel / 255 for channel in color.rgb]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """From 1, for equal luminances, to 21, for black and white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(color: Color, grounds: Iterable[Color], ratio: float) -> Color:
    """The colour, or what is next to it on the way to white or black and has that contrast to all grounds."""
    grounds = list(grounds)

    def least(candidate: Color) -> float:
        return min(contrast(candidate, ground) for ground in grounds)

    end = max((Color(0, 0, 0), Color(255, 255, 255)), key=least)
    candidates = (color.blend(end, step / _STEPS, alpha=1.0) for step in range(_STEPS + 1))
    return next((each for each in candidates if least(each) >= ratio), end)


def legible(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's CSS variables, with those of `TEXTS` and `BARS`, and the cursor's text, made readable."""
    legible = dict(variables)

    def colors(names: Iterable[str]) -> list[Color]:
        return [Color.parse(legible[name]) for name in names]

    for name in TEXTS:
        legible[name] = readable(Color.parse(legible[name]), colors(GROUNDS), TEXT).hex6
    for name, grounds in BARS.items():
        legible[name] = readable(Color.parse(legible[name]), colors(grounds), GRAPHIC).hex6
    cursor = Color.parse(legible[CURSOR])
    themed = legible[CURSOR_TEXT]
    text = cursor.get_contrast_text(1.0) if themed.startswith("auto") else Color.parse(themed)
    legible[CURSOR_TEXT] = readable(text, [cursor], TEXT).hex6
    return legible
