"""What a person says about a model, where it is not to be inferred."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from vaevis_tui.errors import UserError
from vaevis_tui.text import one_line

AUTO = "auto"
"""Takes back what was said before."""

NAMED_RANGES = ("logits", "imagenet", "auto-stretch")
"""What ``--range`` takes beside LOW..HIGH."""

LAYOUTS = ("CHW", "HWC", "HW")
"""What ``--layout`` takes beside HEIGHTxWIDTH and HEIGHTxWIDTHxCHANNELS, which are for flat outputs."""

PRIORS = ("normal", "uniform", "sphere")
"""What ``--prior`` takes beside a standard deviation; uniform may be followed by ``:LOW..HIGH``."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_INTERVAL = re.compile(rf"({_NUMBER})\.\.({_NUMBER})")
_FLAT = re.compile(r"(\d{1,4})x(\d{1,4})(?:x([1234]))?")


@dataclass(frozen=True, slots=True)
class AdapterOptions:
    """What was said about a model; None, False and empty: it is inferred.

    Attributes:
        range: Values of black and white as ``"LOW..HIGH"``, or one of `NAMED_RANGES`.
        layout: Axes of an image, one of `LAYOUTS`, or the size of a flat one, e.g. ``"28x20x3"``.
        bgr: Whether blue comes first.
        output: Name of the output that is the image.
        prior: Distribution of z: one of `PRIORS`, or a standard deviation.
        settings: Values of the inputs that are not the latent vector, by their names.
    """

    range: str | None = None
    layout: str | None = None
    bgr: bool = False
    output: str | None = None
    prior: str | None = None
    settings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.range not in (None, AUTO, *NAMED_RANGES) and interval(self.range or "") is None:
            raise UserError(
                f"invalid range {one_line(self.range, 40)!r}: expected LOW..HIGH as in -1..1, "
                f"or {', '.join((*NAMED_RANGES, AUTO))}"
            )
        if self.layout not in (None, AUTO, *LAYOUTS) and flat_size(self.layout or "") is None:
            raise UserError(
                f"invalid layout {one_line(self.layout, 40)!r}: expected {', '.join(LAYOUTS)}, "
                "or the size of a flat image as in 28x20 or 64x64x3"
            )
        if self.prior not in (None, AUTO):
            prior_of(self.prior)

    def merged(self, newer: Self) -> Self:
        """These, with what newer ones say in the place of the same; ``"auto"`` takes back what was said."""
        said: dict[str, Any] = {key: value for key, value in newer.to_dict().items() if value}
        said["settings"] = (dict(self.settings) | dict(newer.settings)).items()
        said["settings"] = tuple(pair for pair in said["settings"] if pair[1] != AUTO)
        cleared: dict[str, Any] = {key: None if value == AUTO else value for key, value in said.items()}
        return replace(self, **cleared)

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            UserError, TypeError, ValueError: The fields are not those.
        """
        settings = tuple((str(name), str(value)) for name, value in fields.get("settings", ()))
        return cls(**{**fields, "settings": settings})


def interval(text: str) -> tuple[float, float] | None:
    """``"-1..1"`` as two finite numbers of which the first is smaller; None if it is not such a text."""
    match = _INTERVAL.fullmatch(text.strip())
    if match is None:
        return None
    low, high = float(match[1]), float(match[2])
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def flat_size(text: str) -> tuple[int, int, int] | None:
    """``"28x20"`` or ``"64x64x3"`` as height, width and channels; None if it is not such a text."""
    match = _FLAT.fullmatch(text.strip().lower())
    if match is None:
        return None
    size = int(match[1]), int(match[2]), int(match[3] or 1)
    return size if min(size) > 0 else None


@dataclass(frozen=True, slots=True)
class Prior:
    """Distribution of each number of z.

    Attributes:
        kind: ``"normal"``, ``"uniform"`` or ``"sphere"`` (the whole vector has length one).
        low: Least value of a uniform one.
        high: Largest value of a uniform one.
        std: Standard deviation of a normal one.
    """

    kind: str = "normal"
    low: float = -1.0
    high: float = 1.0
    std: float = 1.0

    def mean_and_std(self, dim: int) -> tuple[float, float]:
        """Mean and standard deviation of one number of a vector of so many."""
        if self.kind == "uniform":
            return (self.low + self.high) / 2, (self.high - self.low) / math.sqrt(12)
        if self.kind == "sphere":
            return 0.0, 1 / math.sqrt(dim)
        return 0.0, self.std


def prior_of(text: str | None) -> Prior:
    """What ``--prior`` means.

    Raises:
        UserError: It is none of what is expected.
    """
    kind, _, limits = (text or "normal").strip().partition(":")
    if kind in PRIORS and not limits:
        return Prior(kind)
    if kind == "uniform" and (found := interval(limits)) is not None:
        return Prior(kind, *found)
    try:
        std = float(kind)
    except ValueError:
        std = 0.0
    if limits or not (math.isfinite(std) and 0 < std <= 1e6):
        raise UserError(
            f"invalid prior {one_line(text or '', 40)!r}: expected {', '.join(PRIORS)}, uniform:LOW..HIGH, "
            "or a standard deviation as in 10"
        )
    return Prior(std=std)
