"""What some images of a model tell: how its output is read, what is black, whether batches are as singles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.decisions import Decisions
from vaevis_tui.onnx_model.adapter.image_output.layout import Layout, smoothest
from vaevis_tui.onnx_model.adapter.image_output.tail import Tails
from vaevis_tui.onnx_model.adapter.image_output.values import IMAGENET, ValueMap, infer_values, stretched
from vaevis_tui.onnx_model.adapter.latent_input.latent import baked_batch, open_batch
from vaevis_tui.onnx_model.adapter.options import AdapterOptions, interval, prior_of
from vaevis_tui.onnx_model.adapter.samples import COUNT, GraphRunner, draw
from vaevis_tui.onnx_model.edit import FLOAT
from vaevis_tui.onnx_model.extra_inputs import SEEDS, ExtraInput, filled, with_values
from vaevis_tui.onnx_model.node import UnsupportedError
from vaevis_tui.onnx_model.shape_inference import Trace, trace_all
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx

CLOSE = 2e-3
"""Share of the range of an output by which two ways to compute it may differ."""


class OutputInference:
    """A graph with one input, tried on latent vectors of its prior.

    Args:
        model: The graph; a Reshape or two of it may change.
        walk: It walked for one latent vector.
        options: What was said about it.
        path: Where it came from, for messages.
        seed: Of what random operators are taken to make.
        controls: What follows z in its input.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        walk: Trace,
        options: AdapterOptions,
        path: Path,
        seed: int,
        controls: Sequence[ExtraInput],
    ) -> None:
        self._controls = controls
        self.model, self.walk, self.options, self.path, self.seed = model, walk, options, path, seed

    def runner(self, source: str, dim: int, output: str) -> GraphRunner:
        """The graph as it is now, with one input and one output.

        Raises:
            UserError: onnxruntime does not take it.
        """
        from onnx import helper

        graph = self.model.graph
        kept = list(graph.input), list(graph.output)
        del graph.input[:]
        del graph.output[:]
        graph.input.append(helper.make_tensor_value_info(source, FLOAT, ["n", self._length(dim)]))
        graph.output.append(helper.make_tensor_value_info(output, self.walk.data_type(output), None))
        try:
            return GraphRunner(self.model, self.path, self.walk.multiply_adds)
        finally:
            del graph.input[:]
            del graph.output[:]
            graph.input.extend(kept[0])
            graph.output.extend(kept[1])

    def decide(
        self, source: str, dim: int, name: str, ways: Sequence[Layout], done: Decisions
    ) -> tuple[Layout, Decisions]:
        """Decide on layout, values, and whether several vectors are decoded at once.

        Args:
            source: Name of the input.
            dim: Length of z in it.
            name: Name of the output.
            ways: To read it, the likeliest first.
            done: What was decided before; what is open in it is tried.

        Raises:
            UserError: The model does not run, or an option does not fit it.
        """
        with np.errstate(all="ignore"):  # its images may hold anything
            return self._decide(source, dim, name, ways, done)

    def _decide(
        self, source: str, dim: int, name: str, ways: Sequence[Layout], done: Decisions
    ) -> tuple[Layout, Decisions]:
        opened = self._batches(source, dim, name)
        if done.values is not None and done.batched is not None:
            if not done.batched:
                self._undo(opened)
            layout = self._in_order(ways[min(done.layout, len(ways) - 1)])
            return layout, replace(done, batched=done.batched and opened is not None)
        samples = None
        try:
            runner = self.runner(source, dim, name)
            z = self._filled(draw(prior_of(self.options.prior), COUNT, dim))
            samples = runner.samples(source, z)
            if samples[0].size != math.prod(self.walk.shape(name)):
                made = "x".join(map(str, samples.shape[1:]))
                raise UnsupportedError(
                    f"output {quoted(name)} has shape {made} when it is run, which its operators do not tell"
                )
            batched = opened is not None and close(samples[:2], _batch(runner, source, z[:2]))
        except UserError as error:
            if "cannot be decoded" in str(error):
                raise
            batched = opened is not None  # another backend may run what onnxruntime does not take
        if not batched:
            self._undo(opened)
        layout = smoothest(ways, None if samples is None else samples) if ways[0].flat else ways[0]
        place = list(ways).index(layout)
        layout = self._in_order(layout)
        values = self._values(name, layout, samples)
        problem, weight = "", self._bad_weight()
        if samples is not None and not np.isfinite(samples).all():
            problem = "its images hold NaN or infinities" + (
                f", as its weight {weight} does" if weight else ""
            )
        elif weight:
            problem = f"its weight {weight} holds NaN or infinities"
        return layout, replace(done, values=values, layout=place, batched=batched, problem=problem)

    def _length(self, dim: int) -> int:
        return dim + sum(each.size for each in self._controls)

    def _filled(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """With controls: as they are set, but for the second, so that it shows whether each has its own."""
        if not self._controls:
            return z
        points = with_values(z, z.shape[1], [float(each.value) for each in self._controls])
        for place, each in enumerate(self._controls, z.shape[1]):
            value = points[1, place]
            points[1, place] = value / 2 if each.kind == "number" else (value + 1) % (each.choices or SEEDS)
        return filled(points, z.shape[1], self._controls)

    def _in_order(self, layout: Layout) -> Layout:
        return layout.reversed() if self.options.bgr else layout

    def _values(self, name: str, layout: Layout, samples: NDArray[Any] | None) -> ValueMap:
        images = None if samples is None else layout.images(samples)
        requested = self.options.range
        if requested is None:
            return infer_values(Tails(self.walk).of(name), images, layout)
        said = "as it was said"
        if requested == "logits":
            return ValueMap(sigmoid=True, because=said)
        if requested == "imagenet":
            if layout.channels != 3:
                raise UserError("--range imagenet is of three channels; this model's images have one")
            return replace(IMAGENET, because=said)
        if requested == "auto-stretch":
            return stretched(images)
        low, high = interval(requested) or (0.0, 1.0)
        return ValueMap((low,), (high,), because="" if (low, high) == (0.0, 1.0) else said)

    def _batches(self, source: str, dim: int, name: str) -> dict[int, str] | None:
        """Old shapes of Reshapes that are changed for it to take two vectors; None where it does not."""
        if self._takes_two(source, dim, name):
            return {}
        places = baked_batch(self.model, self.walk, 1)
        old = {place: self.model.graph.node[place].input[1] for place in places}
        open_batch(self.model, places)
        for tensor in self.model.graph.initializer[-len(places) :] if places else ():
            self.walk.give(tensor)
        if places and self._takes_two(source, dim, name):
            return old
        self._undo(old)
        return None

    def _takes_two(self, source: str, dim: int, name: str) -> bool:
        one = self.walk.shape(name)
        try:
            two = trace_all(self.model, {source: (FLOAT, (2, self._length(dim)))}, self.seed).shape(name)
        except UnsupportedError:
            return False
        return two == (2, *one[1:]) and one[:1] == (1,)

    def _undo(self, opened: Mapping[int, str] | None) -> None:
        for place, shape in (opened or {}).items():
            self.model.graph.node[place].input[1] = shape

    def _bad_weight(self) -> str:
        """The name of a weight with NaN or infinity; masks of attention hold minus infinity, and are none."""
        from onnx import numpy_helper

        for tensor in self.model.graph.initializer:
            array = numpy_helper.to_array(tensor)
            if array.dtype.kind == "f" and not (array < np.inf).all():
                return quoted(tensor.name)
        return ""


def _batch(runner: GraphRunner, source: str, z: NDArray[np.float32]) -> NDArray[Any]:
    """What two vectors give at once, as `GraphRunner.samples` has it; nothing where they cannot be run."""
    try:
        (both,) = runner.run({source: z})
    except UserError:
        return np.zeros(0)
    return np.asarray(both)[:, None]


def close(expected: NDArray[Any], found: NDArray[Any]) -> bool:
    """Whether two arrays are equal but for rounding."""
    if expected.shape != found.shape:
        return False
    a, b = expected.astype(np.float64), found.astype(np.float64)
    finite = a[np.isfinite(a)]
    spread = float(np.ptp(finite)) if finite.size else 0.0
    return bool(np.allclose(a, b, rtol=0, atol=CLOSE * spread + 1e-6, equal_nan=True))
