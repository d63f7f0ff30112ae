"""Convolutions on the device against onnxruntime."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.operator_check import BOUNDED, agrees, image

SIDES = st.integers(1, 6)


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    return {
        "groups": groups,
        "inputs": groups * draw(st.integers(1, 5)),
        "outputs": groups * draw(st.integers(1, 5)),
        "kernel": kernel,
        "strides": [draw(st.integers(1, 3)), draw(st.integers(1, 3))],
        "dilations": [draw(st.integers(1, 2)), draw(st.integers(1, 2))],
        "pads": [draw(st.integers(0, 2)) for _ in range(4)],
        "size": (draw(st.integers(5, 9)), draw(st.integers(5, 9))),
    }


@settings(BOUNDED, max_examples=14)
@given(convolutions(), st.booleans())
def test_convolutions(case: dict[str, Any], textures: bool) -> None:
    spans = [(k - 1) * d + 1 for k, d in zip(case["kernel"], case["dilations"], strict=True)]
    if any(
        n + sum(case["pads"][i::2]) < span
        for i, (n, span) in enumerate(zip(case["size"], spans, strict=True))
    ):
        return
    b = image(case["inputs"], *case["size"])
    attributes = {key: case[key] for key in ("strides", "dilations", "pads")}
    b.conv(case["inputs"], case["outputs"], case["kernel"], group=case["groups"], **attributes)
    agrees(b, textures=textures)


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_convolutions_that_pad_themselves(auto_pad: str) -> None:
    b = image(2, 5, 6)
    b.add("Conv", b.weight(3, 2, 4, 3), auto_pad=auto_pad, strides=[2, 1])
    agrees(b)


def test_depthwise_convolution() -> None:
    b = image(6, 5, 5)
    b.conv(6, 6, 3, group=6)
    agrees(b)


@settings(BOUNDED, max_examples=14)
@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
    extra=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 1, 2]),
    height=st.integers(1, 5),
    fuse=st.booleans(),
)
def test_transposed_convolutions(
    kernel: int, stride: int, pad: int, extra: int, dilation: int, groups: int, height: int, fuse: bool
) -> None:
    grown = (height - 1) * stride + (kernel - 1) * dilation + 1 + extra - 2 * pad
    if grown < 1 or extra >= stride:
        return
    b = image(4, height, 4)
    b.conv_transposed(
        4,
        6,
        kernel,
        strides=[stride, stride],
        pads=[pad] * 4,
        output_padding=[extra, extra],
        dilations=[dilation, dilation],
        group=groups,
    )
    agrees(b, fuse=fuse)


def test_transposed_convolutions_of_a_given_output_shape() -> None:
    for auto_pad in ("NOTSET", "SAME_UPPER", "SAME_LOWER"):
        b = image(2, 3, 4)
        b.add("ConvTranspose", b.weight(2, 3, 3, 3), strides=[2, 2], output_shape=[6, 8], auto_pad=auto_pad)
        agrees(b, fuse=False)


@BOUNDED
@given(st.sampled_from([1, 3, 5]), SIDES, SIDES, st.sampled_from([2, 3]), st.integers(1, 9))
def test_upsampled_convolutions(kernel: int, height: int, width: int, scale: int, outputs: int) -> None:
    b = image(5, height, width)
    b.upsample(float(scale))
    b.conv(5, outputs, kernel)
    agrees(b)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_shuffled_convolutions(mode: str, channels: int) -> None:
    b = image(3, 4, 5)
    b.conv(3, channels * 4)
    b.add("DepthToSpace", blocksize=2, mode=mode)
    b.add("Tanh")
    agrees(b)
    agrees(b, fuse=False)
