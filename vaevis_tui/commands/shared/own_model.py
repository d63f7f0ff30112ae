"""``--range``, ``--layout`` and the others: what a person says of a model's inputs and outputs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vaevis_tui.commands.shared.opening import model_name
from vaevis_tui.commands.shared.parser import SetVariable
from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.limits import LARGE, LIMITS_VARIABLE
from vaevis_tui.reading import typed_path

if TYPE_CHECKING:
    from vaevis_tui.onnx_model.adapter.options import AdapterOptions


def add_own_model(parser: argparse.ArgumentParser) -> None:
    """Options that go before what is inferred; they are remembered for the file."""
    group = parser.add_argument_group(
        "how a decoder of your own is read", "each is inferred; what you say is remembered until you say auto"
    )
    group.add_argument(
        "--range",
        dest="value_range",
        metavar="LOW..HIGH",
        help="values of black and white, as in -1..1 or 0..255; or logits, imagenet, auto-stretch",
    )
    group.add_argument(
        "--layout", metavar="AXES", help="axes of an image: CHW, HWC or HW; of a flat one its size: 64x64x3"
    )
    group.add_argument("--bgr", action="store_true", default=None, help="blue comes first")
    group.add_argument("--output", metavar="NAME", help="the output that is the image")
    group.add_argument(
        "--prior", metavar="KIND", help="of z: normal, uniform, uniform:0..1, sphere, or a deviation: 10"
    )
    group.add_argument(
        "--set",
        dest="settings",
        action="append",
        type=_setting,
        metavar="NAME=VALUE",
        help="another input: the number of a class, a seed of noise, a scale",
    )
    group.add_argument(
        "--large",
        action=SetVariable,
        variable=LIMITS_VARIABLE,
        const=LARGE,
        nargs=0,
        help="open a model that takes up to 16 times the memory and the work that are supported",
    )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"invalid setting {text!r}: expected NAME=VALUE, as in label=3")
    return name, value


def own_model_options(options: argparse.Namespace) -> AdapterOptions:
    """What was said.

    Raises:
        UserError: It is not understood.
    """
    from vaevis_tui.onnx_model.adapter.options import AdapterOptions

    said = {
        "range": getattr(options, "value_range", None),
        "layout": getattr(options, "layout", None),
        "bgr": getattr(options, "bgr", None),
        "output": getattr(options, "output", None),
        "prior": getattr(options, "prior", None),
        "settings": getattr(options, "settings", None),
    }
    return AdapterOptions.from_dict({key: value for key, value in said.items() if value})


def apply_own_model(options: argparse.Namespace) -> None:
    """Remember what was said about the model that is going to be opened.

    Raises:
        UserError: It is a shipped model, or an option is not understood or does not fit.
    """
    given = ("value_range", "layout", "bgr", "output", "prior", "settings")
    if not hasattr(options, "model") or not any(getattr(options, name, None) for name in given):
        return
    from vaevis_tui.models.bundle import DECODER
    from vaevis_tui.models.catalog import names
    from vaevis_tui.onnx_model.load import override

    said, name = own_model_options(options), model_name(options)
    if name in names():
        raise UserError(
            f"{name} is shipped: --range, --layout, --bgr, --output, --prior and --set are of your own models"
        )
    path = typed_path(name)
    override(path / DECODER if path.is_dir() else path, said)
