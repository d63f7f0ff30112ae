"""The operator graph: a few kinds of operator, literal, with their weights inside.

Shapes are those of ONNX for one example (batch n = 1), e.g. ``(1, 512, 4, 4)``: every operator here treats
the examples of a batch alike and apart, so the graph of one example says it all and the device adds the batch
back.

An operator first computes its own result, then its epilogue: a pointwise expression of that result and of
other tensors (a residual, a per-channel constant), which a kernel evaluates in registers before it stores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.graph.expression import RESULT, Array, Expression

Shape = tuple[int, ...]
"""Shape of a tensor for one example."""


class UnsupportedGraph(EngineError):  # noqa: N818  (it reads as what it says)
    """The graph holds what this engine cannot compute; the message names operator, attribute and shape.

    It is an `EngineError`, so whoever opens a decoder treats it like a device that fails: with another
    backend.
    """


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Operator:
    """What every operator has.

    Attributes:
        inputs: Names of the tensors its own computation reads.
        output: Name of the tensor it makes.
        shape: Shape of the output for one example.
        epilogue: Pointwise expression applied to the result before it is stored.
        operands: Names of further tensors the epilogue reads, each broadcast to ``shape``.
    """

    inputs: tuple[str, ...]
    output: str
    shape: Shape
    epilogue: Expression = RESULT
    operands: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of everything it reads, epilogue included."""
        return self.inputs + self.operands

    @property
    def kind(self) -> str:
        """Its name for people."""
        return type(self).__name__

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for one example, the epilogue's not counted."""
        return 0


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Linear(Operator):
    """``weight @ x + bias`` on the flattened input; the result takes any shape of the right size.

    Attributes:
        weight: float32 (outputs, inputs), both in the flat row-major order of their tensors.
        bias: float32 (outputs,).
    """

    weight: Array
    bias: Array

    @property
    def multiply_adds(self) -> int:  # noqa: D102
        return int(self.weight.size)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class MatrixProduct(Operator):
    """Products of matrices of which one at least depends on the latent vector, as attention has them.

    The left input is (1, rows, batch, inner), the right one (1, inner, batch, columns), the result
    (1, rows, batch, columns); an input's batch may be one. Without the third axis it is one.
    """

    inner: int

    @property
    def multiply_adds(self) -> int:  # noqa: D102
        return prod(self.shape) * self.inner


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Convolution(Operator):
    """ONNX Conv in two dimensions; its output may be written through a pixel shuffle.

    Attributes:
        weight: float32 (outputs, inputs / groups, kernel height, kernel width).
        bias: float32 (outputs,).
        strides: Vertical, horizontal.
        pads: Zeros added at the top, left, bottom and right.
        dilations: Vertical, horizontal.
        groups: Channel groups.
        shuffle: r: channels come in r² runs, one a phase, phase (py, px) of run py·r + px, and pixel (y, x)
        of a
            run is stored at (y·r + py, x·r + px); 1 stores them as they are.
    """

    weight: Array
    bias: Array
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1
    shuffle: int = 1

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the positions it is evaluated at: those of the output before the shuffle."""
        return self.shape[2] // self.shuffle, self.shape[3] // self.shuffle

    @property
    def multiply_adds(self) -> int:  # noqa: D102
        return self.weight.size * prod(self.grid)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class TransposedConvolution(Operator):
    """ONNX ConvTranspose in two dimensions.

    Attributes:
        weight: float32 (inputs, outputs / groups, kernel height, kernel width).
        bias: float32 (outputs,).
        strides: Vertical, horizontal.
        pads: Rows and columns cut at the top, left, bottom and right.
        dilations: Vertical, horizontal.
        groups: Channel groups.
        source: Height and width of the input.
    """

    weight: Array
    bias: Array
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1
    source: tuple[int, int]

    @property
    def multiply_adds(self) -> int:  # noqa: D102
        return self.weight.size * prod(self.source)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PhaseConvolution(Operator):
    """One small convolution for each phase of an enlarged output.

    Output (y·s + py, x·s + px) is that of phase (py, px) at (y, x). A transposed convolution of stride s is
    this, and so is nearest s-fold upsampling before a convolution; neither reads a zero between pixels.

    Attributes:
        weight: float32 (s, s, outputs, inputs, taps down, taps across); what a phase does not use is zero.
        bias: float32 (outputs,).
        scale: s.
        origin: Row and column of the first tap of every phase, relative to the source position.
        used: bool (s, s, taps down, taps across): taps that a phase really has.
        source: Height and width of the input.
    """

    weight: Array
    bias: Array
    scale: int
    origin: tuple[int, int]
    used: NDArray[np.bool_]
    source: tuple[int, int]

    @property
    def multiply_adds(self) -> int:  # noqa: D102
        outputs, inputs = self.weight.shape[2:4]
        return int(self.used.sum()) * int(outputs * inputs) * prod(self.source)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Pointwise(Operator):
    """Nothing but an epilogue over its operands."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Resize(Operator):
    """ONNX Resize of height and width.

    Attributes:
        mode: ``"nearest"``, ``"linear"`` or ``"cubic"``.
        scales: Output size over input size as the graph gives it, vertical and horizontal.
        coordinates: ONNX coordinate_transformation_mode: ``half_pixel``,
            ``half_pixel_symmetric``, ``tf_half_pixel_for_nn``, ``pytorch_half_pixel``,
        ``asymmetric``
            or ``align_corners``.
        rounding: ONNX nearest_mode: ``round_prefer_floor``, ``round_prefer_ceil``, ``floor`` or ``ceil``.
        cubic_coefficient: ONNX cubic_coeff_a.
        exclude_outside: Whether cubic weights of pixels outside the image go to those inside; else the edge
            is repeated.
    """

    mode: str
    scales: tuple[float, float]
    coordinates: str
    rounding: str
    cubic_coefficient: float = -0.75
    exclude_outside: bool = False


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Permute(Operator):
    """View the input as another shape, exchange axes, view the result as the output's shape.

    Reshape, Flatten, Squeeze, Unsqueeze (``order`` in rising order), Transpose and DepthToSpace are this.

    Attributes:
        view: Shape that the input is first viewed as.
        order: Axes of the view in the order of the output, as in `numpy.transpose`.
    """

    view: Shape
    order: tuple[int, ...]

    @property
    def is_reshape(self) -> bool:
        """Whether elements keep their flat order (axes of length one may move)."""
        moved = [axis for axis in self.order if self.view[axis] != 1]
        return moved == sorted(moved)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class DepthToSpace(Operator):
    """ONNX DepthToSpace (pixel shuffle).

    Attributes:
        block: Factor of height and width.
        mode: ``"DCR"`` (channel = phase · C + c) or ``"CRD"`` (channel = c · block² + phase; PyTorch's
        PixelShuffle).
    """

    block: int
    mode: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Concat(Operator):
    """ONNX Concat along the channels."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class StaticGather(Operator):
    """Each output element is an element of the input, or a number: Slice, Split, Gather, Tile, Expand, Pad.

    Attributes:
        indices: int64, of the output's size: flat index in the input, -1 for ``fill``.
        fill: What stands where no element of the input does.
    """

    indices: NDArray[np.int64]
    fill: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GridSample(Operator):
    """ONNX GridSample in two dimensions; its grid, the second input, is (1, 2, height, width).

    Attributes:
        mode: ``"linear"`` or ``"nearest"``.
        padding: What lies outside the image: ``"zeros"``, or its ``"border"``.
        align_corners: Whether -1 and 1 are the middles of the outermost pixels; else their outer edges.
    """

    mode: str
    padding: str
    align_corners: bool


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class SpatialReduction(Operator):
    """Mean or maximum over height and width, kept as axes of length one.

    Attributes:
        function: ``"mean"`` or ``"max"``.
    """

    function: str = "mean"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Pool(Operator):
    """ONNX MaxPool and AveragePool in two dimensions.

    Attributes:
        function: ``"mean"`` or ``"max"``.
        kernel: Height and width of the window.
        strides: Vertical, horizontal.
        pads: Rows and columns added at the top and left; what lies outside is never the maximum.
        dilations: Vertical, horizontal.
        include_pad: Whether a mean counts what lies outside, as zeros.
    """

    function: str
    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: tuple[int, int]
    dilations: tuple[int, int] = (1, 1)
    include_pad: bool = False


@dataclass(frozen=True)
class Graph:
    """A decoder for one example.

    Attributes:
        input: Name of the latent tensor.
        input_shape: Its shape, ``(1, d)``.
        output: Name of the image tensor.
        operators: In an order in which each one's inputs exist.
        constants: Tensors known at load, float32, by name; shapes as ONNX gives them.
    """

    input: str
    input_shape: Shape
    output: str
    operators: tuple[Operator, ...]
    constants: Mapping[str, Array] = field(default_factory=dict)

    def shape_of(self, name: str) -> Shape:
        """Shape of a tensor, for one example."""
        if name == self.input:
            return self.input_shape
        if name in self.constants:
            return self.constants[name].shape
        return self.producers[name].shape

    @property
    def producers(self) -> dict[str, Operator]:
        """Which operator makes each tensor."""
        return {operator.output: operator for operator in self.operators}

    @property
    def readers(self) -> dict[str, set[str]]:
        """Outputs of the operators that read each tensor."""
        found: dict[str, set[str]] = {}
        for operator in self.operators:
            for name in operator.reads:
                found.setdefault(name, set()).add(operator.output)
        return found

    @property
    def uses(self) -> dict[str, int]:
        """How often each tensor is read; being the graph's output counts as once."""
        counts = {self.output: 1}
        for operator in self.operators:
            for name in operator.reads:
                counts[name] = counts.get(name, 0) + 1
        return counts

    @property
    def output_shape(self) -> Shape:
        """Shape of the image tensor, for one example."""
        return self.shape_of(self.output)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds for one example, epilogues not counted."""
        return sum(operator.multiply_adds for operator in self.operators)

    def replace(self, changes: Mapping[str, Operator | None]) -> Graph:
        """The graph with the makers of some tensors exchanged, or removed where the change is None.

        Args:
            changes: New operator, by the name of the tensor that the old one makes.
        """
        return dataclasses.replace(self, operators=tuple(self._exchanged(changes)))

    def _exchanged(self, changes: Mapping[str, Operator | None]) -> Iterator[Operator]:
        for operator in self.operators:
            kept = changes.get(operator.output, operator)
            if kept is not None:
                yield kept
