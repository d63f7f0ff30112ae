"""Export of a model as a page: a folder for a web server, or one file that opens by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import check_folder, write_files
from vaevis_tui.export.png import encode_png
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.models.card import ModelCard, figure_name
from vaevis_tui.models.identity import decoder_hash
from vaevis_tui.web.arrays import ArrayFile
from vaevis_tui.web.measure import WeightsError, measure_weights
from vaevis_tui.web.ort import OrtSource
from vaevis_tui.web.page import page_files, single_page
from vaevis_tui.web.plans import UnsupportedGraph, WebPlans, Weights, make_web_plans, plan_record
from vaevis_tui.web.space_record import space_record

COMPARED = 32
"""Images by which it is measured what storing the weights in fewer bits costs."""

TOLERANCE = 3
"""Levels of 255 by which a correct decoder may differ from this machine's, beside what its weights cost."""


@dataclass(frozen=True, slots=True)
class WebModel:
    """A model made ready for browsers.

    Attributes:
        record: Everything but numbers, as JSON.
        data: The numbers.
        onnx: The decoder as the CPU path takes it; None where there is none.
        error: What the page's weights cost; None where it could not be measured.
        notes: What a person should know of it, one sentence each.
    """

    record: dict[str, Any]
    data: bytes
    onnx: bytes | None
    error: WeightsError | None
    notes: tuple[str, ...]


def make_web_model(
    bundle: Bundle,
    decoder: Decoder,
    *,
    weights: Weights = "int12",
    ort: OrtSource | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> WebModel:
    """Prepare a model for the page.

    Args:
        bundle: The model.
        decoder: An open decoder of it.
        weights: How the page's weights are stored.
        ort: Where the CPU path comes from; without, the page needs WebGPU.
        progress: Is told what is being done.

    Raises:
        UserError: The model needs a CPU path, and none was given.
    """
    notes: list[str] = []
    plans = None
    error = None
    checked = bundle.fixed_decoder()
    arrays = ArrayFile()
    space = bundle.space
    try:
        progress("lowering the decoder to WGSL")
        plans = make_web_plans(checked, weights)
    except UnsupportedGraph as reason:
        if ort is None:
            raise UserError(
                f"WebGPU cannot run this model: {reason}; give the page a CPU path with --ort"
            ) from None
        notes.append(f"The page runs on the CPU alone: {reason}.")
    if bundle.settings:
        names = ", ".join(each.name for each in bundle.settings)
        notes.append(f"The page has no rows for {names}: it shows what is set now (--set NAME=VALUE).")
    tolerance = TOLERANCE
    if plans is not None:
        progress("comparing the page's weights with the model's")
        z = space.sample(0, COMPARED)
        error = measure_weights(plans, z, decoder.decode(z))
        tolerance += 2 * error.largest if error is not None else 0 if weights == "float32" else 24
    progress("measuring what each axis does")
    record = model_record(bundle, decoder, arrays)
    if plans is not None:
        record["plans"] = _plans(plans, arrays)
        record["weights"] = weights
    record |= {"tolerance": tolerance, "ort": None if ort is None else ort.record()}
    record["entries"] = [asdict(entry) for entry in arrays.entries]
    progress("packing")
    onnx = checked.model.SerializeToString() if ort is not None else None
    return WebModel(record, arrays.pack(), onnx, error, tuple(notes))


def model_record(bundle: Bundle, decoder: Decoder, arrays: ArrayFile) -> dict[str, Any]:
    """A model without its weights: what the page shows of it, and its latent space."""
    first = decoder.decode(bundle.space.first_look[None])[0]
    return {
        "format": 1,
        "program": "vaevis-tui",
        "name": bundle.name,
        "reference": bundle.path.name if bundle.shipped else bundle.name,
        "version": bundle.card.version if bundle.card else "",
        "hash": decoder_hash(bundle),
        "height": bundle.image_height,
        "width": bundle.image_width,
        "channels": bundle.channels,
        "parameters": bundle.parameters,
        "multiplyAdds": bundle.multiply_adds,
        "notes": list(bundle.notes),
        "card": None if bundle.card is None else _card(bundle.card),
        "space": space_record(bundle.space, decoder, arrays),
        "poster": "data:image/png;base64," + base64.b64encode(encode_png(first, 1, {})).decode(),
        "expected": arrays.add(np.ascontiguousarray(first), "uint8"),
        "tolerance": TOLERANCE,
        "weights": "",
        "plans": None,
        "ort": None,
        "live": None,
    }


def folder_files(model: WebModel, ort: OrtSource | None) -> dict[str, bytes]:
    """The page as files, by path."""
    parts: dict[str, bytes] = {}
    if ort is not None and model.onnx is not None:
        parts = {"decoder.onnx": model.onnx, **ort.files()}
    return page_files(model.record, model.data, parts)


def single_file(model: WebModel, ort: OrtSource | None) -> bytes:
    """The page as one file, in UTF-16 with a byte order mark, which outweighs any charset a server names."""
    parts: dict[str, bytes] = {}
    if ort is not None and model.onnx is not None:
        parts = {"ort-model": model.onnx, **ort.blocks()}
    return ("\ufeff" + single_page(model.record, model.data, parts)).encode("utf-16-le")


def check_page_folder(folder: Path, *, force: bool) -> None:
    """See that a page can be written into a folder, before it is made.

    Raises:
        UserError: It is none, or holds something already and `force` is not set.
    """
    check_folder(folder)
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise UserError(f"{folder} is not empty; name another folder, or write into it with --force")


def write_folder(folder: Path, files: Mapping[str, bytes], *, force: bool) -> None:
    """Write a page; nothing else in the folder is touched.

    Raises:
        UserError: The folder holds something already and `force` is not set, or it cannot be written.
    """
    check_page_folder(folder, force=force)
    write_files(folder, files.items())


def _plans(plans: WebPlans, arrays: ArrayFile) -> dict[str, Any]:
    return {
        "gpu": plan_record(plans.gpu, plans.weights, arrays),
        "software": plan_record(plans.software, plans.weights, arrays),
    }


def _card(card: ModelCard) -> dict[str, Any]:
    return {
        "title": card.title,
        "summary": card.summary,
        "limits": card.limits,
        "version": card.version,
        "data": {
            "name": card.data_name,
            "licence": card.data_licence,
            "attribution": card.data_attribution,
            "url": card.data_url,
        },
        "figures": [
            [figure_name(name), str(figure)]
            for name, figure in card.figures.items()
            if len(str(figure)) <= 80
        ],
    }
