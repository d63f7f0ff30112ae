"""What ONNX operators take, for all who read them: to fold, follow shapes, count work and compute.

What has no entry takes inputs alone. Where the engine computes less than ONNX has, that is what is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from vaevis_tui.onnx_model.node import Node, UnsupportedError, label
from vaevis_tui.onnx_model.operators import declare
from vaevis_tui.onnx_model.operators.declare import REQUIRED, ArgumentError, Signature

_WEIGHTS = {"weight": declare.weights(4, computed=True), "bias": declare.weights(1, None)}

_WINDOW = {
    "auto_pad": declare.choice("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
    "dilations": declare.pair((1, 1)),
    "pads": declare.integers((0, 0, 0, 0), 0, 4),
    "strides": declare.pair((1, 1)),
}

_CONVOLUTION = {**_WINDOW, "group": declare.integer(1, 1)}

_POOL = {**_WINDOW, "ceil_mode": declare.flag(), "kernel_shape": declare.integers(low=1)}

_REDUCTION = Signature(
    {"axes": declare.axes()}, {"keepdims": declare.flag(True), "noop_with_empty_axes": declare.flag()}
)

_NORMAL = {"mean": declare.number(0.0), "scale": declare.number(1.0)}
_UNIFORM = {"low": declare.number(0.0), "high": declare.number(1.0)}
_DRAWN = {"dtype": declare.integer(1), "shape": declare.integers(low=0)}
_DRAWN_LIKE = {"dtype": declare.integer(None)}

_EPSILON = declare.number(1e-5, 0.0)

_INDICES = {"indices": declare.indices()}

_MODE = declare.choice("nearest", "linear", "cubic")

_OF_INTEGERS = Signature(
    {
        "weight": declare.indices(),
        "x_zero": declare.indices(None, computed=True),
        "zero": declare.indices(None),
    }
)

_QUANTIZED = {
    "x_scale": declare.weights(),
    "x_zero": declare.indices(),
    "weight": declare.indices(),
    "w_scale": declare.weights(),
    "w_zero": declare.indices(),
    "y_scale": declare.weights(),
    "y_zero": declare.indices(),
}

_SCALE_BIAS = {"scale": declare.weights(), "bias": declare.weights(default=None)}

SIGNATURES: Mapping[str, Signature] = {
    "AffineGrid": Signature({"size": declare.integers()}, {"align_corners": declare.flag()}),
    "ArgMax": Signature({}, {"axis": declare.axis(0)}),
    "AveragePool": Signature({}, {**_POOL, "count_include_pad": declare.flag()}),
    "BatchNormalization": Signature(
        {name: declare.weights(1) for name in ("scale", "bias", "mean", "variance")},
        {"epsilon": _EPSILON, "training_mode": declare.choice(0)},
    ),
    "Cast": Signature({}, {"to": declare.integer()}),
    "Celu": Signature({}, {"alpha": declare.number(1.0, 1e-30, 1e4)}),
    "Clip": Signature({"min": declare.bound(-inf), "max": declare.bound(inf)}),
    "Concat": Signature({}, {"axis": declare.axis(REQUIRED)}),
    "Constant": Signature(
        {},
        {
            "value": declare.tensor(),
            "value_int": declare.integer(None),
            "value_ints": declare.integers(None),
            "value_float": declare.any_number(None),
            "value_floats": declare.weights(1, None),
        },
    ),
    "ConstantOfShape": Signature({}, {"value": declare.tensor()}),
    "Conv": Signature(_WEIGHTS, _CONVOLUTION),
    "ConvInteger": _OF_INTEGERS,
    "ConvTranspose": Signature(
        _WEIGHTS,
        {
            **_CONVOLUTION,
            "output_padding": declare.pair((0, 0), 0),
            "output_shape": declare.integers(None, 1),
        },
    ),
    "CumSum": Signature(
        {"axis": declare.axis(REQUIRED)}, {"exclusive": declare.flag(), "reverse": declare.flag()}
    ),
    "DepthToSpace": Signature(
        {}, {"blocksize": declare.integer(low=1), "mode": declare.choice("DCR", "CRD")}
    ),
    "DequantizeLinear": Signature(
        {"scale": declare.weights(computed=True), "zero_point": declare.indices(None, computed=True)},
        {"axis": declare.integer(1)},  # which scales of one number leave beyond the tensor's axes
    ),
    "Einsum": Signature({}, {"equation": declare.text()}),
    "Elu": Signature({}, {"alpha": declare.number(1.0)}),
    "Expand": Signature({"shape": declare.integers()}),
    "Flatten": Signature({}, {"axis": declare.integer(1)}),
    "Gather": Signature({"indices": declare.indices()}, {"axis": declare.axis(0)}),
    "GatherElements": Signature(_INDICES, {"axis": declare.axis(0)}),
    "GatherND": Signature(_INDICES, {"batch_dims": declare.choice(0)}),
    "Gelu": Signature({}, {"approximate": declare.choice("none", "tanh")}),
    "Gemm": Signature(
        {"weight": declare.weights(2), "bias": declare.weights(default=None)},
        {
            "alpha": declare.number(1.0),
            "beta": declare.number(1.0),
            "transA": declare.flag(),
            "transB": declare.flag(),
        },
    ),
    "GridSample": Signature(
        {"grid": declare.weights(4, computed=True)},
        {
            "align_corners": declare.flag(),
            "mode": declare.choice("linear", "bilinear", "nearest"),
            "padding_mode": declare.choice("zeros", "border"),
        },
    ),
    "GroupNormalization": Signature(_SCALE_BIAS, {"epsilon": _EPSILON, "num_groups": declare.integer(low=1)}),
    "HardSigmoid": Signature({}, {"alpha": declare.number(0.2), "beta": declare.number(0.5)}),
    "InstanceNormalization": Signature(_SCALE_BIAS, {"epsilon": _EPSILON}),
    "LayerNormalization": Signature(_SCALE_BIAS, {"epsilon": _EPSILON, "axis": declare.axis(-1)}),
    "LeakyRelu": Signature({}, {"alpha": declare.number(0.01)}),
    "MatMulInteger": _OF_INTEGERS,
    "MaxPool": Signature({}, {**_POOL, "storage_order": declare.choice(0)}),
    "Mod": Signature({}, {"fmod": declare.flag()}),
    "OneHot": Signature(
        {"depth": declare.weights(), "values": declare.weights(1)}, {"axis": declare.integer(-1)}
    ),
    "Pad": Signature(
        {"pads": declare.integers(), "value": declare.number(0.0), "axes": declare.axes()},
        {"mode": declare.choice("constant", "reflect", "edge", "wrap")},
    ),
    "QLinearConv": Signature({**_QUANTIZED, "bias": declare.indices(None)}),
    "QLinearMatMul": Signature(_QUANTIZED),
    "QuantizeLinear": Signature(
        {"scale": declare.weights(), "zero_point": declare.indices(None)},
        {"axis": declare.axis(1), "block_size": declare.choice(0), "output_dtype": declare.integer(0, 0)},
    ),
    "RandomNormal": Signature({}, {**_NORMAL, **_DRAWN}),
    "RandomNormalLike": Signature({}, {**_NORMAL, **_DRAWN_LIKE}),
    "RandomUniform": Signature({}, {**_UNIFORM, **_DRAWN}),
    "RandomUniformLike": Signature({}, {**_UNIFORM, **_DRAWN_LIKE}),
    "ReduceL1": _REDUCTION,
    "ReduceL2": _REDUCTION,
    "ReduceMax": _REDUCTION,
    "ReduceMean": _REDUCTION,
    "ReduceMin": _REDUCTION,
    "ReduceProd": _REDUCTION,
    "ReduceSum": _REDUCTION,
    "ReduceSumSquare": _REDUCTION,
    "Reshape": Signature({"shape": declare.integers()}, {"allowzero": declare.flag()}),
    "Resize": Signature(
        {
            "roi": declare.weights(1, None),
            "scales": declare.weights(1, None),
            "sizes": declare.integers(None),
        },
        {
            "antialias": declare.choice(0),
            "axes": declare.axes((0, 1, 2, 3)),
            "coordinate_transformation_mode": declare.choice(
                *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "tf_half_pixel_for_nn"),
                *("asymmetric", "align_corners"),
            ),
            "cubic_coeff_a": declare.number(-0.75),
            "exclude_outside": declare.flag(),
            "keep_aspect_ratio_policy": declare.choice("stretch"),
            "mode": _MODE,
            "nearest_mode": declare.choice("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
        },
    ),
    "ScatterElements": Signature(_INDICES, {"axis": declare.axis(0), "reduction": declare.choice("none")}),
    "ScatterND": Signature(_INDICES, {"reduction": declare.choice("none")}),
    "Selu": Signature(
        {},
        {
            "alpha": declare.number(1.67326319217681884765625),
            "gamma": declare.number(1.05070102214813232421875),
        },
    ),
    "Shape": Signature({}, {"start": declare.integer(0), "end": declare.integer(None)}),
    "Slice": Signature(
        {
            "starts": declare.integers(),
            "ends": declare.integers(),
            "axes": declare.axes(),
            "steps": declare.integers(None),
        },
    ),
    "Softmax": Signature({}, {"axis": declare.axis(None)}),
    "Split": Signature({"split": declare.integers(None)}, {"axis": declare.axis(0)}),
    "Squeeze": Signature({"axes": declare.axes()}),
    "Tile": Signature({"repeats": declare.integers()}),
    "Transpose": Signature({}, {"perm": declare.axes()}),
    "Unsqueeze": Signature({"axes": declare.integers()}),
    "Upsample": Signature({"scales": declare.weights(1)}, {"mode": _MODE}),
}
"""By op_type."""


def attribute(node: Node, name: str, rank: int = 0) -> Any:
    """One attribute of a node, as `SIGNATURES` has it.

    Args:
        node: Of a kind that is declared there.
        name: Of the attribute; or of an input which older opsets have as an attribute.
        rank: Number of axes of its first input, which only axes need.

    Raises:
        UnsupportedError: It is not as declared; names the operator.
    """
    takes = SIGNATURES[node.kind]
    try:
        return {**takes.constants, **takes.attributes}[name].read(name, node.attributes.get(name), rank)
    except ArgumentError as error:
        raise UnsupportedError(f"{label(node)}: {error}") from None
