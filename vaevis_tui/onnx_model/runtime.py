"""onnxruntime: how graphs are opened and run there, for decoding and for trying a model out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from vaevis_tui.errors import UserError
from vaevis_tui.stderr_guard import native_stderr_silenced
from vaevis_tui.text import one_line

if TYPE_CHECKING:
    import onnxruntime

_Provider: TypeAlias = tuple[str, dict[str, Any]]

CPU = "CPUExecutionProvider"

_ACCELERATORS: tuple[_Provider, ...] = (
    # TensorFloat-32 rounds inputs to ten bits, visible against the other backends.
    ("CUDAExecutionProvider", {"use_tf32": 0}),
    ("CoreMLExecutionProvider", {}),
    ("DmlExecutionProvider", {}),
)
"""Providers in the order they are tried; not every wheel has them, and not every machine what they need."""

_SECOND_THREAD_FROM = 50_000_000
"""Multiply-adds of one image from which another thread gains anything. Below, on two cores, a second one
left the median as it was (mnist: 12.7 M, 1.1 ms) and doubled the 90th percentile: drawing has that core."""

_MAX_THREADS = 4
"""The layers of an image of this size are too small to be split further."""


_PREFIX = r"^\[ONNXRuntimeError\] : \d+ : \w+ : "
"""What its messages begin with, e.g. ``[ONNXRuntimeError] : 2 : INVALID_ARGUMENT :``."""

_SILENT = 4
"""Fatal only: what goes wrong arrives as an exception, and a line on stderr would spoil the screen."""


def open_session(
    model: str | bytes, path: Path, multiply_adds: int, *, accelerated: bool = True
) -> onnxruntime.InferenceSession:
    """Open a graph that can be trusted.

    Args:
        model: Its file, or what is in it.
        path: Where it came from, for messages.
        multiply_adds: Of one run: how many threads it is worth.
        accelerated: Whether devices are tried before the CPU.

    Raises:
        UserError: onnxruntime does not take it.
    """
    with native_stderr_silenced():
        import onnxruntime

    onnxruntime.set_default_logger_severity(_SILENT)
    onnxruntime.disable_telemetry_events()  # on Windows, or where it was imported before us
    available = onnxruntime.get_available_providers() if accelerated else ()
    candidates = [provider for provider in _ACCELERATORS if provider[0] in available]
    for candidate in (*candidates, (CPU, {})):
        try:
            return onnxruntime.InferenceSession(
                model, _options(multiply_adds), providers=[candidate], enable_fallback=False
            )
        except Exception as error:
            if candidate[0] == CPU:
                raise UserError(f"{path}: {reason_of(error)}") from None
    raise AssertionError("the CPU is always tried")


def run_options() -> onnxruntime.RunOptions:
    """Of one run: says nothing on standard error, and can be ended from another thread by ``terminate``."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = _SILENT
    return options


def _options(multiply_adds: int) -> onnxruntime.SessionOptions:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads(multiply_adds, cores())
    options.inter_op_num_threads = 1  # decoders are chains
    # Threads that spin while they wait take half a core in a walk at 60 frames a second, and gained no time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _SILENT
    return options


def threads(multiply_adds: int, cores: int) -> int:
    """Threads that a run of so many multiply-adds is worth."""
    return 1 if multiply_adds < _SECOND_THREAD_FROM else min(cores, _MAX_THREADS)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def reason_of(error: Exception) -> str:
    """What onnxruntime says, on one line."""
    return f"onnxruntime: {one_line(re.sub(_PREFIX, '', str(error)))}"
