"""Shapes that only running tells: of operators that ONNX's inference does not know.

The graph runs in a process of its own, with bounds on its memory and its time: it may be of anybody's making.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vaevis_tui.onnx_model.node import Shape, UnsupportedError
from vaevis_tui.text import one_line

if TYPE_CHECKING:
    import onnx

TIMEOUT = 60.0
"""Seconds for the process to start, to open the graph and to run it once."""

MEMORY = 8 << 30
"""Bytes of address space, of which onnxruntime itself takes two gigabytes."""

_START = "import sys; sys.path[:] = {path!r}; from vaevis_tui.onnx_model.probe import main; main()"


def probe(
    model: onnx.ModelProto, sources: Mapping[str, Any], names: Sequence[str]
) -> dict[str, tuple[int, Shape]]:
    """Run a graph on zeros and see what its tensors are.

    Args:
        model: The graph with its weights.
        sources: onnx.TypeProto of each input, with all sizes known.
        names: Tensors to look at.

    Returns:
        onnx.TensorProto.DataType and shape of each; those that do not come to be are left out.

    Raises:
        UnsupportedError: It does not run.
    """
    from onnx import helper

    looked_at = type(model)()
    looked_at.CopyFrom(model)
    graph = looked_at.graph
    del graph.input[:]
    graph.input.extend(helper.make_value_info(name, kind) for name, kind in sources.items())
    del graph.output[:]
    graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _START.format(path=sys.path)],
            input=looked_at.SerializeToString(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise UnsupportedError(f"it takes more than {TIMEOUT:.0f} s to run once") from None
    except (OSError, ValueError):
        raise UnsupportedError(f"it cannot be run, or takes more than {MEMORY >> 30} GiB of memory") from None
    if "problem" in answer:
        raise UnsupportedError(one_line(answer["problem"]))
    return {name: (kind, tuple(shape)) for name, (kind, shape) in answer["tensors"].items()}


def main() -> None:
    """The other process: a model on standard input, what its outputs are on standard output."""
    import numpy as np
    import onnxruntime
    from onnx import ModelProto, helper

    from vaevis_tui.onnx_model.runtime import reason_of, run_options

    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    data = sys.stdin.buffer.read()
    graph = ModelProto.FromString(data).graph
    feeds = {
        value.name: np.zeros(
            [d.dim_value for d in value.type.tensor_type.shape.dim],
            helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type),
        )
        for value in graph.input
    }
    names = [value.name for value in graph.output]
    try:
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        values = session.run(names, feeds, run_options())
    except Exception as error:  # onnxruntime's exceptions have no base of their own
        print(json.dumps({"problem": reason_of(error)}))
        return
    tensors = {
        name: (helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in zip(names, values, strict=True)
        if isinstance(value, np.ndarray)
    }
    print(json.dumps({"tensors": tensors}))
