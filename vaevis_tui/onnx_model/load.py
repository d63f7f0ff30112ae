"""Decoders of unknown origin: read, checked and adapted once, before anything large is allocated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.onnx_model.adapter.decisions import (
    Decisions,
    keep_decisions,
    keep_options,
    recall_decisions,
    recall_options,
)
from vaevis_tui.onnx_model.adapter.decoder import adapt_decoder
from vaevis_tui.onnx_model.adapter.inputs import inputs_of
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.checked import CheckedModel
from vaevis_tui.onnx_model.node import Shape, UnsupportedError
from vaevis_tui.onnx_model.read import digest_of, naming, read_model
from vaevis_tui.onnx_model.trace import trace

if TYPE_CHECKING:
    import onnx


def load_decoder(
    path: Path, options: AdapterOptions | None = None, decisions: Decisions | None = None
) -> CheckedModel:
    """Read, check and adapt a decoder.

    Args:
        path: The .onnx file.
        options: What is known of it, as from a card; what a person said of the file (`override`) goes before.
        decisions: What was found by trying it; None: what is remembered of it, else it is tried.

    Raises:
        UserError: the file cannot be read or is not such a decoder, or an option does not fit it; the text
            names the operator, the field or the option, and what is supported.
    """
    digest = digest_of(path)
    return _load(path, digest, (options or AdapterOptions()).merged(recall_options(digest)), decisions)


def _load(path: Path, digest: str, said: AdapterOptions, decisions: Decisions | None) -> CheckedModel:
    known = decisions or recall_decisions(digest, said)
    with naming(path):
        model, notes = read_model(path)
        found = adapt_decoder(model, said, path, notes, known)
    if known is None:
        keep_decisions(digest, said, found.decisions)
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


def load_encoder(path: Path, image_shape: Shape, dim: int) -> onnx.ModelProto:
    """Read and check an encoder.

    Args:
        path: The .onnx file.
        image_shape: Channels, height and width of its images.
        dim: Length of its means.

    Returns:
        Its graph with its weights: one input (n, *image_shape), and the means (n, dim) as its first output.

    Raises:
        UserError: the file cannot be read or is not such an encoder.
    """
    with naming(path):
        model, _ = read_model(path)
        inputs = inputs_of(model.graph)
        if len(inputs) != 1 or inputs[0].data_type != 1:
            raise UnsupportedError(f"{len(inputs)} inputs; one image {image_shape} of float32 is supported")
        if not model.graph.output:
            raise UnsupportedError(f"no output; the mean, 1x{dim} for one image, is expected")
        found = trace(model, inputs[0].name, (1, *image_shape)).shape(model.graph.output[0].name)
        if found != (1, dim):
            raise UnsupportedError(
                f"its first output has shape {'x'.join(map(str, found)) or 'scalar'} for one image; "
                f"the mean, 1x{dim}, is expected"
            )
        return model
