"""Which backend decodes, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vaevis_tui.engine.decoder import Decoder, EngineError, Tuning
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.worker import DecoderSource
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle

BACKENDS = ("auto", "wgpu", "onnxruntime")
"""What ``--backend`` takes."""

_GPU_NODES = ("dri/renderD*", "nvidia[0-9]*", "kfd", "dxg", "mali*", "nvhost-gpu")
"""Nodes under /dev that GPU drivers open: DRM, NVIDIA, AMD compute, WSL, ARM Mali, Tegra."""

_ADVICE = {
    "linux": "install a Vulkan loader and the GPU's driver (Debian: libvulkan1 mesa-vulkan-drivers)",
    "darwin": "Metal is needed, macOS 11 or newer",
    "win32": "install the GPU's driver",
}
"""What gives wgpu an adapter, by platform."""

_ASKED_FOR = "it was asked for"


def has_gpu_node(dev: Path = Path("/dev"), platform: str = sys.platform) -> bool:
    """Whether this machine may have a GPU; asks no driver, so it costs microseconds.

    Importing wgpu and asking costs 0.4 s and, with a software adapter installed, 100 MB: not worth it where
    the answer is no. On other systems than Linux the answer is always yes.
    """
    return not platform.startswith("linux") or any(next(dev.glob(node), None) for node in _GPU_NODES)


def open_decoder(bundle: Bundle, backend: str = "auto", tuning: Tuning = "known") -> Decoder:
    """Open a model on a backend; `DecoderInfo.reason` says why on this one.

    Args:
        bundle: The model.
        backend: ``"wgpu"``, ``"onnxruntime"``, or ``"auto"``: wgpu where there is a GPU, else onnxruntime. A
            software adapter is taken only when wgpu was asked for by name. What wgpu cannot run, onnxruntime
            does.
        tuning: Which of several kernels wgpu takes.

    Raises:
        UserError: there is no such backend, it cannot be had here, or the model is not one that is supported.
    """
    source = decoder_source(bundle, backend, tuning)
    wanted: Callable[[], Decoder] = source.open
    forgiven: tuple[type[Exception], ...] = (EngineError,)
    if source.upgrade is not None:  # where nobody asked for it by name, it may also be missing
        wanted, forgiven = source.upgrade, (EngineError, UserError)
    try:
        return wanted()
    except forgiven as error:
        if source.fallback is None:
            raise
        return source.fallback(str(error))


def decoder_source(bundle: Bundle, backend: str = "auto", tuning: Tuning = "beside") -> DecoderSource:
    """The same choice for a `DecodeWorker`: where there is a GPU, ``"auto"`` starts at once on onnxruntime.

    Raises:
        UserError: there is no such backend.
    """
    if backend not in BACKENDS:
        raise UserError(f"unknown backend {backend!r}; the backends are {', '.join(BACKENDS)}")

    def because(reason: str) -> str:
        return "; ".join((reason, *bundle.notes))

    def onnxruntime(reason: str) -> Decoder:
        return OnnxRuntimeDecoder(bundle, because(reason))

    def wgpu(reason: str, *, software: bool) -> Decoder:
        return _open_wgpu(bundle, because(reason), tuning, software=software)

    if backend == "onnxruntime":
        return DecoderSource(lambda: onnxruntime(_ASKED_FOR))
    if backend == "wgpu":
        return DecoderSource(lambda: wgpu(_ASKED_FOR, software=True), onnxruntime)
    if not has_gpu_node():
        return DecoderSource(lambda: onnxruntime("there is no GPU"))
    return DecoderSource(
        open=lambda: onnxruntime("the GPU is not ready yet"),
        fallback=onnxruntime,
        upgrade=lambda: _warm(wgpu("there is a GPU", software=False)),
    )


def _open_wgpu(bundle: Bundle, reason: str, tuning: Tuning, *, software: bool) -> Decoder:
    """Decode by compute shaders, on a software adapter only where that will do."""
    try:
        from vaevis_tui.engine.wgpu import adapters, open_tuned

        found = adapters()
    except (EngineError, ImportError, OSError) as error:
        raise UserError(f"wgpu does not start ({error}); {_advice()}") from None
    usable = [adapter for adapter in found if adapter.is_hardware or software]
    if not usable:
        names = f"only {found[0].name}, which is software" if found else "no adapter"
        raise UserError(f"wgpu finds {names}; {_advice()}")
    return open_tuned(bundle.read_decoder().model, tuning, adapter=usable[0].name, reason=reason)


def _warm(decoder: Decoder) -> Decoder:
    """Have the first picture made, for which a driver may still compile, before anybody waits for it."""
    try:
        decoder.decode(np.zeros((1, decoder.info.latent_dim), np.float32))
    except EngineError:
        decoder.close()
        raise
    return decoder


def _advice() -> str:
    return _ADVICE.get(sys.platform, "install the GPU's driver")
