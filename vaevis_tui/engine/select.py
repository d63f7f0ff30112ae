"""Which backend decodes, and why."""

from __future__ import annotations

import sys
from pathlib import Path

from vaevis_tui.engine.decoder import Decoder, EngineError
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.worker import DecoderSource
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import Bundle

BACKENDS = ("auto", "wgpu", "onnxruntime")
"""What ``--backend`` takes."""

_GPU_NODES = ("dri/renderD*", "nvidia[0-9]*", "kfd", "dxg", "mali*", "nvhost-gpu")
"""Device nodes under /dev that a Vulkan driver of a GPU opens: DRM, NVIDIA, AMD compute, WSL, ARM Mali, Tegra."""


def has_gpu_node(dev: Path = Path("/dev"), platform: str = sys.platform) -> bool:
    """Whether this machine may have a GPU; asks no driver, so it costs microseconds.

    Importing wgpu and asking costs 0.4 s and, with a software adapter installed, 100 MB: not worth it where
    the answer is no. On other systems than Linux the answer is always yes.
    """
    return not platform.startswith("linux") or any(next(dev.glob(node), None) for node in _GPU_NODES)


def open_decoder(bundle: Bundle, backend: str = "auto") -> Decoder:
    """Open a model on a backend.

    Args:
        bundle: The model.
        backend: ``"wgpu"``, ``"onnxruntime"``, or ``"auto"``: wgpu where there is a GPU that can run this model,
            else onnxruntime. A software adapter is taken only when wgpu was asked for by name.

    Raises:
        UserError: there is no such backend, or it cannot run here.
    """
    source = decoder_source(bundle, backend)
    if source.upgrade is None:
        return source.open()
    try:
        return source.upgrade()
    except (EngineError, UserError) as error:
        return OnnxRuntimeDecoder(bundle, reason=str(error))


def decoder_source(bundle: Bundle, backend: str = "auto") -> DecoderSource:
    """The same choice for a `DecodeWorker`: on a machine with a GPU ``"auto"`` starts at once on onnxruntime.

    Raises:
        UserError: there is no such backend.
    """
    if backend not in BACKENDS:
        raise UserError(f"unknown backend {backend!r}; the backends are {', '.join(BACKENDS)}")

    def fallback(reason: str) -> Decoder:
        return OnnxRuntimeDecoder(bundle, reason=reason)

    if backend == "onnxruntime":
        return DecoderSource(lambda: OnnxRuntimeDecoder(bundle, reason="asked for"))
    if backend == "wgpu":
        return DecoderSource(lambda: _open_wgpu(bundle), fallback)
    if not has_gpu_node():
        return DecoderSource(lambda: OnnxRuntimeDecoder(bundle, reason="no GPU found"))
    return DecoderSource(
        lambda: OnnxRuntimeDecoder(bundle, reason="until the GPU is ready"),
        fallback,
        lambda: _open_wgpu(bundle),
    )


def _open_wgpu(bundle: Bundle) -> Decoder:
    from vaevis_tui.engine.wgpu import WgpuDecoder
    from vaevis_tui.models.onnx_file import read_decoder

    decoder: Decoder = WgpuDecoder(read_decoder(bundle.decoder_path))
    return decoder
