"""Images moved about and recoloured, on the device that holds them; all noise comes from a generator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ....core.data.augment import _uniform, saturated


class DiffAugment:
    """One draw of differentiable augmentations (Zhao et al. 2020), to be used on real and fake alike.

    Brightness, saturation and contrast; a shift, with the image mirrored at its edges and a margin of that
    kept; a square cut out. Without it a discriminator learns some thousand photographs by heart; without the
    mirrored margin it sees the edges of images better than their inside, and specks appear there.
    """

    MARGIN = 8  # pixels that are seen beyond the edges; images are shifted by as much, either way
    CUT = 0.25  # of the side; the paper's half would often hide the whole face

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.brightness = _uniform((n, 1, 1, 1), -0.25, 0.25, generator)
        self.saturation = _uniform((n, 1, 1, 1), 0.5, 1.5, generator)
        self.contrast = _uniform((n, 1, 1, 1), 0.75, 1.25, generator)
        self.shift = torch.randint(
            0, 2 * self.MARGIN + 1, (n, 2), generator=generator, device=generator.device
        ).tolist()
        self.cut = _uniform((n, 2), -1, 1, generator)

    def __call__(self, x: Tensor) -> Tensor:
        """The first images of n, (up to n, 3, h, w), augmented and larger by the margin; gradients pass."""
        n, _, height, width = x.shape
        x = saturated(x + self.brightness[:n], self.saturation[:n])
        middle = x.mean((1, 2, 3), keepdim=True)
        x = (x - middle) * self.contrast[:n] + middle
        off = [
            (torch.linspace(-1, 1, side, device=x.device) - self.cut[:n, axis : axis + 1]).abs()
            for axis, side in enumerate((height, width))
        ]
        outside = torch.maximum(off[0][:, :, None], off[1][:, None, :]) > self.CUT
        x = x * outside[:, None]
        margin = self.MARGIN
        x = F.pad(x, (2 * margin,) * 4, mode="reflect")
        windows = [
            image[:, top : top + height + 2 * margin, left : left + width + 2 * margin]
            for image, (top, left) in zip(x, self.shift, strict=False)
        ]
        return torch.stack(windows).contiguous(memory_format=torch.channels_last)
