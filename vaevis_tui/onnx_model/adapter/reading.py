"""What a graph's inputs and outputs are: shapes for one latent vector, and an output that is an image."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.image_output.layout import Layout, layouts
from vaevis_tui.onnx_model.adapter.latent_input.inputs import Input, Roles, assign_roles, inputs_of
from vaevis_tui.onnx_model.adapter.latent_input.latent import concrete_shapes
from vaevis_tui.onnx_model.adapter.latent_input.sizes import bind_sizes, guesses, size_inputs, size_problem
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.edit import FLOAT, prune
from vaevis_tui.onnx_model.extra_inputs import ExtraInput
from vaevis_tui.onnx_model.limits import MAX_IMAGE_SIDE, MAX_LATENT_DIM
from vaevis_tui.onnx_model.node import Shape, UnsupportedError, label, reads
from vaevis_tui.onnx_model.shape_inference import Trace, trace_all
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx

_IMAGE = re.compile(r"image|img|recon|rgb|sample|mean|x_?hat|^x$", re.I)
_NO_IMAGE = re.compile(r"feat|mask|logit|var|std|scale|depth|alpha|aux|hidden|embed|attention", re.I)
"""Names of outputs that are the image, and of those beside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Inputs with their shapes for one latent vector, and an output that is an image.

    Attributes:
        shapes: Of all inputs.
        walk: The graph walked for them.
        output: Name of the image.
        layouts: How it may be read, the likeliest first.
        note: Which output was taken, for people; empty where there is one.
        batch: Latent vectors that the graph takes at once and no fewer; 1 where it takes any number.
    """

    shapes: dict[str, Shape]
    walk: Trace
    output: str
    layouts: list[Layout]
    batch: int
    note: str = ""


def choose_output(model: onnx.ModelProto, requested: str | None) -> None:
    """Leave the output that was asked for, where one was.

    Raises:
        UnsupportedError: There is no output.
        UserError: There is none of that name.
    """
    graph = model.graph
    names = [value.name for value in graph.output]
    if not names:
        raise UnsupportedError("it has no output; an image is expected")
    if requested is not None:
        if requested not in names:
            known = ", ".join(map(quoted, names[:8]))
            raise UserError(f"--output {one_line(requested, 40)}: no such output; it has {known}")
        prune(graph, [requested])


def _images(
    model: onnx.ModelProto, walk: Trace, batch: int, requested: str | None
) -> Iterator[tuple[str, list[Layout]]]:
    """Outputs that may be read as images."""
    for value in model.graph.output:
        shape = walk.shape(value.name)
        if batch > 1 and shape[:1] == (batch,):
            shape = (1, *shape[1:])
        elif batch > 1:
            continue
        found = layouts(shape, requested)
        if found:
            yield value.name, found


def read_with_sizes(
    model: onnx.ModelProto, options: AdapterOptions
) -> tuple[Reading, Roles, list[ExtraInput]]:
    """Read a graph, once inputs that say how large its tensors are have become constants of it.

    Returns:
        What it is, what its other inputs are for, and what those were set to.

    Raises:
        UnsupportedError: It has no input to explore, or makes no image.
        UserError: An option does not fit it.
    """
    items = size_inputs(model.graph)
    problem = None
    for sizes in guesses(items, options):
        bind_sizes(model.graph, items, sizes)
        roles = assign_roles(model.graph)
        try:
            reading = read_graph(model, roles, options.layout)
            if items:
                _check_reshapes(reading.walk)
        except UnsupportedError as error:
            problem = problem or (UnsupportedError(size_problem(sizes, error)) if items else error)
        else:
            return reading, roles, sizes
    assert problem is not None
    raise problem


def _check_reshapes(walk: Trace) -> None:
    """Refuse a reshape that a guessed size makes impossible, which shapes alone do not tell.

    A file with a batch written into it has such reshapes, too; what is wrong there is said elsewhere.
    """
    for node in walk.nodes:
        if node.kind == "Reshape":
            before, after = walk.shape(node.inputs[0]), walk.shape(node.outputs[0])
            if math.prod(before) != math.prod(after):
                raise UnsupportedError(f"{label(node)} cannot make {shown(after)} of {shown(before)}")


def read_graph(model: onnx.ModelProto, roles: Roles, requested: str | None = None) -> Reading:
    """Find shapes of the inputs for which an output is an image.

    Args:
        model: The graph.
        roles: What its inputs are for.
        requested: What ``--layout`` says.

    Raises:
        UnsupportedError: There are none.
    """
    every = [*roles.latents, *(item for item, _ in roles.settings)]
    types = {item.name: item.data_type for item in every}
    problem, small = None, None
    for shapes in concrete_shapes(model, every):
        try:
            walk = trace_all(model, {name: (types[name], shapes[name]) for name in types})
        except UnsupportedError as error:
            problem = problem or error
            continue
        reading = _reading(model, roles, shapes, walk, requested)
        if reading is None:
            problem = problem or _no_image(model, roles, walk, requested)
        elif max(reading.layouts[0].height, reading.layouts[0].width) >= 16 or _closed(every):
            return reading
        else:
            small = small or reading
    if small is not None:
        return small
    raise problem or UnsupportedError("the sizes of its inputs are left open and cannot be guessed")


def _reading(
    model: onnx.ModelProto, roles: Roles, shapes: dict[str, Shape], walk: Trace, requested: str | None
) -> Reading | None:
    batches = {shapes[item.name][0] for item in roles.latents if len(shapes[item.name]) > 1}
    batch = max(batches, default=1)
    found = [(name, ways, batch) for name, ways in _images(model, walk, batch, requested)]
    if not found and batch > 1:  # what looks like a batch may be channels
        found = [(name, ways, 1) for name, ways in _images(model, walk, 1, requested)]
    taken = sum(math.prod(shapes[item.name]) for item in roles.latents)
    found = [item for item in found if math.prod(item[1][0].raw) * item[2] >= taken]
    if not found:
        return None
    name, ways, batch = max(found, key=lambda item: _likeliness(item[0], item[1][0]))
    note = ""
    if len(model.graph.output) > 1:
        others = [value.name for value in model.graph.output if value.name != name]
        note = (
            f"output {quoted(name)} is taken for the image, not {', '.join(map(quoted, others[:4]))} "
            "(--output NAME takes another)"
        )
    return Reading(shapes, walk, name, ways, batch, note)


def _no_image(model: onnx.ModelProto, roles: Roles, walk: Trace, requested: str | None) -> UnsupportedError:
    """Why no output is an image, and what the file may be."""
    first = roles.latents[0]
    shape = walk.shape(first.name)
    smaller = all(math.prod(walk.shape(v.name)) < math.prod(shape) for v in model.graph.output)
    if smaller:
        made = ", ".join(shown(walk.shape(value.name)) for value in model.graph.output)
        return UnsupportedError(
            f"it takes {shown(shape)} and makes {made}, which is less: this seems to be an encoder; "
            "the decoder is what is shown, and this belongs beside it as encoder.onnx"
        )
    if requested is not None:
        raise UserError(
            f"--layout {requested} does not fit its output of shape "
            f"{shown(walk.shape(model.graph.output[0].name))}"
        )
    value = model.graph.output[0]
    return UnsupportedError(
        f"output {quoted(value.name)} has shape {shown(walk.shape(value.name))} for one latent vector; "
        f"an image of 1 to 4 or 6 channels with sides up to {MAX_IMAGE_SIDE} is supported"
        + (
            "; --layout HEIGHTxWIDTHxCHANNELS says how a flat one is read"
            if len(walk.shape(value.name)) <= 2
            else ""
        )
    )


def decoder_half(
    model: onnx.ModelProto, reading: Reading, roles: Roles, requested: str | None
) -> tuple[Reading, Roles, str]:
    """Cut a whole autoencoder at its narrowest place; the last is what was done, or nothing."""
    item = roles.latents[0]
    shape, way = reading.shapes[item.name], reading.layouts[0]
    image = way.height * way.width * way.made
    if len(roles.latents) > 1 or math.prod(shape) != image * reading.batch or reading.batch > 1:
        return reading, roles, ""
    if image <= MAX_LATENT_DIM and len(shape) < 3 and image < 64:
        return reading, roles, ""
    name = bottleneck(reading.walk, reading.output)
    if name is None:
        return reading, roles, ""
    cut = cut_at(model, reading.walk, name, reading.output)
    note = (
        f"it is a whole autoencoder, from image to image: its decoder half is taken, "
        f"from {quoted(name)} on, {shown(cut)}"
    )
    latent = Input(name, FLOAT, (None, *cut[1:]))
    left = {item.name for item in inputs_of(model.graph)}
    roles = Roles((latent,), tuple(pair for pair in roles.settings if pair[0].name in left))
    return read_graph(model, roles, requested), roles, note


def _closed(inputs: Sequence[Input]) -> bool:
    """Whether no size but the batch's was left open."""
    return all(item.dims is not None and None not in item.dims[1:] for item in inputs)


