"""A direction that was found, and how it did on held-out data."""

from __future__ import annotations

from dataclasses import dataclass

from .attributes import Values


@dataclass(frozen=True)
class Finding:
    """A direction and how it did on held-out data.

    Attributes:
        name: As the explorer shows it, with its two ends.
        low: At the negative end.
        high: At the positive end.
        along: Unit vector in whitened coordinates, float64 (d,).
        strength: Share of held-out pairs of images of which it tells right which has more.
        effect: Change of the attribute by a sigma, measured in decodes, in deviations; of a way from class to
            class, the share of both classes' images that decode to the class of the end that they are put at,
            2 sigma from the mean.
        visible: Root mean square change of decodes by a sigma, in levels of 255.
        ships: Whether all that is good enough.
    """

    name: str
    low: str
    high: str
    along: Values
    strength: float
    effect: float
    visible: float
    ships: bool

    def __str__(self) -> str:
        verdict = "ships" if self.ships else "does not ship"
        return (
            f"{self.name:18} {self.low:>12} ↔ {self.high:12} strength {self.strength:.3f}  "
            f"effect {self.effect:.2f}  visible {self.visible:.1f}  {verdict}"
        )
