"""What was decided about a model file, cached so that the file need not be tried again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.image_output.values import ValueMap
from vaevis_tui.onnx_model.adapter.options import AdapterOptions

T = TypeVar("T")

VERSION = 2
"""Version of the decisions; those of another version are ignored."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What trying a decoder showed.

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


def _cache_file(kind: str, key: str) -> Path:
    return cache_folder() / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def recall(kind: str, key: str, parse: Callable[[dict[str, Any]], T]) -> T | None:
    """What `remember` kept under a kind and key; None if there is nothing, or it cannot be parsed."""
    data = read_own(_cache_file(kind, key))
    try:
        return None if data is None else parse(json.loads(data))
    except (ValueError, TypeError, KeyError, UserError):
        return None


def remember(kind: str, key: str, fields: Mapping[str, Any]) -> None:
    """Keep JSON fields under a kind and key."""
    keep(_cache_file(kind, key), json.dumps(fields).encode())


_GIVEN: dict[str, AdapterOptions] = {}
"""Options given in this process, in case the cache folder cannot be written."""


def recall_options(digest: str) -> AdapterOptions:
    """The options last given for a file, in this process or an earlier one."""
    if digest in _GIVEN:
        return _GIVEN[digest]
    return recall("options", digest, AdapterOptions.from_dict) or AdapterOptions()


def keep_options(digest: str, options: AdapterOptions) -> None:
    """Remember the options given for a file."""
    _GIVEN[digest] = options
    remember("options", digest, options.to_dict())
