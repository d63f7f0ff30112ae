"""A decoder of anybody's made into one that every backend takes: (n, d) to (n, 1 or 3, h, w) in 0..1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.errors import UserError
from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.decisions import Decisions
from vaevis_tui.onnx_model.adapter.image_output.colours import colour_note, join_planes
from vaevis_tui.onnx_model.adapter.image_output.layout import Layout
from vaevis_tui.onnx_model.adapter.image_output.values import ValueMap
from vaevis_tui.onnx_model.adapter.latent_input.controls import choose_controls
from vaevis_tui.onnx_model.adapter.latent_input.directions import (
    MAX_SIZE,
    MIN_AREA,
    random_directions,
    smooth_patterns,
)
from vaevis_tui.onnx_model.adapter.latent_input.inputs import (
    Input,
    Roles,
    bind_settings,
    inputs_of,
    read_settings,
    settings_note,
)
from vaevis_tui.onnx_model.adapter.latent_input.latent import baked_batch, is_plain, open_batch, unify
from vaevis_tui.onnx_model.adapter.options import AdapterOptions, prior_of
from vaevis_tui.onnx_model.adapter.output_inference import OutputInference, close
from vaevis_tui.onnx_model.adapter.reading import (
    Reading,
    choose_output,
    decoder_half,
    read_graph,
    read_with_sizes,
    shown,
)
from vaevis_tui.onnx_model.adapter.samples import GraphRunner, draw
from vaevis_tui.onnx_model.edit import FLOAT, add_constant, declare, make_node, prune, strip
from vaevis_tui.onnx_model.extra_inputs import ExtraInput
from vaevis_tui.onnx_model.limits import MAX_LATENT_DIM
from vaevis_tui.onnx_model.node import Shape, UnsupportedError
from vaevis_tui.onnx_model.shape_inference import Trace, trace_all
from vaevis_tui.text import quoted

if TYPE_CHECKING:
    import onnx


def adapt_decoder(
    model: onnx.ModelProto,
    options: AdapterOptions,
    path: Path,
    notes: Sequence[str] = (),
    decisions: Decisions | None = None,
    *,
    controls: bool = True,
) -> CheckedModel:
    """Adapt a decoder.

    Args:
        model: A graph of which all but the shapes was checked; it is changed.
        options: What was said about it.
        path: Where it came from, for messages.
        notes: What was put right in it, for people.
        decisions: What was decided before about the same file with the same options; None: it is tried.
        controls: Whether what it takes beside z stays an input of it where that can be.

    Raises:
        UnsupportedError: It is no decoder that can be adapted.
        UserError: An option does not fit it, or it does not run.
    """
    return _Adaptation(model, options, path, notes, decisions, controls).run()


class _Adaptation:
    """One decoder on its way; every step adds to its notes."""

    def __init__(
        self,
        model: onnx.ModelProto,
        options: AdapterOptions,
        path: Path,
        notes: Sequence[str],
        decisions: Decisions | None,
        controls: bool,
    ) -> None:
        self.with_controls = controls
        self.model, self.options, self.path = model, options, path
        self.decisions = decisions or Decisions()
        self.notes = list(notes)
        self.prior = prior_of(options.prior)
        self.walk: Trace
        self.sizes: list[ExtraInput] = []
        self.seed = 0

    def run(self) -> CheckedModel:
        model = self.model  # a graph taken from it would not be the model's any more where that is put back
        choose_output(model, self.options.output)
        strip(model)
        reading, roles, self.sizes = read_with_sizes(model, self.options)
        if planes := join_planes(model, reading.walk):
            self.notes.append(planes)
            reading = read_graph(model, roles, self.options.layout)
        reading, roles, half = decoder_half(model, reading, roles, self.options.layout)
        self.notes += [half, reading.note]
        prune(model.graph, [reading.output])
        used = {item.name for item in inputs_of(model.graph)}
        roles = Roles(
            tuple(item for item in roles.latents if item.name in used),
            tuple((item, kind) for item, kind in roles.settings if item.name in used),
        )
        if not roles.latents:
            raise UnsupportedError(f"output {quoted(reading.output)} does not depend on a latent vector")
        source, dim, settings, name, directions = self._take_inputs(roles, reading)
        settings += self.sizes
        if not self.walk.depends(name):
            raise UnsupportedError(f"output {quoted(name)} does not depend on the latent vector")
        self._check_dim(roles, dim)
        parameters = sum(math.prod(tensor.dims) for tensor in model.graph.initializer)
        inference = self._output_inference([each for each in settings if each.size])
        layout, self.decisions = inference.decide(source, dim, name, reading.layouts, self.decisions)
        values, batched = self.decisions.values or ValueMap(), bool(self.decisions.batched)
        name = self._append_image(name, layout, values)
        size = (layout.channels, layout.height, layout.width)
        if self.walk.shape(name) != (1, *size):
            raise UnsupportedError(f"its images have shape {self.walk.shape(name)}; {(1, *size)} is expected")
        declare(
            model.graph, source, (dim + sum(each.size for each in settings),), name, size, batched=batched
        )
        self.notes += [
            settings_note([each for each in settings if each not in self._seed_input()]),
            layout.note,
            "" if self.options.bgr else colour_note(reading.output, layout.channels),
            values.note,
            f"z is taken as {self.options.prior}" if self.options.prior else "",
            self.decisions.problem,
        ]
        return CheckedModel(
            model=model,
            trace=self.walk,
            output=name,
            latent_dim=dim,
            image_height=layout.height,
            image_width=layout.width,
            channels=layout.channels,
            batched=batched,
            parameters=parameters,
            multiply_adds=self.walk.multiply_adds,
            notes=tuple(filter(None, self.notes)),
            options=self.options,
            decisions=self.decisions,
            prior=self.prior,
            settings=tuple(settings),
            directions=directions,
        )

    # ---- inputs ----

    def _take_inputs(
        self, roles: Roles, reading: Reading
    ) -> tuple[str, int, list[ExtraInput], str, Shape | None]:
        """Give the graph one input: its name and length, settings, name of the image, shape of a latent."""
        shapes = {
            name: (1, *shape[1:]) if reading.batch > 1 and shape[:1] == (reading.batch,) else shape
            for name, shape in reading.shapes.items()
        }
        if reading.batch > 1:
            source, dim, settings, name = self._fixed_batch(roles, reading, shapes)
            return source, dim, settings, name, None
        first = roles.latents[0]
        rows = first.dims is None or len(first.dims) > 1
        shape = shapes[first.name]
        directions = self._directions(roles, shape)
        settings = self._read_settings(roles, shapes)
        every = [
            (item, each, shapes[item.name]) for (item, _), each in zip(roles.settings, settings, strict=True)
        ]
        controls = []
        if self.with_controls and directions is None:
            controls = choose_controls(self.model, reading.walk, every)
        sizes = {control.item.name: control.size for control in controls}
        bound = [(item, setting) for item, setting, _ in every if item.name not in sizes]
        bind_settings(self.model, bound, shapes, first.name if rows else None)
        settings = [replace(each, size=sizes.get(each.name, 0)) for each in settings]
        prior = None if self.prior.kind == "normal" else self.prior
        if not controls and directions is None and prior is None and is_plain(roles.latents, shapes):
            source, dim = first.name, shape[1]
        else:
            source, dim = unify(
                self.model,
                roles.latents,
                shapes,
                directions=directions,
                prior=prior,
                controls=controls,
                walk=reading.walk,
            )
            self._note_latents(roles, shapes, directions)
        self._walk_final(source, dim + sum(sizes.values()))
        settings += self._seed_input()
        return source, dim, settings, reading.output, None if directions is None else shape

    def _read_settings(self, roles: Roles, shapes: Mapping[str, Shape]) -> list[ExtraInput]:
        """All but the seed, which is that of random operators where no input has that name."""
        names = {item.name for item, _ in roles.settings}
        rest = []
        for name, value in self.options.settings:
            if name == "seed" and name not in names and value.strip().isdecimal():
                self.seed = int(value)
            else:
                rest.append((name, value))
        sizes = [each.name for each in self.sizes]
        return read_settings(self.model.graph, roles.settings, shapes, rest, sizes)

    def _seed_input(self) -> list[ExtraInput]:
        return [ExtraInput("seed", "noise", str(self.seed))] if self.walk.drawn else []

    def _directions(self, roles: Roles, shape: Shape) -> NDArray[np.float32] | None:
        """Rows along which a latent that is an image, or too long, is explored; None for any other."""
        if len(roles.latents) > 1:
            return None
        size = math.prod(shape)
        if size > MAX_SIZE:
            raise UnsupportedError(
                f"input {quoted(roles.latents[0].name)} has {size} numbers; up to {MAX_SIZE} are supported"
            )
        if (
            len(shape) == 4
            and min(shape[2:]) > 1
            and shape[2] * shape[3] >= MIN_AREA
            and shape[1] <= MAX_LATENT_DIM
        ):
            return smooth_patterns((shape[1], shape[2], shape[3]))
        return random_directions(size) if size > MAX_LATENT_DIM else None

    def _note_latents(
        self, roles: Roles, shapes: Mapping[str, Shape], directions: NDArray[np.float32] | None
    ) -> None:
        first = roles.latents[0]
        viewed = shown(shapes[first.name])
        if directions is not None:
            kind = "smooth patterns" if len(shapes[first.name]) == 4 else "random directions"
            self.notes.append(f"z mixes {len(directions)} {kind} into its latent, which is {viewed}")
        elif len(roles.latents) > 1:
            names = ", ".join(f"{quoted(i.name)} {shown(shapes[i.name])}" for i in roles.latents)
            self.notes.append(f"z holds its latents one after the other: {names}")
        elif shapes[first.name] not in ((1, math.prod(shapes[first.name])),):
            self.notes.append(f"it takes z in the shape {viewed}")

    def _fixed_batch(
        self, roles: Roles, reading: Reading, shapes: dict[str, Shape]
    ) -> tuple[str, int, list[ExtraInput], str]:
        """Free a graph of the batch that is written into it; where that fails, fill the batch up."""
        original = type(self.model)()
        original.CopyFrom(self.model)
        places = baked_batch(self.model, reading.walk, reading.batch)
        repeat = self.decisions.repeat
        settings = self._read_settings(roles, shapes)
        bound = [(item, each) for (item, _), each in zip(roles.settings, settings, strict=True)]
        if repeat is not True:
            open_batch(self.model, places)
            bind_settings(self.model, bound, shapes, None)
            source, dim = unify(self.model, roles.latents, shapes)
            try:
                self._walk_final(source, dim)
                good = self.walk.shape(reading.output) == (1, *reading.walk.shape(reading.output)[1:])
            except UnsupportedError:
                good = False
            if good and (repeat is False or self._same_rows(original, roles, reading, source, dim, bound)):
                self.decisions = replace(self.decisions, repeat=False)
                self.notes.append(f"it was exported for {reading.batch} latent vectors at once; it takes one")
                return source, dim, settings, reading.output
        self.model.CopyFrom(original)
        bind_settings(self.model, bound, reading.shapes, None)
        source, dim = unify(self.model, roles.latents, shapes, repeat=reading.batch)
        self._walk_final(source, dim)
        self.decisions = replace(self.decisions, repeat=True)
        bounds = [(key, value) for key, value in (("start", 0), ("end", 1), ("axis", 0))]
        constants = [self._constant(f"first.{key}", [value], np.int64) for key, value in bounds]
        name = self._append("Slice", [reading.output, *constants])
        self.notes.append(
            f"it was exported for {reading.batch} latent vectors at once and decodes that many for each "
            "image; an export with a dynamic batch is as many times faster"
        )
        return source, dim, settings, name

    def _same_rows(
        self,
        original: onnx.ModelProto,
        roles: Roles,
        reading: Reading,
        source: str,
        dim: int,
        settings: Sequence[tuple[Input, ExtraInput]],
    ) -> bool:
        """Whether the changed graph makes of single vectors what the original makes of a whole batch."""
        z = draw(self.prior, reading.batch, dim)
        bound = type(original)()
        bound.CopyFrom(original)
        bind_settings(bound, settings, reading.shapes, None)
        feeds, start = {}, 0
        for item in roles.latents:
            shape = reading.shapes[item.name]
            size = math.prod(shape[1:])
            part = z[:, start : start + size].reshape(shape)
            feeds[item.name] = part.astype(_numpy_type(item.data_type))
            start += size
        try:
            (expected,) = GraphRunner(bound, self.path, 0).run(feeds, [reading.output])
            found = self._output_inference(()).runner(source, dim, reading.output).samples(source, z[[0, -1]])
        except UserError:
            return False
        expected = np.stack([expected[:1], expected[-1:]]).astype(np.float64)
        return close(expected, found[: len(expected)])

    def _walk_final(self, source: str, dim: int) -> None:
        """Walk the graph from its one input, and make constants of what is random."""
        self.walk = trace_all(self.model, {source: (FLOAT, (1, dim))}, self.seed)
        if not self.walk.drawn:
            return
        from onnx import numpy_helper

        graph = self.model.graph
        for node in list(graph.node):
            if node.output[0] in self.walk.drawn:
                graph.node.remove(node)
        graph.initializer.extend(
            numpy_helper.from_array(array, name) for name, array in self.walk.drawn.items()
        )
        self.notes.append("its random noise is drawn once (--set seed=N draws another)")

    def _check_dim(self, roles: Roles, dim: int) -> None:
        if not 1 <= dim <= MAX_LATENT_DIM:
            names = ", ".join(f"{quoted(item.name)} {item.shown}" for item in roles.latents)
            raise UnsupportedError(
                f"input {names} has {dim} numbers; a latent size from 1 to {MAX_LATENT_DIM} is supported"
            )

    def _output_inference(self, controls: Sequence[ExtraInput]) -> OutputInference:
        return OutputInference(self.model, self.walk, self.options, self.path, self.seed, controls)

    # ---- what is put behind the graph ----

    def _append_image(self, name: str, layout: Layout, values: ValueMap) -> str:
        if self.walk.data_type(name) != FLOAT:
            name = self._append("Cast", [name], to=FLOAT)
        if self.walk.shape(name) != (1, *layout.view[1:]) or len(self.walk.shape(name)) != 4:
            name = self._append("Reshape", [name, self._constant("image.shape", layout.view, np.int64)])
        if layout.last:
            name = self._append("Transpose", [name], perm=[0, 3, 1, 2])
        if layout.take != tuple(range(layout.made)):
            indices = self._constant("image.channels", layout.take, np.int64)
            name = self._append("Gather", [name, indices], axis=1)
        if values.sigmoid:
            name = self._append("Sigmoid", [name])
        if values.low != (0.0,) or values.high != (1.0,):
            low, high = np.array(values.low), np.array(values.high)
            shape = (1,) if low.size == 1 else (1, -1, 1, 1)
            for operator, number in (("Mul", 1 / (high - low)), ("Add", -low / (high - low))):
                constant = self._constant(f"{operator.lower()}.constant", number.reshape(shape), np.float32)
                name = self._append(operator, [name, constant])
        return name

    def _constant(self, hint: str, value: Any, dtype: Any) -> str:
        name = add_constant(self.model.graph, hint, value, dtype)
        self.walk.give(self.model.graph.initializer[-1])
        return name

    def _append(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        node = make_node(self.model.graph, operator, inputs, **attributes)
        self.model.graph.node.append(node)
        self.walk.step(node)
        return str(node.output[0])


def _numpy_type(data_type: int) -> Any:
    from onnx import helper

    return helper.tensor_dtype_to_np_dtype(data_type)
