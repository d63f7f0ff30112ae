"""The backend that runs everywhere: onnxruntime, on the best provider that the installed wheel has."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import (
    DecoderInfo,
    DecodeTimes,
    EngineError,
    Images,
    Latents,
    checked_latents,
)
from vaevis_tui.engine.stderr_guard import native_stderr_silenced
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle, open_bundle
from vaevis_tui.text import one_line

if TYPE_CHECKING:
    import onnxruntime

_Provider: TypeAlias = tuple[str, dict[str, Any]]

_CPU = "CPUExecutionProvider"

_ACCELERATORS: tuple[_Provider, ...] = (
    # TensorFloat-32 rounds inputs to ten bits, visible against the other backends.
    ("CUDAExecutionProvider", {"use_tf32": 0}),
    ("CoreMLExecutionProvider", {}),
    ("DmlExecutionProvider", {}),
)
"""Providers in the order they are tried; not every wheel has them, and not every machine what they need."""

_SECOND_THREAD_FROM = 50_000_000
"""Multiply-adds of one picture from which another thread gains anything. Below, on two cores, a second one
left the median as it was (mnist: 12.7 M, 1.1 ms) and doubled the 90th percentile: drawing has that core."""

_MAX_THREADS = 4
"""The layers of a picture of this size are too small to be split further."""

_CHUNK = 4
"""Latent vectors decoded at once on the CPU: there a larger batch is no faster (mnist 0.37 ms a picture at 4,
0.79 at 128) and takes its size in memory."""

_ACCELERATOR_CHUNK = 64
"""The same where a device has to be kept busy."""


class OnnxRuntimeDecoder:
    """Decodes through onnxruntime. Keeps the contract of `vaevis_tui.engine.decoder.Decoder`.

    A shipped model is opened as it lies there. A stranger's is read through the checks of
    `vaevis_tui.onnx_model.checked`, and has to decode one picture before it is taken.

    Args:
        model: A bundle, or the path of one or of a bare .onnx file.
        reason: Why this backend was taken, for `DecoderInfo.reason`.

    Raises:
        UserError: the model is not one that is supported.
    """

    def __init__(self, model: Bundle | Path, reason: str = "") -> None:
        bundle = model if isinstance(model, Bundle) else open_bundle(model)
        session = open_session(_model(bundle), bundle.decoder_path, bundle.multiply_adds)
        self._session: onnxruntime.InferenceSession | None = session
        self._run_options = _run_options()
        self._interruptible = _run_options()
        provider = session.get_providers()[0]
        latent = session.get_inputs()[0]
        self._input: str = latent.name
        at_once = _CHUNK if provider == _CPU else _ACCELERATOR_CHUNK
        self._chunk = 1 if latent.shape[0] == 1 else at_once
        self._image_shape = (bundle.channels, bundle.image_height, bundle.image_width)
        self._times = DecodeTimes()
        self._info = DecoderInfo(
            backend="onnxruntime",
            adapter=provider,
            precision="float32",
            latent_dim=bundle.latent_dim,
            image_height=bundle.image_height,
            image_width=bundle.image_width,
            channels=bundle.channels,
            reason=reason,
        )
        if not bundle.shipped:
            self._try(bundle.decoder_path)

    def _try(self, path: Path) -> None:
        try:
            self.decode(np.zeros((1, self._info.latent_dim), np.float32))
        except EngineError as error:
            self.close()
            raise UserError(f"{path}: cannot be decoded: {error}") from None

    @property
    def info(self) -> DecoderInfo:
        """What decodes, and what it makes."""
        return self._info

    @property
    def times(self) -> DecodeTimes:
        """Where the last `decode` spent its time; onnxruntime does not tell submitting from computing."""
        return self._times

    def decode(self, z: Latents) -> Images:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `vaevis_tui.engine.decoder.Decoder.decode`."""
        return self._decode(z, self._run_options)

    def decode_unless_interrupted(self, z: Latents) -> Images | None:
        """The same, or None; see `vaevis_tui.engine.decoder.Interruptible`."""
        options = self._interruptible = _run_options()
        try:
            return self._decode(z, options)
        except EngineError:
            if options.terminate and not self._run_options.terminate:
                return None
            raise

    def interrupt(self) -> None:
        """Stop a running `decode_unless_interrupted` at the next operator."""
        self._interruptible.terminate = True

    def _decode(self, z: Latents, options: onnxruntime.RunOptions) -> Images:
        z = checked_latents(z, self._info.latent_dim)
        _, height, width = self._image_shape
        pictures = np.empty((len(z), height, width, 3), np.uint8)
        compute = unpack = 0.0
        for start in range(0, len(z), self._chunk):
            began = time.perf_counter()
            images = self._run(z[start : start + self._chunk], options)
            computed = time.perf_counter()
            write_pictures(images, pictures[start : start + self._chunk])
            compute += computed - began
            unpack += time.perf_counter() - computed
        self._times = DecodeTimes(compute=compute, unpack=unpack)
        return pictures

    def _run(self, z: Latents, options: onnxruntime.RunOptions) -> NDArray[np.float32]:
        if self._session is None:
            raise EngineError("the decoder is closed")
        try:
            images: NDArray[np.float32]
            (images,) = self._session.run(None, {self._input: z}, options)
        except Exception as error:  # onnxruntime's exceptions have no base of their own
            raise EngineError(reason_of(error)) from error
        expected = (len(z), *self._image_shape)
        if images.dtype != np.float32 or images.shape != expected:
            raise EngineError(
                f"onnxruntime: the model made {images.dtype} of shape {images.shape}, not {expected}"
            )
        return images

    def cancel(self) -> None:
        """Make a decode that runs in another thread, and every later one, raise EngineError soon."""
        self._run_options.terminate = True
        self._interruptible.terminate = True

    def close(self) -> None:
        """Free the session; closing twice is harmless."""
        self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run_options() -> onnxruntime.RunOptions:
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = _SILENT
    return options


