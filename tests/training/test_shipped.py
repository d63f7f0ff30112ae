"""The bundles in ``weights/`` against what their cards say of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper

from tests.support import data_root
from training.core.checkpoint import Trained
from training.core.model import objective, posterior
from training.core.model.networks import Pass
from training.tasks.digits import bundle
from training.tasks.digits.data import binarise, load_mnist
from training.tasks.dogs import bundle as dogs
from vaevis_tui.models import catalog
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.resources import weights_dir

MNIST = weights_dir() / "mnist"
BUDGETS = {"mnist": 25_000_000, "mnist-2d": 25_000_000, "dog": 350_000_000}
"""Multiply-adds: a software GPU of 5 GFLOP/s makes 30 pictures a second of fewer than 80 million."""


@pytest.mark.parametrize("name", catalog.names())
def test_the_card_counts_the_weights_of_the_file(name: str) -> None:
    card = open_bundle(weights_dir() / name).card
    assert card is not None
    file = weights_dir() / name / "decoder.onnx"
    assert card.decoder_bytes == file.stat().st_size
    graph = onnx.load(file).graph
    scales = {node.input[2] for node in graph.node if node.op_type == "Resize"}
    tensors = [numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name not in scales]
    assert card.parameters == sum(t.size for t in tensors if t.dtype in (np.float16, np.float32))
    assert card.multiply_adds <= BUDGETS[name]


@pytest.mark.parametrize("file", ["decoder.onnx", "encoder.onnx", "model.toml"])
@pytest.mark.parametrize("name", catalog.names())
def test_no_trace_of_the_exporting_machine_is_left(name: str, file: str) -> None:
    content = (weights_dir() / name / file).read_bytes()
    for trace in (b"/home", b"/work", b"/opt", b"/usr", b"/root", b".py", b"stack_trace"):
        assert trace not in content


@pytest.mark.parametrize("name", catalog.names())
def test_every_dimension_is_alive_and_they_fall_in_information(name: str) -> None:
    space = open_bundle(weights_dir() / name).space
    assert (np.diff(space.kl) <= 0).all()
    assert space.kl.min() >= posterior.LEAST_KL


@pytest.mark.parametrize("name", ["mnist", "mnist-2d"])
def test_digits_have_their_modes_then_examples(name: str) -> None:
    space = open_bundle(weights_dir() / name).space
    labels = [str(digit) for digit in range(10)]
    assert list(space.anchors.labels[:10]) == labels
    assert (space.anchors.indices[:10] == -1).all()
    assert (space.anchors.indices[10:] >= 0).all()


@pytest.mark.parametrize("load", [bundle.load_trained, dogs.load_trained])
def test_what_ships_can_be_measured_again(load: Callable[[Path], Trained]) -> None:
    """Its card holds the configuration that its weights are read by, though the code's has other keys now."""
    name = "mnist" if load is bundle.load_trained else "dog"
    card = open_bundle(weights_dir() / name).card
    assert card is not None
    trained = load(weights_dir() / name)
    assert (trained.config.name, trained.step) == (name, card.training["steps"])


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_bound_on_the_test_set_is_the_card_s() -> None:
    """The evidence lower bound of what ships, float16 weights and all, on 1,000 test images."""
    root = data_root()
    card = open_bundle(MNIST).card
    assert card is not None
    pixels = load_mnist(root, train=False).pixels
    x = binarise(pixels, torch.Generator().manual_seed(0))[::10].contiguous()
    mean, logvar = (
        torch.from_numpy(part) for part in session(MNIST / "encoder.onnx").run(None, {"image": x.numpy()})
    )
    noise = torch.randn(1, *mean.shape, generator=torch.Generator().manual_seed(0))
    z = mean + torch.exp(0.5 * logvar) * noise
    image = torch.from_numpy(session(MNIST / "decoder.onnx").run(None, {"z": z[0].numpy()})[0])
    log_prior = bundle.load_trained(MNIST).model.prior(z)
    out = Pass(mean, logvar, z, torch.logit(image.double(), eps=1e-7)[None], log_prior)
    bound = float(objective.log_importance_weights(out, x.double()).mean())
    wanted = card.figures["test_elbo_nats"]
    assert isinstance(wanted, float)
    assert bound == pytest.approx(wanted, abs=2.5)  # the standard error of 1,000 images is 0.8