def _likeliness(name: str, layout: Layout) -> tuple[bool, bool, int, int]:
    called = bool(_IMAGE.search(name)) - bool(_NO_IMAGE.search(name))
    return not layout.flat, layout.made in (1, 3), called, layout.height * layout.width


def shown(shape: Shape) -> str:
    """A shape for people."""
    return "x".join(map(str, shape)) or "scalar"


def bottleneck(walk: Trace, output: str) -> str | None:
    """The smallest tensor that everything from input to output passes; None where nothing is narrow."""
    last_use = {name: place for place, node in enumerate(walk.nodes) for name in node.inputs}
    needed = {output}
    for node in reversed(walk.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
    source = math.prod(walk.shape(walk.input))
    crossing = {walk.input}
    best: tuple[int, str] | None = None
    for place, node in enumerate(walk.nodes):
        crossing = {name for name in crossing if last_use.get(name, -1) > place}
        crossing.update(name for name in node.outputs if name in needed and (last_use.get(name, -1) > place))
        if len(crossing) == 1:
            (name,) = crossing
            shape = walk.shape(name)
            size = math.prod(shape)
            if len(shape) >= 2 and shape[0] == 1 and 2 * size < source and (best is None or size < best[0]):
                best = size, name
    return None if best is None else best[1]


def cut_at(model: onnx.ModelProto, walk: Trace, name: str, output: str) -> Shape:
    """Make a tensor the graph's input, and take away what came before it.

    Sizes that were computed on the way become constants.

    Returns:
        Shape of the tensor for one image.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    shape = walk.shape(name)
    known = {tensor.name for tensor in graph.initializer}
    needed, kept = {output}, []
    for node in reversed(graph.node):
        made = needed.intersection(node.output) - {name}
        for out in sorted(made):
            if out in walk.values:
                graph.initializer.append(numpy_helper.from_array(walk.values[out], out))
                known.add(out)
        if made - known:
            needed.update(reads(node))
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape[1:]]))
    prune(graph, [output])
    return shape
