"""What names of outputs tell of colours: three planes that are one image, other spaces than RGB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vaevis_tui.onnx_model.edit import add_constant, make_node
from vaevis_tui.onnx_model.shape_inference import Trace
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx

_WORDS = {"r": 0, "red": 0, "g": 1, "green": 1, "b": 2, "blue": 2}

_OTHER = re.compile(r"(?<![a-z])(ycbcr|ycrcb|ycc|yuv|hsv|hsl|lab|xyz)(?![a-z])", re.I)
_BLUE_FIRST = re.compile(r"(?<![a-z])bgr(?![a-z])", re.I)


def join_planes(model: onnx.ModelProto, walk: Trace) -> str:
    """Make one output of three that are named after red, green and blue.

    Args:
        model: The graph; its outputs are replaced.
        walk: It walked for one latent vector.

    Returns:
        What was done, for people; empty where there are no such outputs.
    """
    graph = model.graph
    planes = {_colour(value.name): value.name for value in graph.output}
    if len(graph.output) != 3 or set(planes) != {0, 1, 2}:
        return ""
    names = [planes[place] for place in range(3)]
    shapes = {walk.shape(name) for name in names}
    if len(shapes) != 1 or len({walk.data_type(name) for name in names}) != 1:
        return ""
    (shape,) = shapes
    axis = 1
    if len(shape) == 4 and shape[1] != 1:
        if shape[3] != 1:
            return ""
        axis = 3
    elif len(shape) == 3:
        axes = add_constant(graph, "plane.axis", [1], "int64")
        for place, name in enumerate(names):
            # As an attribute in old files, as an input in others.
            node = (
                make_node(graph, "Unsqueeze", [name, axes], f"plane{place}")
                if walk.opset >= 13
                else make_node(graph, "Unsqueeze", [name], f"plane{place}", axes=[1])
            )
            graph.node.append(node)
            names[place] = node.output[0]
    elif len(shape) not in (2, 4):
        return ""
    joined = make_node(graph, "Concat", names, "planes", axis=axis)
    graph.node.append(joined)
    del graph.output[1:]
    graph.output[0].name = joined.output[0]
    shown = ", ".join(quoted(planes[place]) for place in range(3))
    return f"its outputs {shown} are taken for red, green and blue"


def _colour(name: str) -> int | None:
    """0 to 2 where one word of a name is a colour; ``decoder/red:0``, ``out_r``."""
    found = {_WORDS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _WORDS}
    return found.pop() if len(found) == 1 else None


def colour_note(name: str, channels: int) -> str:
    """What an output's name says against red, green and blue, for people; empty where it says nothing."""
    if channels != 3:
        return ""
    if (found := _OTHER.search(name)) is not None:
        return (
            f"its output is named {quoted(name)}, but its channels are shown as red, green and blue; "
            f"an export that ends in RGB shows {found[1]} right"
        )
    if _BLUE_FIRST.search(name):
        return f"its output is named {quoted(name)}, but red is taken to come first; --bgr says otherwise"
    return ""
