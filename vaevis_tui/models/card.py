"""The model card, ``model.toml``: what a model is, on what it was trained, and what it cannot do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.limits import MAX_IMAGE_SIDE, MAX_LATENT_DIM
from vaevis_tui.reading import read_at_most
from vaevis_tui.text import one_line

FORMAT = 1
"""The one format of a bundle so far; a reader refuses any other."""

MAX_CARD_BYTES = 1 << 20
"""A card is a page of text; a megabyte of it is no card."""

MAX_DEPTH = 16
"""Parts of a key: each is a table in a table, and parsers take time and memory of their square."""

MAX_PROBLEMS = 12
"""Objections that are named at once."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What ``model.toml`` says; texts are empty and sizes are 0 where it says nothing.

    Attributes:
        name: Short name, as in the catalog.
        title: One line for people.
        summary: What the images show.
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
        value_range: Values of the decoder's output that are black and white; None: they are inferred.
        parameters: Number of weights of the decoder.
        multiply_adds: Of one decode.
        precision: How the weights are stored, e.g. ``"float16"``.
        decoder_bytes: Size of decoder.onnx.
        training: The recipe, a free table.
        figures: What evaluation printed, by name.
        options: What else it says of the decoder's inputs and outputs.
    """

    name: str = ""
    title: str = ""
    summary: str = ""
    version: str = ""
    limits: str = ""
    data_name: str = ""
    data_licence: str = ""
    data_attribution: str = ""
    data_url: str = ""
    latent_dim: int = 0
    image_height: int = 0
    image_width: int = 0
    channels: int = 0
    value_range: tuple[float, float] | None = None
    parameters: int = 0
    multiply_adds: int = 0
    precision: str = ""
    decoder_bytes: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float | str] = field(default_factory=dict)
    options: AdapterOptions = field(default_factory=AdapterOptions)


def read_card(path: Path) -> ModelCard:
    """Read and validate a ``model.toml``.

    Raises:
        UserError: the file cannot be read, is not TOML, or fields are of another type or out of range; the
            text names all of them.
    """
    try:
        data = read_at_most(path, MAX_CARD_BYTES, "a model card is a page of text")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    try:
        table = parse_toml(data.decode("utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not TOML: {one_line(error)}") from None
    problems: list[str] = []
    card = _card(_Reader(problems, table))
    if problems:
        more = f"; and {len(problems) - MAX_PROBLEMS} more" if len(problems) > MAX_PROBLEMS else ""
        raise UserError(f"{path}: {'; '.join(problems[:MAX_PROBLEMS])}{more}")
    return card


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML of anybody's; keys of many parts, each of which becomes a table in a table, are refused.

    Raises:
        ValueError: It is none, or nested too deep.
    """
    for line in text.splitlines():
        head, equals, _ = line.partition("=")
        if (equals or head.lstrip().startswith("[")) and head.count(".") > MAX_DEPTH:
            raise ValueError(f"a key has more than {MAX_DEPTH} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("lists or tables are nested too deep") from None


class _Reader:
    """Takes typed values out of a table, and notes which fields are wrong."""

    def __init__(self, problems: list[str], table: Mapping[str, Any], prefix: str = "") -> None:
        self._problems = problems
        self._table = table
        self._prefix = prefix

    def fail(self, key: str, problem: str) -> None:
        self._problems.append(f"{self._prefix}{key} {problem}")

    def names(self) -> list[str]:
        """The keys of a free table, which are shown too."""
        if not all(key.isprintable() for key in self._table):
            self.fail("a name", "holds control characters; plain text is supported")
            return []
        return list(self._table)

    def section(self, key: str) -> _Reader:
        return _Reader(self._problems, self.table(key), f"[{key}] ")

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            self.fail(f"[{key}]", "must be a table")
            return {}
        return value

    def free(self, key: str) -> Mapping[str, Any]:
        """A table of anything, dates as text and nothing that a terminal would obey."""
        table: Mapping[str, Any] = _plain(self.table(key))
        return table

    def text(self, key: str, default: str = "") -> str:
        """A string without control characters, which would reach the terminal as commands."""
        value = self._table.get(key, default)
        if not isinstance(value, str):
            self.fail(key, f"must be a string, not {one_line(repr(value), 40)}")
        elif any(not (c.isprintable() or c in "\n\t") for c in value):
            self.fail(key, "holds control characters; plain text is supported")
        else:
            return value
        return default

    def integer(self, key: str, low: int, high: int) -> int:
        if key not in self._table:
            return 0
        value = self._table[key]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(key, f"must be a whole number from {low} to {high}, not {one_line(repr(value), 40)}")
            return 0
        return value

    def flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            self.fail(key, f"must be true or false, not {one_line(repr(value), 40)}")
        return value is True

    def number(self, key: str) -> float | str:
        value = self._table[key]
        if isinstance(value, str):
            return self.text(key)
        good = isinstance(value, float) or (type(value) is int and abs(value) <= _MANY)
        if not good:
            self.fail(key, f"must be a number or a string, not {one_line(repr(value), 40)}")
            return 0.0
        return float(value) if isinstance(value, float) else int(value)

    def pair(self, key: str) -> tuple[float, float] | None:
        """Two finite numbers, the first below the second; None where there are none."""
        value = self._table.get(key)
        if value is None:
            return None
        if (
            isinstance(value, list)
            and len(value) == 2
            and all(type(v) in (int, float) and abs(v) <= _MANY for v in value)
            and value[0] < value[1]
        ):
            return float(value[0]), float(value[1])
        self.fail(
            key, f"must be two numbers, black before white, e.g. [0, 1], not {one_line(repr(value), 40)}"
        )
        return None


def _plain(value: Any) -> Any:
    """A value of a free table as JSON takes it and a terminal may show it."""
    if isinstance(value, dict):
        return {one_line(key, 80): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return "".join(c if c.isprintable() or c in "\n\t" else " " for c in value)
    if type(value) is int and abs(value) > _MANY:
        return one_line(hex(value), 40)
    return value if isinstance(value, bool | int | float) else str(value)


_MANY = 10**15
"""Bound of counts; larger is a mistake or malice."""


def _card(top: _Reader) -> ModelCard:
    top.integer("format", FORMAT, FORMAT)
    data, image, decoder = top.section("data"), top.section("image"), top.section("decoder")
    figures, latent = top.section("figures"), top.section("latent")
    channels = image.integer("channels", 1, 3)
    if channels == 2:
        image.fail("channels", "must be 1 or 3, not 2")
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
        latent_dim=latent.integer("size", 1, MAX_LATENT_DIM),
        image_height=image.integer("height", 1, MAX_IMAGE_SIDE),
        image_width=image.integer("width", 1, MAX_IMAGE_SIDE),
        channels=channels,
        value_range=image.pair("value_range"),
        parameters=decoder.integer("parameters", 0, _MANY),
        multiply_adds=decoder.integer("multiply_adds", 0, _MANY),
        precision=decoder.text("precision"),
        decoder_bytes=decoder.integer("bytes", 1, _MANY),
        training=top.free("training"),
        figures={key: figures.number(key) for key in figures.names()},
        options=_options(top),
    )


def _options(top: _Reader) -> AdapterOptions:
    """What a card says of its decoder, field by field, so that each is named that is wrong."""
    image, settings = top.section("image"), top.section("settings")
    found = AdapterOptions(settings=tuple((key, str(settings.number(key))) for key in settings.names()))
    for section, key in (
        (image, "range"),
        (image, "layout"),
        (top.section("decoder"), "output"),
        (top.section("latent"), "prior"),
    ):
        try:
            said: dict[str, Any] = {key: section.text(key) or None}
            found = replace(found, **said)
        except UserError as error:
            section.fail(key, f"is not understood: {error}")
    return replace(found, bgr=image.flag("bgr"))


_SPELLED = {
    **{name: name.upper() for name in ("elbo", "fd", "kid", "kl", "nll", "pca", "psnr", "rmse", "ssim")},
    **{"cb": "Cb", "cr": "Cr", "db": "dB", "top1": "top-1"},
}
"""Words of figures' names that are written otherwise."""


def figure_name(name: str) -> str:
    """E.g. ``psnr_db`` as people write it."""
    return " ".join(_SPELLED.get(word, word) for word in name.split("_"))
