"""Networks on devices that are too small for them: the parts compute what the whole did."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.graph_reference import graph_output
from tests.engine.reference import (
    Builder,
    dcgan_like,
    dog_like,
    mnist_like,
    onnxruntime_output,
    vaevis_like,
)
from tests.engine.wgpu.device import require_adapter
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.graph import UnsupportedGraph, import_onnx, ir, rewrite
from vaevis_tui.engine.wgpu import WgpuDecoder
from vaevis_tui.engine.wgpu.arena import arena_of
from vaevis_tui.engine.wgpu.kernels import Limits
from vaevis_tui.engine.wgpu.legalize import legalize
from vaevis_tui.engine.wgpu.plan import make_plan

NETWORKS: dict[str, Callable[[], Builder]] = {
    "mnist": mnist_like,
    "dog": lambda: dog_like(width=32, latent=16),
    "dcgan": lambda: dcgan_like(width=8),
    "vaevis": lambda: vaevis_like(width=32, latent=16),
}


def wide() -> Builder:
    """A join of nine tensors, and a sum of nine behind a convolution."""
    b = Builder(16)
    images = []
    for _ in range(9):
        b.last = "z"
        b.linear(16, 3 * 4 * 4)
        images.append(b.reshape(3, 4, 4))
    b.last = b.node("Concat", *images, axis=1)
    b.conv(27, 3)
    for image in images:
        b.last = b.node("Mul", b.last, b.node("Sigmoid", b.node("Add", b.last, image)))
    b.last = b.node("Add", b.last, images[0])
    return b


@pytest.mark.parametrize("name", [*NETWORKS, "wide"])
@pytest.mark.parametrize("fuse", [True, False])
def test_a_network_is_the_same_in_parts(name: str, fuse: bool) -> None:
    b = wide() if name == "wide" else NETWORKS[name]()
    graph = import_onnx(b.model())
    graph = rewrite(graph) if fuse else graph
    limits = Limits(storage_buffers=4, binding_bytes=16 << 10)
    legalized = legalize(graph, limits, textures=False)
    assert len(legalized.operators) > len(graph.operators)
    z = b.latents(2)
    np.testing.assert_allclose(graph_output(legalized, z), graph_output(graph, z), atol=1e-5)
    for dispatch in make_plan(legalized, packed=False).dispatches:
        assert len(dispatch.bindings) <= 4, dispatch.operator


def test_a_network_that_fits_is_left_alone() -> None:
    graph = rewrite(import_onnx(mnist_like().model()))
    assert legalize(graph, Limits(), textures=False).operators == graph.operators
    assert legalize(graph, Limits(), textures=True).operators == graph.operators


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["linear", "image", "conv", "transposed", "upsampled", "shuffled"]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(6, 14),
)
def test_weights_stay_below_the_limit(kind: str, inputs: int, outputs: int, power: int) -> None:
    b = Builder(inputs * 4)
    outputs = outputs * 4 if kind == "shuffled" else outputs
    if kind == "linear":
        b.linear(inputs * 4, outputs)
        b.reshape(outputs, 1, 1)
    elif kind == "image":
        b.image(outputs, 3, 2)
    else:
        b.view(inputs, 2, 2)
        if kind == "upsampled":
            b.upsample()
        if kind == "transposed":
            b.conv_transposed(inputs, outputs, 4, strides=[2, 2], pads=[1, 1, 1, 1])
        else:
            b.conv(inputs, outputs)
        if kind == "shuffled":
            b.add("DepthToSpace", blocksize=2, mode="CRD")
    graph = rewrite(import_onnx(b.model()))
    limits = Limits(binding_bytes=2**power)
    legalized = legalize(graph, limits, textures=False)
    z = b.latents(1)
    np.testing.assert_allclose(graph_output(legalized, z), graph_output(graph, z), atol=1e-5)
    weighty = [
        o for o in legalized.operators if isinstance(o, ir.Linear | ir.Convolution | ir.PhaseConvolution)
    ]
    largest = max(o.weight.nbytes for o in weighty) if weighty else 0
    least = max(4 * o.weight.nbytes // max(o.shape[1], 4) for o in weighty) if weighty else 0
    assert largest <= max(limits.binding_bytes, least)  # four channels are never parted


# ---- on a device that offers no more ----


@pytest.mark.parametrize("name", [*NETWORKS, "wide"])
def test_a_small_device_decodes_a_large_network(name: str) -> None:
    """The limits are the device's: wgpu refuses what goes beyond them."""
    require_adapter()
    b = wide() if name == "wide" else NETWORKS[name]()
    model, z = b.model(), b.latents(2)
    lower = {"max-storage-buffers-per-shader-stage": 4, "max-storage-buffer-binding-size": 1 << 20}
    with WgpuDecoder(model, floats=True, textures=False, lower=lower) as decoder:
        np.testing.assert_allclose(decoder.decode_floats(z), onnxruntime_output(model, z), atol=1e-3)
        assert all(len(dispatch.bindings) <= 4 for dispatch in decoder.plan.dispatches)
        assert max(constant.nbytes for constant in decoder.plan.constants.values()) <= 1 << 20


def test_a_batch_is_no_larger_than_the_device_s_buffers() -> None:
    require_adapter()
    b = dcgan_like(width=8)
    model, z = b.model(), b.latents(40)
    with WgpuDecoder(model, textures=False) as decoder:
        images = decoder.decode(z)
        five = 5 * max(*decoder.plan.sizes.values(), *arena_of(decoder.plan, 1, 256).banks)
    lower = {"max-buffer-size": five, "max-storage-buffer-binding-size": five}
    with WgpuDecoder(model, textures=False, lower=lower) as decoder:
        assert decoder._program is not None
        assert decoder._program.batch <= 5
        np.testing.assert_array_equal(decoder.decode(z), images)


def test_an_image_larger_than_a_binding_is_refused_in_one_line() -> None:
    require_adapter()
    b = Builder(4)
    b.image(3, 128, 128)
    with pytest.raises(UnsupportedGraph, match=r"takes \d+ bytes; the device binds 65536"):
        WgpuDecoder(b.model(), textures=False, lower={"max-storage-buffer-binding-size": 64 << 10})


def test_a_device_without_subgroups_or_with_few_workgroups_decodes() -> None:
    require_adapter()
    b = vaevis_like(width=32, latent=16)
    model, z = b.model(), b.latents(1)
    lower = {
        "max-compute-invocations-per-workgroup": 64,
        "max-compute-workgroup-size-x": 64,
        "max-compute-workgroup-storage-size": 0,
        "max-compute-workgroups-per-dimension": 256,
    }
    with WgpuDecoder(model, floats=True, lower=lower) as decoder:
        np.testing.assert_allclose(decoder.decode_floats(z), onnxruntime_output(model, z), atol=1e-3)


def test_limits_that_no_device_has_are_an_engine_error() -> None:
    require_adapter()
    with pytest.raises(EngineError, match="a device could not be opened"):
        WgpuDecoder(mnist_like().model(), lower={"max-buffer-size": 1 << 60})
