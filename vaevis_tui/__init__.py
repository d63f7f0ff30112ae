"""Walk through the latent space of a variational autoencoder, live, in a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaevis_tui.api import load, open_snapshot
    from vaevis_tui.bundling.pytorch import export_bundle
    from vaevis_tui.errors import UserError

# Official builds of onnxruntime from 1.29 on keep a number of the device in a file, and report to their maker
# what is opened and run (its docs/Privacy.md), unless this is set before they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["UserError", "__version__", "export_bundle", "load", "open_snapshot"]


def __getattr__(name: str) -> object:
    """Import the API when it is first asked for: the program itself starts without it."""
    if name in {"load", "open_snapshot"}:
        from vaevis_tui import api

        return getattr(api, name)
    if name == "export_bundle":
        from vaevis_tui.bundling.pytorch import export_bundle

        return export_bundle
    if name == "UserError":
        from vaevis_tui.errors import UserError

        return UserError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What there is, for completion in a notebook."""
    return sorted(__all__)
