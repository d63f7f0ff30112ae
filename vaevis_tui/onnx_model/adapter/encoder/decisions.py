"""How an encoder is used, cached like the decisions about a decoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from vaevis_tui.onnx_model.adapter.image_output.values import ValueMap
from vaevis_tui.text import quoted


@dataclass(frozen=True, slots=True)
class EncoderDecisions:
    """How an encoder is used.

    Attributes:
        values: Which values it takes for black and white.
        last: Whether it wants channels last, where its input does not tell.
        output: Its output that holds the mean.
        start: First number of the mean in it.
        logvar: The output that holds logarithms of variances; empty where there is none.
        logvar_start: First number of them in it.
        error: Mean difference between images and their reconstructions, 0..255.
        usual: The same of the decoder's images to their mean.
    """

    values: ValueMap
    last: bool
    output: str
    start: int
    logvar: str
    logvar_start: int
    error: float
    usual: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> EncoderDecisions:
        """The inverse of `to_dict`.

        Raises:
            TypeError, ValueError, KeyError: The fields are not those.
        """
        values = fields["values"]
        low, high = (tuple(float(v) for v in values[key]) for key in ("low", "high"))
        return cls(**{**fields, "values": ValueMap(low, high)})

    @property
    def note(self) -> str:
        """What was taken, for people."""
        parts = []
        if not self.values.plain:
            low, high = (", ".join(f"{v:.4g}" for v in ends) for ends in (self.values.low, self.values.high))
            parts.append(f"takes values {low} to {high}")
        if self.start or self.logvar_start:
            half = "second" if self.start else "first"
            parts.append(f"has the mean in the {half} half of {quoted(self.output)}")
        if self.error > 0.75 * self.usual:
            parts.append(
                f"does not find the decoder's own images again (off by {self.error:.0f} of 255; "
                f"the mean image is by {self.usual:.0f})"
            )
        return f"its encoder {' and '.join(parts)}" if parts else ""
