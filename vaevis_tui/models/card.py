"""The model card, ``model.toml``: what a model is, on what it was trained, and what it cannot do."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.limits import MAX_IMAGE_SIDE, MAX_LATENT_DIM
from vaevis_tui.text import one_line

FORMAT = 1
"""The one format of a bundle so far; a reader refuses any other."""

MAX_CARD_BYTES = 1 << 20
"""A card is a page of text; a megabyte of it is no card."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What ``model.toml`` says.

    Attributes:
        name: Short name, as in the catalog.
        title: One line for people.
        summary: What the pictures show.
        version: Of these weights.
        limits: What the model cannot do.
        data_name: The data set it was trained on.
        data_licence: Licence of the data.
        data_attribution: Whom to credit for the data.
        data_url: Where the data comes from.
        latent_dim: Length d of a latent vector.
        image_height: Pixels.
        image_width: Pixels.
        channels: 1 or 3.
        value_range: Values of the decoder's output that are black and white, None: they are inferred.
        parameters: Number of weights of the decoder.
        multiply_adds: Of one decode.
        precision: How the weights are stored, e.g. ``"float16"``.
        decoder_bytes: Size of decoder.onnx.
        training: The recipe, a free table.
        figures: What evaluation printed, by name.
    """

    name: str
    title: str
    summary: str
    version: str
    limits: str
    data_name: str
    data_licence: str
    data_attribution: str
    data_url: str
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    value_range: tuple[float, float] | None
    parameters: int
    multiply_adds: int
    precision: str
    decoder_bytes: int
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float | str] = field(default_factory=dict)


def read_card(path: Path) -> ModelCard:
    """Read and validate a ``model.toml``.

    Raises:
        UserError: the file cannot be read, is not TOML, or a field is missing, of another type or out of
            range.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CARD_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    if len(data) > MAX_CARD_BYTES:
        raise UserError(f"{path}: larger than {MAX_CARD_BYTES} bytes; a model card is a page of text")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise UserError(f"{path}: not TOML: {one_line(error)}") from None
    return _card(_Reader(path, table))


class _Reader:
    """Takes typed values out of a table and names the field that is wrong."""

    def __init__(self, path: Path, table: Mapping[str, Any], prefix: str = "") -> None:
        self._path = path
        self._table = table
        self._prefix = prefix

    def fail(self, key: str, problem: str) -> UserError:
        return UserError(f"{self._path}: {self._prefix}{key} {problem}")

    def _value(self, key: str) -> Any:
        if key not in self._table:
            raise self.fail(key, "is missing")
        return self._table[key]

    def names(self) -> list[str]:
        """The keys of a free table, which are shown too."""
        if not all(key.isprintable() for key in self._table):
            raise self.fail("a name", "holds control characters; plain text is supported")
        return list(self._table)

    def section(self, key: str) -> _Reader:
        return _Reader(self._path, self.table(key), f"[{key}] ")

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            raise self.fail(f"[{key}]", "must be a table")
        return value

    def text(self, key: str) -> str:
        """A string without control characters, which would reach the terminal as commands."""
        value = self._value(key)
        if not isinstance(value, str):
            raise self.fail(key, f"must be a string, not {one_line(repr(value), 40)}")
        if any(not (c.isprintable() or c in "\n\t") for c in value):
            raise self.fail(key, "holds control characters; plain text is supported")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            shown = one_line(repr(value), 40)
            raise self.fail(key, f"must be a whole number from {low} to {high}, not {shown}")
        return value

    def number(self, key: str) -> float | str:
        value = self._value(key)
        if isinstance(value, str):
            return self.text(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, f"must be a number or a string, not {one_line(repr(value), 40)}")
        return value

    def pair(self, key: str) -> tuple[float, float] | None:
        """Two finite numbers, the first below the second; None where there are none."""
        value = self._table.get(key)
        if value is None:
            return None
        if (
            isinstance(value, list | tuple)
            and len(value) == 2
            and all(type(v) in (int, float) and math.isfinite(v) for v in value)
            and value[0] < value[1]
        ):
            return float(value[0]), float(value[1])
        raise self.fail(
            key, f"must be two numbers, black before white, e.g. [0, 1], not {one_line(repr(value), 40)}"
        )


_MANY = 10**15
"""Bound of counts; larger is a mistake or malice."""


def _card(top: _Reader) -> ModelCard:
    top.integer("format", FORMAT, FORMAT)
    data, image, decoder = top.section("data"), top.section("image"), top.section("decoder")
    figures = top.section("figures")
    channels = image.integer("channels", 1, 3)
    if channels == 2:
        raise image.fail("channels", "must be 1 or 3, not 2")
    return ModelCard(
        name=top.text("name"),
        title=top.text("title"),
        summary=top.text("summary"),
        version=top.text("version"),
        limits=top.text("limits"),
        data_name=data.text("name"),
        data_licence=data.text("licence"),
        data_attribution=data.text("attribution"),
        data_url=data.text("url"),
        latent_dim=top.section("latent").integer("size", 1, MAX_LATENT_DIM),
        image_height=image.integer("height", 1, MAX_IMAGE_SIDE),
        image_width=image.integer("width", 1, MAX_IMAGE_SIDE),
        channels=channels,
        value_range=image.pair("value_range"),
        parameters=decoder.integer("parameters", 0, _MANY),
        multiply_adds=decoder.integer("multiply_adds", 0, _MANY),
        precision=decoder.text("precision"),
        decoder_bytes=decoder.integer("bytes", 1, _MANY),
        training=top.table("training"),
        figures={key: figures.number(key) for key in figures.names()},
    )
