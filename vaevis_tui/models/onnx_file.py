"""Decoders from strangers: an ONNX file is judged whole before anything large is allocated for it.

What passes is *normalised*, so that every backend sees the same kind of graph: one input (n, d), one output
(n, 1 or 3, h, w) with black at 0 and white at 1, weights inside, nothing that is not needed to compute it.
"""

from __future__ import annotations

import math
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaevis_tui.errors import UserError
from vaevis_tui.models.card import MAX_IMAGE_SIDE, MAX_LATENT_DIM
from vaevis_tui.models.onnx_external import inline_weights
from vaevis_tui.models.onnx_operators import SUMS
from vaevis_tui.models.onnx_shapes import Shape, measure
from vaevis_tui.models.onnx_structure import UnsupportedError, check_structure, opset
from vaevis_tui.models.protobuf_scan import MalformedError, scan
from vaevis_tui.models.text import quoted

if TYPE_CHECKING:
    import onnx

MAX_FILE_BYTES = 512 << 20
"""A decoder for a terminal has some ten megabytes; this leaves room for the largest research models."""

_LAYOUT_OPERATORS = ("Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""What may stand between the last activation and the output without changing values."""


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
        parameters: Number of weights, small constants included.
        multiply_adds: Of one picture.
        notes: What was taken for granted, for people, e.g. that -1 is taken as black.
    """

    model: onnx.ModelProto
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    batched: bool
    parameters: int
    multiply_adds: int
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
    with _naming(path):
        return _normalise(_judged(path), value_range)


def load_encoder(path: Path, image_shape: Shape, dim: int) -> onnx.ModelProto:
    """Read and judge an encoder.

    Args:
        path: The .onnx file.
        image_shape: Channels, height and width of its pictures.
        dim: Length of its means.

    Returns:
        Its graph with its weights: one input (n, *image_shape), and the means (n, dim) as its first output.

    Raises:
        UserError: the file cannot be read or is not such an encoder.
    """
    with _naming(path):
        model = _judged(path)
        image = _only_input(model.graph, f"one picture (n, {', '.join(map(str, image_shape))})")
        if not model.graph.output:
            raise UnsupportedError(f"no output; the mean, 1x{dim} for one picture, is expected")
        _check_float(model.graph.output[0], "output")
        found = measure(model, image.name, (1, *image_shape)).output
        if found != (1, dim):
            raise UnsupportedError(
                f"its first output has shape {'x'.join(map(str, found)) or 'scalar'} for one picture; "
                f"the mean, 1x{dim}, is expected"
            )
        return model


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except (UnsupportedError, MalformedError) as error:
        raise UserError(f"{path}: {error}") from None
    except UnicodeError:
        raise UserError(f"{path}: not an ONNX file: a name in it is not UTF-8 text") from None


def _judged(path: Path) -> onnx.ModelProto:
    """A graph with its weights, of which everything but the shapes is known to be sound."""
    model = _parse(_read(path))
    inline_weights(model, path.parent, MAX_FILE_BYTES)
    check_structure(model)
    return model


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: not a file")  # opening a pipe would wait for who writes it
        if status.st_size > MAX_FILE_BYTES:
            raise UserError(f"{path}: larger than the {MAX_FILE_BYTES >> 20} MiB that are supported")
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None


def _parse(data: bytes) -> onnx.ModelProto:
    scan(data)
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError:
        raise MalformedError("not an ONNX file, or cut short") from None
    if not model.graph.node:
        raise MalformedError("not an ONNX file: it has no graph with operators")
    for named in (*model.opset_import, *model.graph.node):
        if named.domain == "ai.onnx":  # the long name of the standard operators, whose short name is empty
            named.domain = ""
    return model


def _normalise(model: onnx.ModelProto, value_range: tuple[float, float] | None) -> DecoderFile:
    latent = _only_input(model.graph, "one latent input (n, d)")
    image = _image_output(model.graph)
    dim, batched = _latent_size(latent)
    one = measure(model, latent.name, (1, dim))
    height, width, channels, channels_last = _image_size(image.name, one.output)
    batched = batched and _batches(model, latent.name, dim, one.output)
    parameters = sum(math.prod(tensor.dims) for tensor in model.graph.initializer)
    ending = _ending(model.graph)
    if value_range is None:
        value_range = (-1.0, 1.0) if ending == "Tanh" else (0.0, 1.0)
    _strip(model)
    name = image.name
    if channels_last:
        name = _append(model.graph, "Transpose", [name], perm=[0, 3, 1, 2])
    if value_range != (0.0, 1.0):
        name = _rescale(model.graph, name, value_range)
    _declare(model.graph, latent.name, (dim,), name, (channels, height, width), batched=batched)
    return DecoderFile(
        model=model,
        latent_dim=dim,
        image_height=height,
        image_width=width,
        channels=channels,
        batched=batched,
        parameters=parameters,
        multiply_adds=one.multiply_adds,
        notes=_notes(ending, value_range),
    )


def _only_input(graph: onnx.GraphProto, supported: str) -> onnx.ValueInfoProto:
    weights = {tensor.name for tensor in graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(quoted(value.name) for value in inputs[:8])
        raise UnsupportedError(f"{len(inputs)} inputs ({names}); {supported} is supported")
    _check_float(inputs[0], "input")
    return inputs[0]


def _image_output(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    if len(graph.output) != 1:
        names = ", ".join(quoted(value.name) for value in graph.output[:8])
        raise UnsupportedError(f"{len(graph.output)} outputs ({names}); one image output is supported")
    image: onnx.ValueInfoProto = graph.output[0]
    _check_float(image, "output")
    return image


def _check_float(value: onnx.ValueInfoProto, what: str) -> None:
    import onnx

    kind = value.type.tensor_type.elem_type
    if kind != onnx.TensorProto.FLOAT:
        known = onnx.TensorProto.DataType
        shown = (
            known.Name(kind) if value.type.HasField("tensor_type") and kind in known.values() else "no tensor"
        )
        raise UnsupportedError(
            f"{what} {quoted(value.name)} is of type {shown}; FLOAT (float32) is supported"
        )


def _latent_size(latent: onnx.ValueInfoProto) -> tuple[int, bool]:
    """Length d of the latent vector, and whether the first dimension is left open."""
    dims = latent.type.tensor_type.shape.dim
    shown = "x".join(str(d.dim_value) if d.HasField("dim_value") else d.dim_param or "?" for d in dims[:9])
    what = f"input {quoted(latent.name)} has shape {quoted(shown)}"
    if len(dims) != 2:
        raise UnsupportedError(f"{what}; one latent vector a row, (n, d), is supported")
    batch, size = dims
    if not (size.HasField("dim_value") and 1 <= size.dim_value <= MAX_LATENT_DIM):
        raise UnsupportedError(
            f"{what}; a latent size given as a number from 1 to {MAX_LATENT_DIM} is supported"
        )
    if batch.HasField("dim_value") and batch.dim_value != 1:
        raise UnsupportedError(f"{what}; a first dimension that is 1 or left open is supported")
    return size.dim_value, not batch.HasField("dim_value")


def _image_size(name: str, shape: Shape) -> tuple[int, int, int, bool]:
    """Height, width, channels, and whether the channels come last."""
    if len(shape) == 4 and shape[0] == 1:
        for channels, height, width, last in ((*shape[1:], False), (shape[3], shape[1], shape[2], True)):
            if channels in (1, 3) and 1 <= height <= MAX_IMAGE_SIDE and 1 <= width <= MAX_IMAGE_SIDE:
                return height, width, channels, last
    hint = ""
    if len(shape) == 4 and shape[0] > 1:
        hint = f"; it seems to be exported for {shape[0]} latent vectors at once, one is right"
    raise UnsupportedError(
        f"output {quoted(name)} has shape {'x'.join(map(str, shape)) or 'scalar'} for one latent vector; "
        f"an image (1, 1 or 3, height, width) with sides up to {MAX_IMAGE_SIDE} is supported{hint}"
    )


def _batches(model: onnx.ModelProto, latent: str, dim: int, shape: Shape) -> bool:
    """Whether two latent vectors give two images; a graph may promise it and have 1 written inside."""
    try:
        return measure(model, latent, (2, dim)).output == (2, *shape[1:])
    except UnsupportedError:
        return False


def _ending(graph: onnx.GraphProto) -> str:
    """The operator that gives the output its values."""
    writers = {name: node for node in graph.node for name in node.output}
    node = writers.get(graph.output[0].name)
    while node is not None and node.op_type in _LAYOUT_OPERATORS:
        node = writers.get(node.input[0])
    return "" if node is None else node.op_type


def _notes(ending: str, value_range: tuple[float, float]) -> tuple[str, ...]:
    if value_range != (0.0, 1.0):
        low, high = value_range
        return (f"its values {low:g} to {high:g} are shown as black to white",)
    if ending in SUMS:
        return (f"it ends in {ending}, not in Sigmoid or Tanh: values are clipped to 0..1",)
    return ()


def _strip(model: onnx.ModelProto) -> None:
    """Take away what no backend reads: declared shapes, documentation, metadata, unused operator sets."""
    version = opset(model).version
    _keep(model, "ir_version", "graph")
    model.opset_import.add(domain="", version=version)
    model.ir_version = max(model.ir_version, 4)  # the first in which initializers need not be inputs too
    _keep(model.graph, "node", "initializer", "input", "output")
    model.graph.name = "decoder"
    for node in model.graph.node:
        _keep(node, "input", "output", "name", "op_type", "attribute")


def _keep(message: Any, *fields: str) -> None:
    """Clear all other fields of a protobuf message."""
    for field in message.DESCRIPTOR.fields_by_name:
        if field not in fields:
            message.ClearField(field)


def _append(graph: onnx.GraphProto, operator: str, inputs: list[str], **attributes: Any) -> str:
    """Add an operator at the end and return the name of its output."""
    from onnx import helper

    name = _new_name(graph, operator.lower())
    graph.node.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
    return name


def _rescale(graph: onnx.GraphProto, name: str, value_range: tuple[float, float]) -> str:
    """Map black to 0 and white to 1."""
    from onnx import TensorProto, helper

    low, high = value_range
    for operator, number in (("Mul", 1 / (high - low)), ("Add", -low / (high - low))):
        constant = _new_name(graph, f"{operator.lower()}.constant")
        graph.initializer.append(helper.make_tensor(constant, TensorProto.FLOAT, [1], [number]))
        name = _append(graph, operator, [name, constant])
    return name


def _new_name(graph: onnx.GraphProto, wish: str) -> str:
    taken = {name for node in graph.node for name in node.output}
    taken |= {value.name for value in (*graph.initializer, *graph.input)}
    name = f"normalised.{wish}"
    while name in taken:
        name += "_"
    return name


def _declare(
    graph: onnx.GraphProto, latent: str, latent_shape: Shape, image: str, image_shape: Shape, *, batched: bool
) -> None:
    """Write down the one input and the one output with their sizes."""
    from onnx import TensorProto, helper

    batch = "n" if batched else 1
    graph.ClearField("input")
    graph.ClearField("output")
    graph.input.append(helper.make_tensor_value_info(latent, TensorProto.FLOAT, [batch, *latent_shape]))
    graph.output.append(helper.make_tensor_value_info(image, TensorProto.FLOAT, [batch, *image_shape]))
