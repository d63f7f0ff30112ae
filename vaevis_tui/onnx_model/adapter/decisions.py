"""What was found by trying a model, so that the same file need not be tried again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.adapter.values import ValueMap

VERSION = 2
"""Of what is decided how; what an older program decided is decided anew."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What trying a decoder told.

    Attributes:
        values: What is black and white.
        layout: Which of the ways to read its output was taken.
        batched: Whether several latent vectors give what they give one by one.
        problem: What is wrong with its images, for people; or nothing.
        repeat: Whether a batch that is written into the graph has to be filled; None where there is none.
    """

    values: ValueMap | None = None
    layout: int = 0
    batched: bool | None = None
    repeat: bool | None = None
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            TypeError, ValueError, KeyError: The fields are not those.
        """
        values = fields["values"]
        if values is not None:
            values = ValueMap(
                tuple(float(v) for v in values["low"]),
                tuple(float(v) for v in values["high"]),
                bool(values["sigmoid"]),
                str(values["because"]),
            )
        return cls(values, int(fields["layout"]), fields["batched"], fields["repeat"], str(fields["problem"]))


def place(kind: str, key: str) -> Path:
    """Where something is kept that was found out by a key."""
    return cache_folder() / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def recall_decisions(digest: str, options: AdapterOptions) -> Decisions | None:
    """What was decided about a file before, by its digest; None where nothing was."""
    data = read_own(place("decoder", f"{VERSION} {digest} {json.dumps(options.to_dict())}"))
    if data is None:
        return None
    try:
        return Decisions.from_dict(json.loads(data))
    except (ValueError, TypeError, KeyError):
        return None


def keep_decisions(digest: str, options: AdapterOptions, decisions: Decisions) -> None:
    """Remember what was decided about a file."""
    where = place("decoder", f"{VERSION} {digest} {json.dumps(options.to_dict())}")
    keep(where, json.dumps(decisions.to_dict()).encode())


_SAID: dict[str, AdapterOptions] = {}
"""What was said in this process, where the cache folder cannot be written."""


def recall_options(digest: str) -> AdapterOptions:
    """What was said about a file, in this start or an earlier one."""
    if digest in _SAID:
        return _SAID[digest]
    data = read_own(place("options", digest))
    try:
        return AdapterOptions() if data is None else AdapterOptions.from_dict(json.loads(data))
    except (ValueError, TypeError, KeyError, UserError):
        return AdapterOptions()


def keep_options(digest: str, options: AdapterOptions) -> None:
    """Remember what was said about a file."""
    _SAID[digest] = options
    keep(place("options", digest), json.dumps(options.to_dict()).encode())
