"""Decoders of unknown origin: read, checked and adapted once, before anything large is allocated."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.decisions import (
    VERSION,
    Decisions,
    keep_options,
    recall,
    recall_options,
    remember,
)
from vaevis_tui.onnx_model.adapter.decoder import adapt_decoder
from vaevis_tui.onnx_model.adapter.encoder.decisions import EncoderDecisions
from vaevis_tui.onnx_model.adapter.encoder.encoder import CheckedEncoder, adapt_encoder
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.read import digest_of, naming, read_model


def load_decoder(
    path: Path,
    options: AdapterOptions | None = None,
    decisions: Decisions | None = None,
    *,
    controls: bool = True,
) -> CheckedModel:
    """Read, check and adapt a decoder.

    Args:
        path: The .onnx file.
        options: What is known of it, as from a card; what a person said of the file (`override`) goes before.
        decisions: What was found by trying it; None: what is remembered of it, else it is tried.
        controls: Whether what it takes beside z stays an input of it where that can be.

    Raises:
        UserError: the file cannot be read or is not such a decoder, or an option does not fit it; the text
            names the operator, the field or the option, and what is supported.
    """
    digest = digest_of(path)
    said = (options or AdapterOptions()).merged(recall_options(digest))
    return _load(path, digest, said, decisions, controls)


def _load(
    path: Path, digest: str, said: AdapterOptions, decisions: Decisions | None, controls: bool = True
) -> CheckedModel:
    key = f"{VERSION} {digest} {json.dumps(said.to_dict())}"
    known = decisions or recall("decoder", key, Decisions.from_dict)
    with naming(path):
        model, notes = read_model(path)
        found = adapt_decoder(model, said, path, notes, known, controls=controls)
    if known is None:
        remember("decoder", key, found.decisions.to_dict())
    return found


def override(path: Path, options: AdapterOptions) -> None:
    """Remember what a person says of a file, in this start and later ones; it goes before what is inferred.

    Raises:
        UserError: The file cannot be read, or what is said does not fit it; then nothing is remembered.
    """
    digest = digest_of(path)
    said = recall_options(digest).merged(options)
    _load(path, digest, said, None)
    keep_options(digest, said)


def load_encoder(path: Path, decoder: CheckedModel, z: NDArray[np.float32]) -> CheckedEncoder:
    """Read, check and adapt an encoder.

    Args:
        path: The .onnx file.
        decoder: Its decoder.
        z: Latent vectors (k, d) whose images it is tried on.

    Raises:
        UserError: the file cannot be read or is not such an encoder.
    """
    key = f"{VERSION} {digest_of(path)} {hashlib.sha256(decoder.model.SerializeToString()).hexdigest()}"
    known = recall("encoder", key, EncoderDecisions.from_dict)
    with naming(path):
        model, _ = read_model(path)
        found = adapt_encoder(model, decoder, z, path, known)
    if known is None:
        remember("encoder", key, found.decisions.to_dict())
    return found
