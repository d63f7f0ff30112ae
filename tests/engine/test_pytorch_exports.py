"""Decoders as people write them in PyTorch, by both of its exporters: through the gate, on both backends."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.wgpu.device import compute, require_adapter
from vaevis_tui.engine.graph import import_onnx, rewrite
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.wgpu import WgpuDecoder
from vaevis_tui.models.bundle import open_bundle

torch = pytest.importorskip("torch", reason="pip install .[train]")
pytest.importorskip("onnxscript", reason="pip install .[train]")
nn, functional = torch.nn, torch.nn.functional

LATENT = 8


class View(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Any) -> Any:
        return x.view(x.shape[0], *self.shape)


def dcgan() -> Any:
    return nn.Sequential(
        View(LATENT, 1, 1),
        nn.ConvTranspose2d(LATENT, 16, 4, 1, 0, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(True),
        nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )


def bilinear() -> Any:
    return nn.Sequential(
        nn.Linear(LATENT, 16 * 4 * 4),
        nn.Unflatten(1, (16, 4, 4)),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2d(16, 8, 3, padding=1, padding_mode="reflect"),
        nn.InstanceNorm2d(8, affine=True),
        nn.PReLU(),
        nn.Upsample(size=(12, 10), mode="bicubic"),
        nn.Conv2d(8, 1, 1),
        nn.Sigmoid(),
    )


def shuffle() -> Any:
    return nn.Sequential(
        nn.Linear(LATENT, 16 * 4 * 4),
        nn.Unflatten(1, (16, 4, 4)),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.PixelShuffle(2),
        nn.GroupNorm(4, 8),
        nn.SiLU(),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Mish(),
        nn.Sigmoid(),
    )


class Styled(nn.Module):  # type: ignore[name-defined, misc]
    """A learned constant, normalised and styled by the latent vector on its sphere."""

    def __init__(self) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.randn(1, 8, 4, 4))
        self.noise = nn.Parameter(torch.randn(1, 1, 8, 8))
        self.mapping = nn.Sequential(nn.Linear(LATENT, 16), nn.LeakyReLU(0.2))
        self.first, self.first_style = nn.Conv2d(8, 8, 3, padding=1), nn.Linear(16, 16)
        self.second, self.second_style = nn.Conv2d(8, 4, 3, padding=1), nn.Linear(16, 8)
        self.to_rgb = nn.Conv2d(4, 3, 1)

    def forward(self, z: Any) -> Any:
        style = self.mapping(z / z.norm(dim=1, keepdim=True))
        x = self.constant.expand(z.shape[0], -1, -1, -1)
        x = functional.leaky_relu(self.styled(self.first(x), self.first_style(style)), 0.2)
        x = functional.interpolate(x, scale_factor=2, mode="nearest")
        x = self.second(x) + 0.1 * self.noise
        x = functional.leaky_relu(self.styled(x, self.second_style(style)), 0.2)
        return torch.sigmoid(self.to_rgb(x))

    @staticmethod
    def styled(x: Any, style: Any) -> Any:
        scale, shift = style.chunk(2, 1)
        return functional.instance_norm(x) * (1 + scale[:, :, None, None]) + shift[:, :, None, None]


class Modulated(nn.Module):  # type: ignore[name-defined, misc]
    """A convolution whose weights are scaled by style and normalised again, on a repeated constant."""

    def __init__(self) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.randn(1, 8, 4, 4))
        self.style = nn.Linear(LATENT, 8)
        self.weight = nn.Parameter(torch.randn(8, 8, 3, 3) / 9)
        self.to_rgb = nn.Conv2d(8, 3, 1)

    def forward(self, z: Any) -> Any:
        style = self.style(z) + 1
        x = self.constant.repeat(z.shape[0], 1, 1, 1) * style[:, :, None, None]
        power = style.pow(2) @ self.weight.pow(2).sum((2, 3)).t()
        x = functional.conv2d(x, self.weight, padding=1) * torch.rsqrt(power + 1e-8)[:, :, None, None]
        return torch.sigmoid(self.to_rgb(functional.interpolate(x, scale_factor=2.0)))


class Convolved(nn.Module):  # type: ignore[name-defined, misc]
    """StyleGAN2's modulated convolution as two well-known implementations have it, the batch in the groups.

    ``transposed`` is rosinality's, which upsamples by a transposed convolution of the same weights and blurs
    channels as if they were examples; the other is NVIDIA's, which blurs by a group for each channel.
    """

    def __init__(self, inputs: int, outputs: int, transposed: bool) -> None:
        super().__init__()
        self.style, self.transposed = nn.Linear(16, inputs), transposed
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, 3, 3))
        line = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("kernel", torch.outer(line, line) / 16)

    def forward(self, x: Any, latent: Any) -> Any:
        batch, inputs, height, width = map(int, x.shape)  # as numbers in the file
        outputs = self.weight.shape[1]
        style = self.style(latent).view(batch, 1, inputs, 1, 1) + 1
        weight = self.weight / (inputs * 9) ** 0.5 * style
        weight = weight * torch.rsqrt(weight.pow(2).sum([2, 3, 4]) + 1e-8).view(batch, outputs, 1, 1, 1)
        x = x.reshape(1, batch * inputs, height, width)
        if not self.transposed:
            weight = weight.view(batch * outputs, inputs, 3, 3)
            x = functional.conv2d(x, weight, padding=1, groups=batch).view(batch, outputs, height, width)
            kernel = self.kernel[None, None].repeat(outputs, 1, 1, 1)
            return functional.conv2d(functional.pad(x, [2, 1, 2, 1]), kernel, groups=outputs)
        weight = weight.transpose(1, 2).reshape(batch * inputs, outputs, 3, 3)
        x = functional.conv_transpose2d(x, weight, stride=2, groups=batch)
        x = functional.pad(x, [1, 1, 1, 1]).reshape(-1, 1, 2 * height + 3, 2 * width + 3)
        x = functional.conv2d(x, torch.flip(self.kernel, [0, 1])[None, None])
        return x.view(batch, outputs, 2 * height, 2 * width)


class Generator(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(LATENT, 16), nn.LeakyReLU(0.2))
        self.constant = nn.Parameter(torch.randn(1, 8, 4, 4))
        self.layers = nn.ModuleList(Convolved(*shape) for shape in ((8, 8, False), (8, 4, True)))
        self.bias = nn.Parameter(torch.randn(1, 4, 1, 1))
        self.to_rgb = nn.Conv2d(4, 3, 1)

    def forward(self, z: Any) -> Any:
        latent = self.mapping(z * torch.rsqrt(z.pow(2).mean(1, keepdim=True) + 1e-8))
        x = self.constant.repeat(z.shape[0], 1, 1, 1)
        for layer in self.layers:
            x = functional.leaky_relu(layer(x, latent), 0.2)
        return torch.sigmoid(self.to_rgb(x + self.bias))


class Broadcast(nn.Module):  # type: ignore[name-defined, misc]
    """A spatial broadcast decoder: the latent vector at every pixel, beside the pixel's coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(LATENT + 2, 8, 3, padding=1), nn.ELU(), nn.Conv2d(8, 1, 1), nn.Hardsigmoid()
        )

    def forward(self, z: Any) -> Any:
        line = torch.linspace(-1, 1, 6)
        grid = torch.stack(torch.meshgrid(line, line, indexing="ij"))[None].expand(z.shape[0], -1, -1, -1)
        return self.net(torch.cat([grid, z[:, :, None, None].expand(-1, -1, 6, 6)], 1))


