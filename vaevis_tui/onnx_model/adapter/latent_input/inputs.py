"""Which of a graph's inputs is the latent vector, and what the others are set to."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.edit import Steps, add_constant, insert_nodes
from vaevis_tui.onnx_model.extra_inputs import SEEDS, ExtraInput
from vaevis_tui.onnx_model.node import Shape, UnsupportedError, reads
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx

FLOATS = {1: np.float32, 10: np.float16, 11: np.float64, 16: np.float32}
INTEGERS = {2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32, 7: np.int64}
_BOOL = 9
"""Numbers of onnx.TensorProto.DataType."""

_LATENT = re.compile(r"^(z|zs|latents?|latent_(vectors?|codes?|samples?)|codes?|w|ws|embeddings?)\d*$", re.I)
_LABEL = re.compile(r"label|class|cond|one_?hot|categor|target|^[yc]$", re.I)
_NOISE = re.compile(r"noise|eps|rand", re.I)


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a graph.

    Attributes:
        name: Its name.
        data_type: Its onnx.TensorProto.DataType.
        dims: Its sizes, None where a size is left open; None where even their number is.
    """

    name: str
    data_type: int
    dims: tuple[int | None, ...] | None

    @property
    def shown(self) -> str:
        """Its shape for people."""
        return "unknown" if self.dims is None else "x".join("?" if n is None else str(n) for n in self.dims)

    @property
    def size(self) -> int:
        """Numbers in one of it, sizes that are left open not counted."""
        return math.prod(n for n in self.dims or () if n is not None)


@dataclass(frozen=True, slots=True)
class Roles:
    """What the inputs of a graph are for.

    Attributes:
        latents: What is explored; several are put side by side.
        settings: Everything else, with its kind, as `ExtraInput.kind`.
    """

    latents: tuple[Input, ...]
    settings: tuple[tuple[Input, str], ...]


def inputs_of(graph: onnx.GraphProto) -> list[Input]:
    """Inputs that have no default and that something reads.

    Raises:
        UnsupportedError: One of them has a negative size.
    """
    weights = {tensor.name for tensor in graph.initializer}
    read = {name for node in graph.node for name in reads(node)} | {value.name for value in graph.output}
    found = []
    for value in graph.input:
        if value.name in weights or value.name not in read:
            continue
        tensor = value.type.tensor_type
        dims = None
        if tensor.HasField("shape"):
            dims = tuple(
                d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in tensor.shape.dim
            )
            if any(d.dim_value < 0 for d in tensor.shape.dim):
                raise UnsupportedError(f"input {quoted(value.name)} has a negative size")
        found.append(Input(value.name, tensor.elem_type if value.type.HasField("tensor_type") else 0, dims))
    return found


def assign_roles(graph: onnx.GraphProto) -> Roles:
    """Tell the latent vector from labels, noise and switches, by types, shapes and names.

    Raises:
        UnsupportedError: There is nothing to explore.
    """
    inputs = inputs_of(graph)
    if not inputs:
        raise UnsupportedError("no input reaches its image; a latent vector (n, d) is expected")
    floats = [item for item in inputs if item.data_type in FLOATS]
    settings = []
    for item in inputs:
        if item.data_type in INTEGERS:
            settings.append((item, "label"))
        elif item.data_type == _BOOL:
            settings.append((item, "flag"))
        elif item.data_type not in FLOATS:
            raise UnsupportedError(
                f"input {quoted(item.name)} is of type {_type_name(item.data_type)}; numbers are supported"
            )
    if not floats:
        names = ", ".join(f"{quoted(item.name)} {item.shown}" for item in inputs[:8])
        raise UnsupportedError(
            f"its inputs ({names}) are whole numbers, such as indices of a codebook; "
            "a latent vector (n, d) of real numbers is expected"
        )
    latents = _latents(floats)
    settings.extend((item, _kind(item)) for item in floats if item not in latents)
    return Roles(tuple(latents), tuple(settings))


