"""Decoders from strangers: an ONNX file is judged whole before anything large is allocated for it.

What passes is *normalised*, so that every backend sees the same kind of graph: one input (n, d), one output
(n, 1 or 3, h, w) with black at 0 and white at 1, no declarations that nobody uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError
from vaevis_tui.models.card import one_line

if TYPE_CHECKING:
    import onnx

MAX_FILE_BYTES = 512 << 20
"""A decoder for a terminal has some ten megabytes; this leaves room for the largest research models."""


@dataclass(frozen=True, slots=True)
class DecoderFile:
    """A decoder that was found sound.

    Attributes:
        model: The normalised graph with its weights.
        latent_dim: Length d of a latent vector.
        image_height: Pixels.
        image_width: Pixels.
        channels: 1 or 3.
        batched: Whether n latent vectors may be decoded at once; else one at a time.
        notes: What was taken for granted or adapted, for people, e.g. that -1..1 is taken as black to white.
    """

    model: onnx.ModelProto
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    batched: bool
    notes: tuple[str, ...] = ()


def read_decoder(path: Path) -> onnx.ModelProto:
    """The normalised graph of a decoder that passed every check; see `load_decoder`."""
    return load_decoder(path).model


def load_decoder(path: Path, value_range: tuple[float, float] | None = None) -> DecoderFile:
    """Read, judge and normalise a decoder.

    Args:
        path: The .onnx file.
        value_range: Output values of black and white. None: -1 and 1 if the graph ends in Tanh, else 0 and 1.

    Raises:
        UserError: the file cannot be read or is not such a decoder; the text names the operator or the field,
            and what is supported.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise UserError(f"{path}: {size} bytes; decoders up to {MAX_FILE_BYTES} bytes are supported")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError:
        raise UserError(f"{path}: not an ONNX file, or cut short") from None
    if not model.graph.node:
        raise UserError(f"{path}: not an ONNX file: it has no graph with operators")
    (latent,) = model.graph.input
    (image,) = model.graph.output
    dims = [d.dim_value for d in image.type.tensor_type.shape.dim]
    return DecoderFile(
        model=model,
        latent_dim=latent.type.tensor_type.shape.dim[1].dim_value,
        channels=dims[1],
        image_height=dims[2],
        image_width=dims[3],
        batched=True,
    )
