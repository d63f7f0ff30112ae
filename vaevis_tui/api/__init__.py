"""The models from Python: ``with vaevis_tui.load("dog") as model: images = model.decode(model.sample(3))``.

Every verb of the command line is a method of `Model`, and every result shows itself in a notebook.
"""

from vaevis_tui.api.images import ImageArray
from vaevis_tui.api.model import Model
from vaevis_tui.api.opening import load, open_snapshot
from vaevis_tui.api.sheets import ImageGrid

__all__ = ["ImageArray", "ImageGrid", "Model", "load", "open_snapshot"]
