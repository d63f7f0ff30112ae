"""Which tests are quick: `pytest -m "not e2e and not slow"` is the set to run after every change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent

os.environ["VAEVIS_TUI_CONFIG"] = str(HERE / "no-config.toml")  # a developer's own settings stay out

E2E = ("e2e", "fuzz/test_terminal.py", "terminal/test_real_terminals.py", "test_bench.py")
"""Tests of the whole program on pseudo-terminals, in real terminals and through a real sshd."""

SLOW = (
    "benchmarks",
    "bundling/test_make.py",
    "bundling/test_pytorch.py",
    "commands/test_docs.py",
    "commands/test_verbs.py",
    "engine/service/test_select.py",
    "engine/test_encoder.py",
    "engine/test_pytorch_exports.py",
    "engine/wgpu/test_decoder.py",
    "engine/wgpu/test_decoder_process.py",
    "engine/wgpu/test_kernels.py",
    "engine/wgpu/test_legalize.py",
    "engine/wgpu/test_normalization.py",
    "engine/wgpu/test_operators.py",
    "engine/wgpu/test_tuning.py",
    "explorer/test_any_actions.py",
    "link",
    "onnx_model/test_zoo.py",
    "training",
    "tui/images/test_live_image",
    "tui/images/test_two_images",
    "tui/test_contrast.py",
    "tui/test_exports.py",
    "web",
)
"""Tests that train, compile many shaders, start browsers or many processes, or simulate a network."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by where they lie."""
    for item in items:
        path = item.path.relative_to(HERE).as_posix()
        if path.startswith(E2E):
            item.add_marker(pytest.mark.e2e)
        if path.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def own_memory(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is remembered of a model file comes from another test, or stays."""
    from vaevis_tui.onnx_model.adapter import decisions

    folder = tmp_path_factory.mktemp("memory")
    monkeypatch.setattr(decisions, "cache_folder", lambda: folder)
    monkeypatch.setattr(decisions, "_GIVEN", {})
