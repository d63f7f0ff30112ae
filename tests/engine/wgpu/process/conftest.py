"""A small model, and a driver that fails when it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.wgpu.device import require_adapter
from tests.engine.wgpu.process.vulkan_faults import VulkanFaults
from tests.models.make import write_bundle
from vaevis_tui.models.bundle import Bundle, open_bundle


@pytest.fixture(scope="package")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(write_bundle(tmp_path_factory.mktemp("models") / "noise", 4, height=8, width=8))


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VulkanFaults:
    """A driver that works until it is told otherwise."""
    require_adapter()
    faults = VulkanFaults(tmp_path)
    for name, value in faults.environment.items():
        monkeypatch.setenv(name, value)
    return faults
