"""What ONNX operators take, what they make of constants, and what they cost."""
