"""How good pictures are: distances between originals and what is made of them. Values are 0..1 throughout."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .model.networks import VAE
from .model.objective import kl_to_standard_normal


def psnr(found: Tensor, wanted: Tensor) -> float:
    """Peak signal-to-noise ratio in dB, mean over the images (n, ...)."""
    return float(-10 * torch.log10(((found - wanted) ** 2).flatten(1).mean(1)).mean())


@torch.inference_mode()
def held_out_figures(model: VAE, held_out: Tensor, batch: int = 64) -> dict[str, float]:
    """PSNR and KL of a model's reconstructions of uint8 images (n, c, h, w)."""
    device = next(model.parameters()).device
    quality = divergence = 0.0
    for pixels in torch.split(held_out, batch):
        x = pixels.to(device).float() / 255
        mean, logvar = model.encoder(x)
        quality += psnr(torch.sigmoid(model.decoder(mean)), x) * len(x)
        divergence += float(kl_to_standard_normal(mean, logvar).sum())
    return {"validation_psnr": quality / len(held_out), "validation_kl": divergence / len(held_out)}


def ssim(found: Tensor, wanted: Tensor) -> float:
    """Structural similarity (Wang et al. 2004) of luma: Gaussian window of 11 pixels, sigma 1.5."""
    offsets = torch.arange(11.0) - 5
    line = torch.exp(-(offsets**2) / (2 * 1.5**2))
    window = torch.outer(line, line)[None, None] / line.sum() ** 2

    def smooth(x: Tensor) -> Tensor:
        return F.conv2d(x, window.to(x))

    one, two = luma(found), luma(wanted)
    mean_one, mean_two = smooth(one), smooth(two)
    variance_one, variance_two = smooth(one**2) - mean_one**2, smooth(two**2) - mean_two**2
    covariance = smooth(one * two) - mean_one * mean_two
    c1, c2 = 0.01**2, 0.03**2
    brightness = (2 * mean_one * mean_two + c1) / (mean_one**2 + mean_two**2 + c1)
    structure = (2 * covariance + c2) / (variance_one + variance_two + c2)
    return float((brightness * structure).mean())


def luma(x: Tensor) -> Tensor:
    """(n, 3, h, w) to (n, 1, h, w), ITU-R BT.601."""
    weights = x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (x * weights).sum(1, keepdim=True)


def sharpness(found: Tensor, wanted: Tensor) -> float:
    """Mean absolute Laplacian of the luma over that of the originals: 1 is as sharp, more is speckle."""
    kernel = found.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    one, two = (F.conv2d(luma(x), kernel).abs().mean() for x in (found, wanted))
    return float(one / two)


def explained_chroma(found: Tensor, wanted: Tensor) -> tuple[float, float]:
    """Share of the variance of Cb and of Cr that is right, at 32x32 pixels; below 0.65 dogs look grey."""
    shares = []
    for channel, scale in ((2, 1.772), (0, 1.402)):  # B - Y, R - Y
        one, two = (F.avg_pool2d((x[:, channel : channel + 1] - luma(x)) / scale, 4) for x in (found, wanted))
        shares.append(float(1 - ((one - two) ** 2).mean() / two.var()))
    return shares[0], shares[1]
