"""Walk through the latent space of a variational autoencoder, live, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaevis_tui.api import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> object:
    """Import `load` when it is first asked for: the program itself starts without it."""
    if name == "load":
        from vaevis_tui.api import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
