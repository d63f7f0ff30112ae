"""``model.toml`` written: what follows from the model is filled in, the rest is left to its maker."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from vaevis_tui.models.card import FORMAT
from vaevis_tui.onnx_model.adapter.checked import CheckedModel

_TO_FILL_IN = {
    "summary": "what the pictures show",
    "limits": "what the model cannot do",
}


def card_text(
    name: str, title: str, decoder: CheckedModel, figures: Mapping[str, float | str], data: str = ""
) -> str:
    """A model card as TOML.

    Args:
        name: Short name.
        title: One line for people.
        decoder: The decoder.
        figures: What was measured, by name.
        data: Name of the data; empty where it is not known.
    """
    options = decoder.options
    lines = [f"format = {FORMAT}", f"name = {_text(name)}", f"title = {_text(title or name)}"]
    lines += [f'{key} = ""  # {what}' for key, what in _TO_FILL_IN.items()]
    lines += ['version = "1"', "", "[data]", f"name = {_text(data)}", 'licence = ""', 'attribution = ""']
    lines += ['url = ""', "", "[latent]", f"size = {decoder.latent_dim}"]
    if options.prior:
        lines.append(f"prior = {_text(options.prior)}")
    lines += ["", "[image]", f"height = {decoder.image_height}", f"width = {decoder.image_width}"]
    lines.append(f"channels = {decoder.channels}")
    if options.range:
        lines.append(f"range = {_text(options.range)}  # values of black and white")
    if options.layout:
        lines.append(f"layout = {_text(options.layout)}")
    if options.bgr:
        lines.append("bgr = true")
    lines += ["", "[decoder]"]
    if options.output:
        lines.append(f"output = {_text(options.output)}")
    lines += [f"parameters = {decoder.parameters}", f"multiply_adds = {decoder.multiply_adds}"]
    if options.settings:
        lines += ["", "[settings]", *(f"{_text(key)} = {_text(value)}" for key, value in options.settings)]
    lines += ["", "[figures]", *(f"{_text(key)} = {_number(value)}" for key, value in figures.items())]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A TOML basic string: those of JSON are, but for the one control character that JSON leaves."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float | str) -> str:
    if isinstance(value, str) or not math.isfinite(value):
        return _text(str(value))
    return repr(round(float(value), 4))