class Attention(nn.Module):  # type: ignore[name-defined, misc]
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(2, channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)

    def forward(self, x: Any) -> Any:
        n, channels, height, width = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, channels, height * width).unbind(1)
        weight = torch.softmax(q.transpose(1, 2) @ k / channels**0.5, -1)
        return x + self.out((v @ weight.transpose(1, 2)).reshape(n, channels, height, width))


def attention() -> Any:
    return nn.Sequential(
        nn.Linear(LATENT, 8 * 4 * 4), View(8, 4, 4), Attention(8), nn.Conv2d(8, 3, 3, padding=1), nn.Sigmoid()
    )


class Transformer(nn.Module):  # type: ignore[name-defined, misc]
    """Patches as tokens that attend to each other, as in a masked autoencoder or a MaskGIT."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(LATENT, 9 * 12)
        self.place = nn.Parameter(torch.randn(1, 9, 12))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                12, nhead=3, dim_feedforward=20, activation="gelu", batch_first=True, norm_first=first
            )
            for first in (True, False)
        )
        self.to_pixels = nn.Linear(12, 3 * 4 * 4)

    def forward(self, z: Any) -> Any:
        x = self.embed(z).view(-1, 9, 12) + self.place
        for block in self.blocks:
            x = block(x)
        patches = self.to_pixels(x).view(-1, 3, 3, 3, 4, 4)
        return torch.sigmoid(patches.permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, 12, 12))


class Queries(nn.Module):  # type: ignore[name-defined, misc]
    """Learned queries, one a pixel, attend to a few tokens made of the latent vector."""

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.values = nn.Linear(LATENT, 4 * 6), nn.Linear(LATENT, 4 * 6)
        self.queries = nn.Parameter(torch.randn(2, 36, 3))
        self.out = nn.Sequential(nn.Linear(6, 10), nn.SiLU(), nn.Linear(10, 3), nn.Sigmoid())

    def forward(self, z: Any) -> Any:
        keys = self.keys(z).view(-1, 4, 2, 3).permute(0, 2, 3, 1)
        values = self.values(z).view(-1, 4, 2, 3).transpose(1, 2)
        seen = torch.softmax(self.queries @ keys / 3**0.5, -1) @ values
        return self.out(seen.transpose(1, 2).flatten(2)).transpose(1, 2).reshape(-1, 3, 6, 6)


DECODERS: dict[str, Callable[[], Any]] = {
    "dcgan": dcgan,
    "bilinear": bilinear,
    "shuffle": shuffle,
    "styled": Styled,
    "modulated": Modulated,
    "broadcast": Broadcast,
    "attention": attention,
    "transformer": Transformer,
    "queries": Queries,
}


def export(decoder: Any, path: Path, dynamo: bool, batch: int = 0) -> None:
    """As the exporter does by default: dynamo leaves the weights in a file of their own."""
    how: dict[str, Any] = {"opset_version": 17}
    if not batch:
        how["dynamic_axes"] = {"z": {0: "n"}, "image": {0: "n"}}
    if dynamo:
        how = {"opset_version": 18, "dynamic_shapes": ({0: torch.export.Dim("n")},), "verbose": False}
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                decoder,
                (torch.zeros(batch or 2, LATENT) + 0.5,),
                str(path),
                input_names=["z"],
                output_names=["image"],
                dynamo=dynamo,
                **how,
            )
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    ("name", "dynamo"),
    [(name, False) for name in DECODERS]
    + [(name, True) for name in ("shuffle", "styled", "broadcast", "transformer", "queries")],
)
def test_a_decoder_from_pytorch_decodes_on_both_backends(tmp_path: Path, name: str, dynamo: bool) -> None:
    require_adapter()
    torch.manual_seed(0)
    decoder = DECODERS[name]().eval()
    path = tmp_path / "decoder.onnx"
    export(decoder, path, dynamo)
    z = np.random.default_rng(0).standard_normal((3, LATENT)).astype(np.float32)
    with torch.no_grad():
        expected = decoder(torch.from_numpy(z)).numpy()
    expected = (expected + 1) / 2 if name == "dcgan" else expected
    bundle = open_bundle(path)
    with OnnxRuntimeDecoder(bundle) as onnxruntime:
        images = onnxruntime.decode(z)
    levels = np.broadcast_to(np.moveaxis(255 * expected, 1, -1), images.shape)
    assert np.abs(images - levels).max() < 0.51
    np.testing.assert_allclose(compute(bundle.read_decoder().model, z), expected, atol=1e-4)


@pytest.mark.parametrize("batch", [1, 4])
def test_stylegan2_as_it_is_published(tmp_path: Path, batch: int) -> None:
    """For a number of latent vectors that is written into it: they are the groups of its convolutions."""
    require_adapter()
    torch.manual_seed(0)
    generator = Generator().eval()
    export(generator, tmp_path / "decoder.onnx", dynamo=False, batch=batch)
    z = np.random.default_rng(0).standard_normal((3, LATENT)).astype(np.float32)
    with torch.no_grad():
        expected = generator(torch.from_numpy(z)).numpy()
    bundle = open_bundle(tmp_path / "decoder.onnx")
    with WgpuDecoder(bundle.read_decoder()) as decoder:
        images = decoder.decode(z)
    assert np.abs(images - np.moveaxis(255 * expected, 1, -1)).max() < 0.6
    graph = rewrite(import_onnx(bundle.read_decoder()))
    assert all(operator.shape[1] <= 16 * batch for operator in graph.operators)  # no weights are made


def test_a_file_for_two_at_once_is_refused_with_what_would_be_right(tmp_path: Path) -> None:
    """The older exporter writes the batch into the file where a module before hid that it may vary."""
    from vaevis_tui.errors import UserError

    torch.manual_seed(0)
    decoder = nn.Sequential(
        nn.Linear(LATENT, 8 * 4 * 4), nn.Unflatten(1, (8, 4, 4)), Attention(8), nn.Conv2d(8, 3, 1)
    )
    export(decoder.eval(), tmp_path / "decoder.onnx", dynamo=False)
    with pytest.raises(UserError, match="has shape 2x3x4x4 for one latent vector"):
        open_bundle(tmp_path / "decoder.onnx")
