"""Walk through the latent space of a variational autoencoder, live, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaevis_tui.api import load, open_snapshot
    from vaevis_tui.bundling.pytorch import export_bundle

__version__ = "0.1.0"
__all__ = ["__version__", "export_bundle", "load", "open_snapshot"]


def __getattr__(name: str) -> object:
    """Import the API when it is first asked for: the program itself starts without it."""
    if name in {"load", "open_snapshot"}:
        from vaevis_tui import api

        return getattr(api, name)
    if name == "export_bundle":
        from vaevis_tui.bundling.pytorch import export_bundle

        return export_bundle
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
