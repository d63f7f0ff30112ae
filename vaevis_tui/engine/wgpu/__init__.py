"""The wgpu backend: the operator graph as WGSL compute shaders, planned once and run in one pass a frame."""

from vaevis_tui.engine.wgpu.decoder import WgpuDecoder
from vaevis_tui.engine.wgpu.device import AdapterSummary, adapters
from vaevis_tui.engine.wgpu.tuning.autotune import TunedDecoder, open_tuned

__all__ = ["AdapterSummary", "TunedDecoder", "WgpuDecoder", "adapters", "open_tuned"]
