"""Inputs that say how large a tensor is, as the height and width of an image: they become constants.

Shapes hang on them, so a graph cannot be walked before they have values: those that a person sets, or the
first guess with which it makes images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.latent_input.inputs import FLOATS, INTEGERS, Input, inputs_of
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.extra_inputs import ExtraInput
from vaevis_tui.onnx_model.limits import MAX_IMAGE_SIDE
from vaevis_tui.onnx_model.node import reads
from vaevis_tui.text import one_line, quoted

if TYPE_CHECKING:
    import onnx

_SIZED = {
    "ConstantOfShape": (0,),
    "Expand": (1,),
    "Reshape": (1,),
    "Resize": (2, 3),
    "Slice": (2,),
    "Tile": (1,),
    "Upsample": (1,),
}
"""Inputs of operators, by their places, that say how large what they make is."""

_PASSING = {
    **dict.fromkeys(
        ("Cast", "Identity", "Squeeze", "Unsqueeze", "Floor", "Ceil", "Gather", "Split", "Slice"), (0,)
    ),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Concat"), tuple(range(16))),
}
"""Inputs of operators that sizes are computed by."""

_SIDE = 64
"""Height and width where nobody says them: small, and enough to see something."""

_GUESSES = {
    1: ((_SIDE,),),
    2: ((_SIDE, _SIDE),),
    3: ((3, _SIDE, _SIDE), (1, _SIDE, _SIDE), (_SIDE, _SIDE, 3)),
    4: ((1, 3, _SIDE, _SIDE), (1, 1, _SIDE, _SIDE), (1, _SIDE, _SIDE, 3)),
}
"""Sizes that are tried, by how many there are."""

_MOST = 8
"""Sizes in one input."""


def size_inputs(graph: onnx.GraphProto) -> list[Input]:
    """Inputs that only say how large something is."""
    found = []
    for item in inputs_of(graph):
        if item.data_type in (*INTEGERS, *FLOATS) and item.size <= _MOST and len(item.dims or (1,)) < 2:
            names, sized = {item.name}, False
            for node in graph.node:
                places = {place for place, name in enumerate(node.input) if name in names}
                if places and places.issubset(_SIZED.get(node.op_type, ())):
                    sized = True
                elif places and places.issubset(_PASSING.get(node.op_type, ())):
                    names.update(node.output)
                elif names.intersection(reads(node)):
                    break
            else:
                if sized:
                    found.append(item)
    return found


def guesses(items: Sequence[Input], options: AdapterOptions) -> list[list[ExtraInput]]:
    """What the inputs may be set to, the likeliest first; one way alone where a person said all of them.

    Raises:
        UserError: What was said is no size.
    """
    requested = dict(options.settings)
    guesses = [_guesses(item, requested) for item in items]
    return [
        [each[min(place, len(each) - 1)] for each in guesses]
        for place in range(max((len(each) for each in guesses), default=1))
    ]


def _guesses(item: Input, requested: Mapping[str, str]) -> list[ExtraInput]:
    """What an input of sizes may be set to, the likeliest first."""

    def extra(sizes: Iterable[object]) -> ExtraInput:
        return ExtraInput(item.name, "size", ",".join(map(str, sizes)))

    if item.name in requested:
        return [extra(f"{n:g}" for n in _numbers(item, requested[item.name]))]
    counts = [item.size] if item.dims is not None and None not in item.dims else [2, 4, 1]
    if item.data_type in FLOATS:  # how many times as large
        return [extra([1] * n) for n in counts]
    return [extra(sizes) for n in counts for sizes in _GUESSES.get(n, ())] or [extra([_SIDE] * counts[0])]


def _numbers(item: Input, text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
        good = all(-1 <= n <= MAX_IMAGE_SIDE for n in numbers) and len(numbers) <= _MOST
        good &= item.data_type in FLOATS or all(n.is_integer() for n in numbers)
    except ValueError:
        good = False
    if not good or (item.dims is not None and None not in item.dims and len(numbers) != item.size):
        expected = f"{item.size} sizes" if item.size > 1 else "a size"
        said, like = f"{one_line(item.name, 40)}={one_line(text, 40)}", _guesses(item, {})[0].value
        raise UserError(f"--set {said}: expected {expected} up to {MAX_IMAGE_SIDE}, as in {like}")
    return numbers


def bind_sizes(graph: onnx.GraphProto, items: Sequence[Input], settings: Sequence[ExtraInput]) -> None:
    """Make constants of them, in place of those that were made before."""
    from onnx import numpy_helper

    names = {item.name for item in items}
    for field in (graph.input, graph.initializer):
        kept = [each for each in field if each.name not in names]
        del field[:]
        field.extend(kept)
    for item, setting in zip(items, settings, strict=True):
        graph.initializer.append(numpy_helper.from_array(_array(item, setting), item.name))


def _array(item: Input, setting: ExtraInput) -> NDArray[Any]:
    numbers = np.array([float(n) for n in setting.value.split(",")])
    return numbers.astype((INTEGERS | FLOATS)[item.data_type]).reshape(() if item.dims == () else (-1,))


def size_problem(settings: Sequence[ExtraInput], problem: Exception) -> str:
    """Why a graph makes no image with these sizes, and what to do."""
    names = " and ".join(quoted(each.name) for each in settings)
    said = " ".join(f"--set {one_line(each.name, 40)}={each.value}" for each in settings)
    which = f"{names} {'says' if len(settings) == 1 else 'say'} how large its tensors are"
    return f"input {which}, and {said} makes no image: set what it was exported for; {problem}"