def write_pictures(images: NDArray[np.float32], pictures: Images) -> None:
    """Float images (n, 1 or 3, h, w) to uint8 (n, h, w, 3), as `Decoder.decode` has it; NaN becomes black."""
    values = np.fmin(
        np.fmax(images, np.float32(0)), np.float32(1)
    )  # fmax takes the number where there is one
    values *= np.float32(255)
    np.rint(values, out=values)
    pictures[...] = values.transpose(0, 2, 3, 1)


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
    available = onnxruntime.get_available_providers() if accelerated else ()
    candidates = [provider for provider in _ACCELERATORS if provider[0] in available]
    for candidate in (*candidates, (_CPU, {})):
        try:
            return onnxruntime.InferenceSession(
                model, _options(multiply_adds), providers=[candidate], enable_fallback=False
            )
        except Exception as error:
            if candidate[0] == _CPU:
                raise UserError(f"{path}: {reason_of(error)}") from None
    raise AssertionError("the CPU is always tried")


def _model(bundle: Bundle) -> str | bytes:
    """What onnxruntime is to load: a shipped file as it is, anything else only after the checks.

    Importing onnx for the checks takes 70 ms and 13 MB, more than opening a small model.
    """
    if bundle.shipped:
        return str(bundle.decoder_path)
    model: bytes = bundle.read_decoder().model.SerializeToString()
    return model


def _options(multiply_adds: int) -> onnxruntime.SessionOptions:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads(multiply_adds, _cores())
    options.inter_op_num_threads = 1  # decoders are chains
    # Threads that spin while they wait take half a core in a walk at 60 frames a second, and gained no time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _SILENT
    return options


def _threads(multiply_adds: int, cores: int) -> int:
    return 1 if multiply_adds < _SECOND_THREAD_FROM else min(cores, _MAX_THREADS)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def reason_of(error: Exception) -> str:
    """What onnxruntime says, on one line."""
    return f"onnxruntime: {one_line(re.sub(_PREFIX, '', str(error)))}"
