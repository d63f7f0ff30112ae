"""Where the files that are not Python lie: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _find(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def shaders_dir() -> Path:
    """Folder of the WGSL files, one file an operator family."""
    return _find("shaders")


def weights_dir() -> Path:
    """Folder of the shipped model bundles, one folder a model."""
    return _find("weights")
