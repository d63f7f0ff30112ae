"""What a model is on disk: the bundle, the catalog of shipped names, and reading untrusted ONNX files."""