def _latents(floats: Sequence[Input]) -> list[Input]:
    if len(floats) == 1:
        return list(floats)
    kinds = {item.name: _kind(item) for item in floats}
    named = [item for item in floats if _LATENT.match(item.name) and kinds[item.name] != "number"]
    found = [item for item in floats if item in named or kinds[item.name] == "latent"]
    if found:
        if not any(item.name.lower().startswith(("z", "lat", "w")) for item in found):
            # InfoGAN's code goes beside its noise, which is the latent vector there.
            found += [item for item in floats if kinds[item.name] == "noise" and _is_vector(item)]
        return [item for item in floats if item in found]
    # Nothing is called as a latent vector is; noise is what a GAN calls it.
    return [max(floats, key=lambda item: (bool(_NOISE.search(item.name)), item.size))]


def _is_vector(item: Input) -> bool:
    """Whether it is one vector for each image, not noise for each pixel."""
    return item.dims is not None and len(item.dims) > 1 and all(n == 1 for n in item.dims[2:])


def _kind(item: Input) -> str:
    if item.dims is not None and item.size == 1 and len(item.dims) <= 2 and None not in item.dims[1:]:
        return "number"
    if _LABEL.search(item.name):
        return "one-hot"
    return "noise" if _NOISE.search(item.name) else "latent"


def _type_name(data_type: int) -> str:
    import onnx

    known = onnx.TensorProto.DataType
    return str(known.Name(data_type)) if data_type and data_type in known.values() else "no tensor"


def read_settings(
    graph: onnx.GraphProto,
    settings: Sequence[tuple[Input, str]],
    shapes: Mapping[str, Shape],
    requested: Sequence[tuple[str, str]],
    others: Sequence[str] = (),
) -> list[ExtraInput]:
    """What the inputs that are not the latent vector are set to.

    Args:
        graph: The graph.
        settings: Those inputs and their kinds.
        shapes: Their shapes for one latent vector.
        requested: What a person set, by name.
        others: Names of inputs that were set before.

    Raises:
        UserError: A name or a value is not one that can be set.
    """
    values = {name: value for name, value in requested if name not in others}
    names = [item.name for item, _ in settings] + list(others)
    for name in values:
        if name not in names:
            known = f"it has {', '.join(map(quoted, names))}" if names else "it has no such inputs"
            raise UserError(f"--set {one_line(name, 40)}: no input of that name; {known}")
    return [
        _extra_input(graph, item, kind, shapes[item.name], values.get(item.name)) for item, kind in settings
    ]


def bind_settings(
    model: onnx.ModelProto,
    settings: Sequence[tuple[Input, ExtraInput]],
    shapes: Mapping[str, Shape],
    latent: str | None,
) -> None:
    """Make constants of inputs that are not the latent vector.

    Args:
        model: The graph, which is changed.
        settings: Those inputs, and what they are set to.
        shapes: Their shapes for one latent vector.
        latent: Name of an input with an axis for several latent vectors, after which constants are repeated;
            None where there is none.
    """
    steps = Steps(model.graph)
    for item, setting in settings:
        shape = shapes[item.name]
        array = _array(setting, item, shape)
        repeated = latent is not None and item.dims and item.dims[0] is None and len(shape) > 0
        if repeated:
            _repeat(model.graph, steps, item.name, array, latent or "")
        else:
            model.graph.initializer.append(_named(array, item.name))
    insert_nodes(model.graph, steps.nodes)
    bound = {item.name for item, _ in settings}
    kept = [value for value in model.graph.input if value.name not in bound]
    del model.graph.input[:]
    model.graph.input.extend(kept)


