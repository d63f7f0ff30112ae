"""The whole zoo: every file of animals has entered its own once this is imported."""

from tests.onnx_model.zoo import exporters, graphs, inputs, layouts, sizes, values  # noqa: F401
from tests.onnx_model.zoo.animals import ZOO

__all__ = ["ZOO"]
