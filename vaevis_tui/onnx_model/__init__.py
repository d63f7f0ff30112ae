"""Reading ONNX files: what the models and the engine both need to know of operators."""
