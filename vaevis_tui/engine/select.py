"""Which backend decodes, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, get_args

from vaevis_tui.engine.backends import BACKENDS
from vaevis_tui.engine.decoder import (
    Decoder,
    DecoderWrapper,
    EngineError,
    Images,
    Latents,
    TuningMode,
)
from vaevis_tui.engine.decoder_process import IsolatedDecoder
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.engine.verify import check_images, compare, open_verified
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle

_GPU_NODES = ("dri/renderD*", "nvidia[0-9]*", "kfd", "dxg", "mali*", "nvhost-gpu")
"""Nodes under /dev that GPU drivers open: DRM, NVIDIA, AMD compute, WSL, ARM Mali, Tegra."""

_ASKED_FOR = "it was asked for"

FAST_ENOUGH = 0.012
"""Seconds an image of a GPU that is taken in any case: it keeps up with 60 frames a second, and frees the
processor."""

SPEED_SAMPLES = 5
"""Images decoded to find that out."""


def has_gpu_node(dev: Path = Path("/dev"), platform: str = sys.platform) -> bool:
    """Whether this machine may have a GPU; asks no driver, so it costs microseconds.

    Importing wgpu and asking costs 0.4 s and, with a software adapter installed, 100 MB: not worth it where
    the answer is no. On other systems than Linux the answer is always yes.
    """
    return not platform.startswith("linux") or any(next(dev.glob(node), None) for node in _GPU_NODES)


class OpenWgpu(Protocol):
    """How the wgpu backend is opened, see `IsolatedDecoder`."""

    def __call__(self, bundle: Bundle, reason: str, *, tuning: TuningMode, software: bool) -> Decoder:
        """Open a model, on an adapter that is the processor itself only where ``software`` will do."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """What the choice depends on besides the model.

    Attributes:
        has_gpu: Whether it is worth asking for one.
        open_wgpu: Opens the wgpu backend.
    """

    has_gpu: Callable[[], bool] = has_gpu_node
    open_wgpu: OpenWgpu = IsolatedDecoder


THIS_MACHINE = Machine()


@dataclass(frozen=True, slots=True)
class _Backends:
    """Both backends for one model; each takes the reason why it was chosen."""

    bundle: Bundle
    tuning: TuningMode
    machine: Machine

    def onnxruntime(self, reason: str) -> Decoder:
        return OnnxRuntimeDecoder(self.bundle, self._because(reason))

    def wgpu(self, *, by_name: bool) -> Decoder:
        """Where nobody asked for it by name, a software adapter will not do."""
        reason = self._because(_ASKED_FOR if by_name else "there is a GPU")
        return self.machine.open_wgpu(self.bundle, reason, tuning=self.tuning, software=by_name)

    def wgpu_like(self, frame: Frame) -> Decoder:
        """A GPU that makes of z what onnxruntime made of it, and is worth it.

        Raises:
            EngineError: It makes another image, or is slower and too slow for 60 frames a second.
            UserError: There is none.
        """
        decoder = self.wgpu(by_name=False)
        try:
            compare(decoder.decode(frame.z[None]), frame.image[None])
            _check_speed(decoder, frame)
        except BaseException:
            decoder.close()
            raise
        return decoder

    def _because(self, reason: str) -> str:
        return "; ".join((reason, *self.bundle.notes))


def open_decoder(
    bundle: Bundle, backend: str = "auto", tuning: TuningMode = "cached", machine: Machine = THIS_MACHINE
) -> Decoder:
    """Open a model on a backend; `DecoderInfo.reason` says why on this one.

    If wgpu fails later, in the middle of a `decode`, onnxruntime makes the image and goes on.

    Args:
        bundle: The model.
        backend: ``"wgpu"``, ``"onnxruntime"``, or ``"auto"``: wgpu where there is a GPU, else onnxruntime. A
            software adapter is taken only when wgpu was asked for by name. What wgpu cannot run, onnxruntime
            does.
        tuning: Which of several kernels wgpu takes.
        machine: Where.

    Raises:
        UserError: there is no such backend, it cannot be had here, or the model is not one that is supported.
    """
    source = decoder_source(bundle, backend, tuning, machine)
    if source.fallback is None:
        return source.open()
    backends, by_name = _Backends(bundle, tuning, machine), backend == "wgpu"
    # Where nobody asked for it by name, it may also be missing.
    forgiven: tuple[type[Exception], ...] = (EngineError,) if by_name else (EngineError, UserError)
    try:
        decoder = open_verified(bundle, lambda: backends.wgpu(by_name=by_name))
    except forgiven as error:
        return source.fallback(str(error))
    return _WithFallback(decoder, source.fallback)


def decoder_source(
    bundle: Bundle, backend: str = "auto", tuning: TuningMode = "background", machine: Machine = THIS_MACHINE
) -> DecoderSource:
    """The same choice for a `DecodeService`: where there is a GPU, ``"auto"`` starts at once on onnxruntime.

    Raises:
        UserError: there is no such backend or tuning.
    """
    if backend not in BACKENDS:
        raise UserError(f"unknown backend {backend!r}; the backends are {', '.join(BACKENDS)}")
    if tuning not in get_args(TuningMode):
        raise UserError(f"unknown tuning {tuning!r}; the modes are {', '.join(get_args(TuningMode))}")
    backends = _Backends(bundle, tuning, machine)
    if backend == "wgpu":
        return DecoderSource(
            open=lambda: backends.wgpu(by_name=True),
            fallback=backends.onnxruntime,
            check=lambda z, image: check_images(bundle, z[None], image[None]),
            batches=lambda: backends.onnxruntime("a software adapter is slow"),
        )
    if backend == "onnxruntime" or not machine.has_gpu():
        reason = _ASKED_FOR if backend == "onnxruntime" else "there is no GPU"
        return DecoderSource(lambda: backends.onnxruntime(reason))
    return DecoderSource(
        open=lambda: backends.onnxruntime("the GPU is not ready yet"),
        fallback=backends.onnxruntime,
        upgrade=backends.wgpu_like,
        batches=lambda: backends.onnxruntime("the GPU is slow"),
    )


def _check_speed(gpu: Decoder, frame: Frame) -> None:
    """See that a GPU is worth it: some that share the machine's memory are slower than its processor.

    Args:
        gpu: Decodes the model.
        frame: What the processor made.

    Raises:
        EngineError: The GPU is slower, and too slow for 60 frames a second.
    """
    seconds = []
    for _ in range(SPEED_SAMPLES):
        gpu.decode(frame.z[None])
        seconds.append(gpu.times.total)
    median, processor = sorted(seconds)[SPEED_SAMPLES // 2], frame.times.total
    if median > FAST_ENOUGH and median > processor:
        raise EngineError(
            f"the GPU takes {1e3 * median:.1f} ms an image, the processor {1e3 * processor:.1f} ms"
        )


class _WithFallback(DecoderWrapper):
    """A decoder that is replaced by another when it fails, as `DecodeService` does."""

    def __init__(self, decoder: Decoder, fallback: Callable[[str], Decoder]) -> None:
        self._decoder = decoder
        self._fallback: Callable[[str], Decoder] | None = fallback

    def decode(self, z: Latents) -> Images:
        """Decode float32 (n, d) to uint8 (n, h, w, 3); see `Decoder.decode`."""
        try:
            return self._decoder.decode(z)
        except EngineError as error:
            fallback, self._fallback = self._fallback, None
            if fallback is None:
                raise
            self._decoder.close()
            self._decoder = fallback(str(error))
        return self._decoder.decode(z)

    def close(self) -> None:
        """Give the device back; closing twice is harmless."""
        self._fallback = None
        super().close()