def _extra_input(
    graph: onnx.GraphProto, item: Input, kind: str, shape: Shape, requested: str | None
) -> ExtraInput:
    choices = shape[_class_axis(shape)] if kind == "one-hot" and shape else None
    if kind == "label":
        weights = {tensor.name: tensor for tensor in graph.initializer}
        tables = [
            weights[node.input[0]]
            for node in graph.node
            if node.op_type == "Gather" and node.input[0] in weights and item.name in node.input[1:2]
        ]
        choices = tables[0].dims[0] if tables and tables[0].dims else _one_hot_size(graph, weights, item.name)
    default = {"number": "1", "flag": "false"}.get(kind, "0")
    value = default if requested is None else requested.strip()
    _check(item.name, kind, value, choices)
    return ExtraInput(item.name, kind, value, choices)


def _one_hot_size(graph: onnx.GraphProto, weights: Mapping[str, onnx.TensorProto], name: str) -> int | None:
    """Length of the rows that OneHot makes of a class; None where it does not."""
    from onnx import numpy_helper

    for node in graph.node:
        if node.op_type == "OneHot" and node.input[0] == name and node.input[1] in weights:
            return int(numpy_helper.to_array(weights[node.input[1]]).ravel()[0])
    return None


def _check(name: str, kind: str, value: str, choices: int | None) -> None:
    expected = {
        "label": "a whole number from 0",
        "one-hot": "a whole number from 0",
        "noise": "a whole number from 0, a seed",
        "number": "a number",
        "flag": "true or false",
    }[kind]
    try:
        if kind == "flag":
            good = value.lower() in ("true", "false", "0", "1")
        elif kind == "number":
            good = math.isfinite(float(value))
        else:
            good = 0 <= int(value) < (choices or (SEEDS if kind == "noise" else 2**31))
    except ValueError:
        good = False
    if not good:
        up_to = f" to {choices - 1}" if choices is not None else ""
        raise UserError(f"--set {one_line(name, 40)}={one_line(value, 40)}: expected {expected}{up_to}")


def _array(setting: ExtraInput, item: Input, shape: Shape) -> NDArray[Any]:
    if setting.kind == "flag":
        return np.full(shape, setting.value.lower() in ("true", "1"))
    if setting.kind == "label":
        return np.full(shape, int(setting.value), INTEGERS[item.data_type])
    dtype = FLOATS[item.data_type]
    if setting.kind == "number":
        return np.full(shape, float(setting.value), dtype)
    if setting.kind == "noise":
        return np.random.default_rng(int(setting.value)).standard_normal(shape).astype(dtype)
    hot = np.zeros(shape, dtype)
    np.moveaxis(hot, _class_axis(shape), -1)[..., int(setting.value)] = 1
    return hot


def _class_axis(shape: Shape) -> int:
    """The axis of a one-hot input along which classes lie: the last that is longer than one."""
    return max((axis for axis, n in enumerate(shape) if n > 1), default=len(shape) - 1)


def _named(array: NDArray[Any], name: str) -> onnx.TensorProto:
    from onnx import numpy_helper

    tensor: onnx.TensorProto = numpy_helper.from_array(array, name)
    return tensor


def _repeat(graph: onnx.GraphProto, steps: Steps, name: str, array: NDArray[Any], latent: str) -> None:
    """Repeat a constant for every latent vector, under the input's name."""
    one = add_constant(graph, f"{name}.one", array, array.dtype)
    batch = steps.slice(steps.add("Shape", latent, hint=f"{name}.sizes"), 0, 1, 0, f"{name}.batch")
    rest = steps.integers(f"{name}.rest", array.shape[1:])
    target = steps.add("Concat", batch, rest, hint=f"{name}.target", axis=0)
    steps.add("Expand", one, target, hint=f"{name}.repeated")
    steps.name_last(name)


def settings_note(settings: Sequence[ExtraInput]) -> str:
    """What is set, for people; empty where nothing is."""
    if not settings:
        return ""
    shown = ", ".join(
        f"{one_line(s.name, 30)}={s.value}{f' of {s.choices}' if s.choices else ''}" for s in settings
    )
    how = "its row, or --set NAME=VALUE," if any(s.size for s in settings) else "--set NAME=VALUE"
    return f"besides z it takes {shown} ({how} changes that)"
