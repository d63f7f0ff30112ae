"""How ONNX operators are read into the graph: a file a family, and what they share."""
