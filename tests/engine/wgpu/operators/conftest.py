"""Operators run on a device, against onnxruntime: at most 1e-3 apart, mostly a thousandth of that."""

from __future__ import annotations

import pytest

from tests.engine.wgpu.device import require_adapter


@pytest.fixture(autouse=True)
def _adapter() -> None:
    require_adapter()
