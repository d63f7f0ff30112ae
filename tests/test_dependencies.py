"""No range of a dependency takes in versions with faults that were known when it was written.

What became known later only a service on the network can tell: see CONTRIBUTING.md.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

FIXED = {
    "aiohttp": ("3.13.4", "memory by trailers of a request (CVE-2026-22815)"),
    "onnx": ("1.21.0", "external data out of the model's folder (CVE-2026-27489, CVE-2026-34446)"),
    "pillow": ("10.3.0", "a buffer that is too small for a colour profile (CVE-2024-28219)"),
    "torch": ("2.6.0", "code in a file of weights (CVE-2025-32434)"),
    "tqdm": ("4.66.3", "code in an option of its command (CVE-2024-34062)"),
}
"""The first version without the last fault that is known of a library, and that fault."""


def requirements() -> list[Requirement]:
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(each) for group in (project["dependencies"], *extras) for each in group]


@pytest.mark.parametrize("name", FIXED)
def test_no_version_with_a_known_fault_is_allowed(name: str) -> None:
    version, fault = FIXED[name]
    found = [each for each in requirements() if each.name == name]
    assert found
    for each in found:
        lowest = [Version(bound.version) for bound in each.specifier if bound.operator == ">="]
        assert lowest, f"{each} has no lower bound"
        assert max(lowest) >= Version(version), f"{each}: {fault} is mended in {version}"
