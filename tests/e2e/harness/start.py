"""Where the program starts, as tests have to know it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.explorer.exploration import Exploration
from vaevis_tui.latent.effect import effect_probes, visible_effect
from vaevis_tui.latent.state import LatentState
from vaevis_tui.models.bundle import open_bundle


def start(bundle: Path, z: NDArray[np.float32] | None = None) -> LatentState:
    """Where the program starts: at z or at the mean, the row that changes the image most selected."""
    model = open_bundle(bundle)
    exploration = Exploration(str(bundle), model, z=model.space.mean if z is None else z)
    minus, plus = np.moveaxis(effect_probes(exploration.axis_set), 1, 0)
    with OnnxRuntimeDecoder(model) as decoder:
        effects = visible_effect(decoder.decode(minus), decoder.decode(plus))
    exploration.set_effects(exploration.axis_set.key, effects)
    return exploration.state
