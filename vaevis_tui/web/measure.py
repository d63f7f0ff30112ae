"""What storing weights in fewer bits costs in the image, measured on this machine's wgpu adapter."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from vaevis_tui.engine.decoder import EngineError, Images, Latents
from vaevis_tui.web.plans import WebPlans, with_weights_as_sent


@dataclass(frozen=True, slots=True)
class WeightsError:
    """How far images of the page's weights are from those of the model's own.

    Attributes:
        largest: Largest difference of a pixel's channel, in levels of 255.
        rmse: Root mean square difference, in the same.
        images: How many images were compared.
    """

    largest: int
    rmse: float
    images: int

    def __str__(self) -> str:
        """One clause for people."""
        return f"at most {self.largest} of 255 levels, RMSE {self.rmse:.2f}, in {self.images} images"


def measure_weights(plans: WebPlans, z: Latents, expected: Images) -> WeightsError | None:
    """Decode with the page's weights and compare.

    Args:
        plans: As they are written.
        z: float32 (n, d).
        expected: What the model's own weights decode it to, uint8 (n, h, w, 3).

    Returns:
        The difference, or None where there is no wgpu adapter.
    """
    from vaevis_tui.engine.wgpu.device import find_adapter, open_device
    from vaevis_tui.engine.wgpu.program import Program

    try:
        summary, adapter = find_adapter()
        device, limits = open_device(adapter)
    except EngineError:
        return None
    plan = plans.gpu if summary.is_hardware else plans.software
    try:
        with closing(Program(device, limits, with_weights_as_sent(plan, plans.weights))) as program:
            words = program.run(z)
    except EngineError:
        return None
    finally:
        device.destroy()
    images = words.view(np.uint8).reshape(*expected.shape[:3], 4)[..., :3]
    difference = images.astype(np.int16) - expected
    rmse = float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))
    return WeightsError(int(np.abs(difference).max()), rmse, len(z))
