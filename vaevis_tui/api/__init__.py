"""The models from Python: ``with vaevis_tui.load("dog") as model: images = model.decode(model.sample(3))``.

Every verb of the command line is a method of `Model`, and every result shows itself in a notebook.
"""

from vaevis_tui.api.animations import Animation
from vaevis_tui.api.images import ImageArray
from vaevis_tui.api.model import Model
from vaevis_tui.api.opening import load, open_snapshot
from vaevis_tui.api.sheets import ImageGrid
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.errors import UserError

__all__ = [
    "Animation",
    "EngineError",
    "ImageArray",
    "ImageGrid",
    "Model",
    "UserError",
    "load",
    "open_snapshot",
]
