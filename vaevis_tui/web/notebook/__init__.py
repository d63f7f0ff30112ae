"""The page in a notebook: HTML without weights, and what holds it in a cell."""

from __future__ import annotations

from pathlib import Path

from vaevis_tui.engine.decoder import Decoder
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.web.answers import live_model
from vaevis_tui.web.page import single_page

SCRIPT = Path(__file__).parent / "widget.js"
"""The widget's front end, a module as anywidget wants it."""


def notebook_page(bundle: Bundle, decoder: Decoder) -> str:
    """The page as one file whose decoder is the notebook that it lies in."""
    return single_page(*live_model(bundle, decoder, "notebook"), {})
