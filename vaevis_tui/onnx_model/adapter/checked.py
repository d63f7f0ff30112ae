"""A decoder that was read, checked and adapted, as every backend takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.onnx_model.adapter.decisions import Decisions
from vaevis_tui.onnx_model.adapter.options import AdapterOptions, Prior
from vaevis_tui.onnx_model.extra_inputs import ExtraInput, filled
from vaevis_tui.onnx_model.shape_inference import Trace

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True, slots=True, eq=False)
class CheckedModel:
    """A decoder that was found sound.

    Attributes:
        model: The adapted graph with its weights: one input (n, d), or more where it has controls, and one
            output (n, 1 or 3, h, w) in 0..1.
        trace: Its nodes, shapes and constants for one latent vector.
        output: Name of the image in it.
        latent_dim: Length d of a latent vector.
        image_height: Pixels.
        image_width: Pixels.
        channels: 1 or 3.
        batched: Whether n latent vectors may be decoded at once; else one at a time.
        parameters: Number of weights, small constants included.
        multiply_adds: Of one image.
        notes: What was taken and why, for people, e.g. that -1 is taken as black; a clause each.
        options: What was said about it.
        decisions: What was found by trying it; with the options it gives the same again, untried.
        prior: Distribution of z.
        settings: Inputs that are not the latent vector, as they are set.
        directions: Where z are coordinates along directions of a larger latent: its shape; else None.
    """

    model: onnx.ModelProto
    trace: Trace
    output: str
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    batched: bool
    parameters: int
    multiply_adds: int
    notes: tuple[str, ...] = ()
    options: AdapterOptions = field(default_factory=AdapterOptions)
    decisions: Decisions = field(default_factory=Decisions)
    prior: Prior = field(default_factory=Prior)
    settings: tuple[ExtraInput, ...] = ()
    directions: tuple[int, ...] | None = None

    @property
    def controls(self) -> tuple[ExtraInput, ...]:
        """Settings that are inputs of the graph, after z."""
        return tuple(each for each in self.settings if each.size)

    def filled(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the graph takes, of z (n, d) or of points; see `vaevis_tui.onnx_model.extra_inputs.filled`."""
        return filled(z, self.latent_dim, self.controls)
