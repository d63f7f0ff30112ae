"""Each rewrite leaves what a graph computes unchanged, and does what its name says."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest

from tests.engine.graph.rewrites.compared import kinds, unchanged
from tests.engine.graph_reference import graph_output
from tests.engine.reference import (
    Builder,
    dcgan_like,
    dog_like,
    mnist_like,
    onnxruntime_output,
    vaevis_like,
)
from vaevis_tui.engine.graph import REWRITES, import_onnx, ir, rewrite
from vaevis_tui.engine.graph import rewrites as r
from vaevis_tui.engine.graph.expression import RESULT


def networks() -> dict[str, Builder]:
    return {
        "mnist": mnist_like(latent=5),
        "dog": dog_like(width=8, latent=6),
        "dcgan": dcgan_like(width=2, latent=7),
        "vaevis": vaevis_like(width=16, latent=6),
    }


@pytest.mark.parametrize("name", list(networks()))
def test_every_rewrite_keeps_what_whole_networks_compute(name: str) -> None:
    builder = networks()[name]
    model = builder.model()
    graph = import_onnx(model)
    z = builder.latents(1)
    expected = onnxruntime_output(model, z)
    for step in REWRITES:
        graph = step(graph)
    np.testing.assert_allclose(graph_output(graph, z), expected, atol=2e-5)


def test_networks_become_few_operators() -> None:
    counts = {
        name: (len(import_onnx(b.model()).operators), len(rewrite(import_onnx(b.model())).operators))
        for name, b in networks().items()
    }
    assert counts == {"mnist": (13, 5), "dog": (48, 15), "dcgan": (15, 4), "vaevis": (39, 20)}


def test_long_concats_are_nested() -> None:
    b = Builder(9 * 4, seed=16)
    x = b.view(9, 2, 2)
    parts = [b.node("Conv", x, b.weight(k + 1, 9, 1, 1, fan_in=9)) for k in range(7)]
    b.last = b.node("Concat", *parts, axis=1)
    graph = import_onnx(b.model())
    fused = rewrite(graph)
    assert all(len(o.inputs) <= r.MAX_OPERANDS for o in fused.operators)
    unchanged(graph, fused, b)


def test_what_nothing_reads_is_dropped() -> None:
    b = Builder(4)
    b.linear(4, 4)
    kept = b.last
    b.add("Mul", b.weight(4))
    b.last = kept
    graph = import_onnx(b.model())
    cleared = r.remove_unread(graph)
    assert kinds(cleared) == ["Linear"]
    assert not cleared.constants


def test_the_list_holds_every_rewrite() -> None:
    modules = [
        importlib.import_module(f"{r.__name__}.{info.name}") for info in pkgutil.iter_modules(r.__path__)
    ]
    public = {
        found
        for module in modules
        for name, found in vars(module).items()
        if not name.startswith("_") and getattr(found, "__module__", "") == module.__name__
    }
    assert public == set(REWRITES)


def test_an_empty_epilogue_is_the_result() -> None:
    b = Builder(4)
    b.linear(4, 4)
    assert import_onnx(b.model()).operators[0].epilogue == RESULT
    assert isinstance(import_onnx(b.model()).operators[0], ir.Linear)
