"""Which tests are quick: `make fast` runs them after every change, `make app` those of the app."""

from __future__ import annotations

import inspect
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

HERE = Path(__file__).parent

os.environ["VAEVIS_TUI_CONFIG"] = str(HERE / "no-config.toml")  # a developer's own settings stay out
hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes proves nothing
hypothesis.settings.load_profile("untimed")

# A run in a script's background or under nohup ignores these, and so would every program that it starts.
for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
    number = getattr(signal, name, None)  # Windows has the first alone
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)

E2E = (
    "e2e",
    "fuzz/test_terminal.py",
    "fuzz/test_ends.py",
    "terminal/test_real_terminals.py",
    "test_bench.py",
)
"""Tests of the whole program on pseudo-terminals, in real terminals and through a real sshd."""

SLOW = (
    "benchmarks",
    "bundling/test_make.py",
    "bundling/test_pytorch.py",
    "commands/test_docs.py",
    "commands/test_on_a_terminal.py",
    "commands/test_output.py",
    "commands/test_verbs.py",
    "engine/service/test_select.py",
    "engine/test_encoder.py",
    "engine/test_pytorch_exports.py",
    "fuzz/test_backends.py",
    "fuzz/test_exports.py",
    "engine/wgpu/test_decoder.py",
    "engine/wgpu/process/test_decoder_process.py",
    "engine/wgpu/test_kernels.py",
    "engine/wgpu/test_legalize.py",
    "engine/wgpu/operators/test_normalization.py",
    "engine/wgpu/operators/test_convolutions.py",
    "engine/wgpu/operators/test_matrices.py",
    "engine/wgpu/operators/test_movement.py",
    "engine/wgpu/operators/test_pointwise.py",
    "engine/wgpu/test_leaks.py",
    "engine/wgpu/tuning",
    "explorer/test_any_actions.py",
    "link",
    "onnx_model/zoo/test_zoo.py",
    "training",
    "tui/test_contrast.py",
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
        if path.startswith("tui") and inspect.iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.app)  # only what drives an app waits for something


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what is left out: some modules take a second for it."""
    path = collection_path.relative_to(HERE).as_posix() if collection_path.is_relative_to(HERE) else ""
    left_out = [
        *(SLOW if "not slow" in config.option.markexpr else ()),
        *(E2E if "not e2e" in config.option.markexpr else ()),
    ]
    return True if path in left_out else None


@pytest.fixture(scope="session")
def memories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that are not there yet."""
    folder = tmp_path_factory.mktemp("memory")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_memory(memories: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is remembered of a model file comes from another test, or stays."""
    from vaevis_tui.onnx_model.adapter import decisions

    folder = next(memories)
    monkeypatch.setattr(decisions, "cache_folder", lambda: folder)
    monkeypatch.setattr(decisions, "_GIVEN", {})
