"""What a model is on disk: the bundle, the catalog of shipped names, and reading ONNX from strangers."""
