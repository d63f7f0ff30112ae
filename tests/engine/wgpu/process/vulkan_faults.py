"""A Vulkan driver that fails when it is told to: `vulkan_faults.c`, compiled and put below the loader."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tests.support import require

LAYER = "VK_LAYER_VAEVIS_faults"


class VulkanFaults:
    """A file that says what goes wrong, and the environment in which it does.

    Args:
        folder: Where the file lies.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "fault"
        self.environment: Mapping[str, str] = {
            "VK_INSTANCE_LAYERS": LAYER,
            "VK_LAYER_PATH": str(_layer()),
            "VAEVIS_FAULTS": str(self._file),
        }

    def begin(self, fault: str) -> None:
        """Let calls of a function fail from now on, e.g. ``"vkQueueSubmit lost"``; see the layer's text."""
        beside = self._file.with_suffix(".new")
        beside.write_text(fault)
        beside.replace(self._file)


@cache
def _layer() -> Path:
    """A folder with the compiled layer and its manifest."""
    require(sys.platform.startswith("linux"), "Vulkan loader that takes layers as Linux's does")
    require(shutil.which("gcc"), "C compiler (Debian: gcc libc6-dev)")
    require(Path("/usr/include/vulkan/vk_layer.h").exists(), "Vulkan header (Debian: libvulkan-dev)")
    folder = Path(mkdtemp(prefix="vulkan-faults-"))
    source = Path(__file__).with_suffix(".c")
    library = folder / "libfaults.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source], check=True)
    layer = {
        "name": LAYER,
        "type": "GLOBAL",
        "library_path": str(library),
        "api_version": "1.3.0",
        "implementation_version": "1",
        "description": "faults for tests",
    }
    (folder / "faults.json").write_text(json.dumps({"file_format_version": "1.2.0", "layer": layer}))
    return folder
