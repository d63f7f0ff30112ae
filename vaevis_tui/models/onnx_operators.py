"""The ONNX operators that a decoder may hold, by what they do to shapes."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


POINTWISE = _names(
    """
    Abs Celu Ceil Clip Cos Dropout Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Log
    Mish Neg PRelu Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Swish Tanh
    ThresholdedRelu
    """
)
"""One output element from the element of the first input at the same place."""

NORMALIZATIONS = _names(
    """
    BatchNormalization GroupNormalization InstanceNormalization LayerNormalization LogSoftmax
    LpNormalization LRN MeanVarianceNormalization RMSNormalization Softmax
    """
)
"""Output of the shape of the first input, each element from many."""

BROADCASTS = _names(
    """
    Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Not Or Pow Sub Sum
    Where Xor
    """
)
"""One output element from the elements of all inputs at the same place, after broadcasting."""

SUMS = _names("Conv ConvTranspose Gemm MatMul")
"""Sums of products: what a decode spends its time on."""

POOLS = _names("AveragePool GlobalAveragePool GlobalMaxPool MaxPool")

REDUCTIONS = _names("ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare")

MOVES = _names(
    """
    Cast CastLike Concat Constant ConstantOfShape DepthToSpace Expand Flatten Gather Pad Range Reshape
    Resize Shape Size Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze Upsample
    """
)
"""Elements elsewhere, repeated, or made from a shape."""

SUPPORTED = POINTWISE | NORMALIZATIONS | BROADCASTS | SUMS | POOLS | REDUCTIONS | MOVES
"""What convolutional and fully connected decoders export to: no control flow, nothing random or quantised."""

SUBGRAPHS = _names("If Loop Scan SequenceMap")
"""Control flow, for a refusal that says so."""

RANDOM = _names("Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike")
"""The same z must give the same picture: sampling belongs outside the decoder."""
