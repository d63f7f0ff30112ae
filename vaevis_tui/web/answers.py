"""What Python answers a page whose decoder it is, be it over a socket or in a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from vaevis_tui.engine.decoder import Decoder, DecoderInfo
from vaevis_tui.errors import EngineError
from vaevis_tui.latent.arrays import unfit_latents
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.web.arrays import ArrayFile
from vaevis_tui.web.export import model_record
from vaevis_tui.web.plans import MAX_BATCH


def live_model(bundle: Bundle, decoder: Decoder, address: str) -> tuple[dict[str, Any], bytes]:
    """A model without weights as the page wants it, record and arrays.

    Args:
        bundle: The model.
        decoder: An open decoder of it.
        address: Where the page finds it: of a WebSocket, or ``"notebook"``.
    """
    arrays = ArrayFile()
    record = model_record(bundle, decoder, arrays)
    record |= {"live": address, "entries": [asdict(entry) for entry in arrays.entries]}
    return record, arrays.pack()


def greeting(info: DecoderInfo) -> Mapping[str, str]:
    """What decodes, which the page is told first."""
    return {"device": info.adapter, "detail": f"{info.backend}, {info.precision}"}


def answer(decoder: Decoder, data: bytes) -> bytes | str:
    """Decode what a page asks for.

    Args:
        decoder: Used here alone for so long.
        data: The request's number, uint32, and latents, float32 (n, d), little endian.

    Returns:
        The number and images, uint8 (n, h, w, 3); or why there are none, as JSON.
    """
    dim = decoder.info.latent_dim
    if len(data) <= 4 or (len(data) - 4) % (4 * dim):
        return error("the request does not hold whole latents")
    z = np.frombuffer(data, "<f4", offset=4).reshape(-1, dim)
    if len(z) > MAX_BATCH:
        return error(f"the request has {len(z)} latents; {MAX_BATCH} at most are expected")
    if unfit := unfit_latents(z):
        return error(f"z {unfit}")
    try:
        images = decoder.decode(z)
    except EngineError as failure:
        return error(f"decoding failed: {failure}")
    return data[:4] + np.ascontiguousarray(images).tobytes()


def error(text: str) -> str:
    """One line for the page."""
    return json.dumps({"error": text})
