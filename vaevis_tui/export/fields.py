"""Fields of a JSON object that may come from anywhere, checked one by one as they are read."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.latent.arrays import LARGEST_LATENT, unfit_latents

_LARGEST = float(np.finfo(np.float32).max)


class Fields:
    """A JSON object of a known format.

    Args:
        what: Whose fields these are, for messages: ``"snapshot"``.
        text: The object as JSON.
        version: The format that is read, which the object's field ``format`` must name.

    Raises:
        UserError: the text is something else, or of another format. So do all methods, for a field that is
            missing or not as expected.
    """

    def __init__(self, what: str, text: str, version: int) -> None:
        self._what = what
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise UserError(f"the {what}'s text is damaged; expected a JSON object")
        self._fields: dict[str, Any] = fields
        if fields.get("format") != version:
            raise UserError(
                f"the {what} has format {_shown(fields.get('format'))}; this version reads format {version}"
            )

    def has(self, name: str) -> bool:
        """Whether there is such a field: those of later versions may be missing."""
        return name in self._fields

    def texts(self, name: str) -> dict[str, str]:
        """Texts by name."""
        value = self._checked(name, dict, "texts by name")
        if not all(isinstance(text, str) for text in value.values()):
            raise UserError(f"the {self._what}'s {name} is {_shown(value)}; expected texts by name")
        return dict(value)

    def text_list(self, name: str) -> list[str]:
        """Texts in a row; there may be none."""
        value = self._checked(name, list, "a list of texts")
        if not all(isinstance(text, str) for text in value):
            raise UserError(f"the {self._what}'s {name} is {_shown(value)}; expected a list of texts")
        return list(value)

    def text(self, name: str) -> str:
        """A text."""
        return str(self._checked(name, str, "text"))

    def text_or(self, name: str, default: str) -> str:
        """A text, or the default where there is none: a field that older versions did not write."""
        return self.text(name) if name in self._fields else default

    def flag(self, name: str) -> bool:
        """True or false."""
        return bool(self._checked(name, bool, "true or false"))

    def whole(self, name: str) -> int:
        """A whole number."""
        return int(self._checked(name, int, "a whole number"))

    def optional_whole(self, name: str) -> int | None:
        """A whole number, or None where there is none."""
        if self._fields.get(name) is None:
            return None
        return int(self._checked(name, int, "a whole number or null"))

    def number(self, name: str) -> float:
        """A finite number."""
        value = self._checked(name, (int, float), "a number")
        if not abs(value) <= _LARGEST:
            raise UserError(f"the {self._what}'s {name} is {_shown(value)}; expected a finite number")
        return float(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """A latent vector's numbers, at least one."""
        values = self._fields.get(name)
        if not isinstance(values, list) or not values:
            raise UserError(f"the {self._what}'s {name} is missing; expected a list of numbers")
        for value in values:
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not abs(value) <= LARGEST_LATENT
            ):
                raise UserError(
                    f"the {self._what}'s {name} holds {_shown(value)}; expected numbers up to 1,000,000"
                )
        return tuple(float(value) for value in values)

    def rows(self, name: str, width: int) -> NDArray[np.float32]:
        """What `packed` gives, float32 (n, width), n from 0, all finite."""
        text = self._checked(name, str, "base64")
        try:
            data = base64.b64decode(text, validate=True)
        except ValueError:
            data = b"?"
        if len(data) % (4 * width):
            raise UserError(f"the {self._what}'s {name} is damaged; expected rows of {width} numbers, base64")
        rows = np.frombuffer(data, "<f4").reshape(-1, width).astype(np.float32)
        if unfit := unfit_latents(rows):
            raise UserError(f"the {self._what}'s {name} {unfit}")
        return rows

    def _checked(self, name: str, kind: type | tuple[type, ...], expected: str) -> Any:
        value = self._fields.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UserError(f"the {self._what}'s {name} is {_shown(value)}; expected {expected}")
        return value


def packed(rows: NDArray[np.float32]) -> str:
    """Numbers as little-endian float32 in base64: a third of their decimals, and read back to the bit."""
    return base64.b64encode(np.ascontiguousarray(rows, "<f4").tobytes()).decode("ascii")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
