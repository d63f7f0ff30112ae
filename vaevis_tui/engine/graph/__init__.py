"""The operator graph: what a decoder computes, on no device yet, and the rewrites that make it cheaper."""

from vaevis_tui.engine.graph.ir import Graph, UnsupportedGraph
from vaevis_tui.engine.graph.onnx_import import import_onnx
from vaevis_tui.engine.graph.rewrites import REWRITES, rewrite

__all__ = ["REWRITES", "Graph", "UnsupportedGraph", "import_onnx", "rewrite"]
