"""MNIST in its public layout, as uint8 tensors in memory, and the order in which training sees it.

The files are those of torchvision's ``ROOT/MNIST/raw``. They are read where they lie, packed or unpacked, so
the folder may be read-only; each is checked against its published content first.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaevis_tui.errors import UserError
from vaevis_tui.text import one_line

# SHA-256 of the IDX files after unpacking: packed files may differ between mirrors, their content does not.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


MISSING = (
    "MNIST is not under {root}: fetch train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
    "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz from "
    "https://ossci-datasets.s3.amazonaws.com/mnist/ into {folder}, or pass --download"
)


@dataclass(frozen=True)
class Images:
    """A labelled set of images in memory.

    Attributes:
        pixels: uint8 (n, channels, height, width).
        labels: int64 (n,).
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def slice(self, start: int, stop: int) -> Images:
        """The images ``start`` to ``stop``."""
        return Images(self.pixels[start:stop], self.labels[start:stop])


def load_mnist(root: Path, *, train: bool) -> Images:
    """The 60,000 training or 10,000 test images under ``root/MNIST/raw``.

    Raises:
        UserError: A file is missing (the message says what to fetch from where) or not the published one.
    """
    part = "train" if train else "t10k"
    pixels = _read_idx(root, f"{part}-images-idx3-ubyte")
    labels = _read_idx(root, f"{part}-labels-idx1-ubyte")
    return Images(torch.from_numpy(pixels)[:, None], torch.from_numpy(labels).long())


def download_mnist(root: Path) -> None:
    """Fetch MNIST into ``root/MNIST/raw`` by torchvision, which tries several mirrors.

    Raises:
        UserError: There is no network, or no room.
    """
    from torchvision.datasets import MNIST  # slow to import, and wanted only here

    try:
        MNIST(str(root), download=True)
    except (OSError, RuntimeError) as error:
        folder = root / "MNIST" / "raw"
        raise UserError(f"MNIST was not fetched into {folder}: {one_line(error)}") from None


def _read_idx(root: Path, name: str) -> NDArray[np.uint8]:
    """The array in an IDX file (LeCun's format: 00 00 08 ndim, big-endian sizes, bytes), packed or not."""
    folder = root / "MNIST" / "raw"
    plain, packed = folder / name, folder / f"{name}.gz"
    if packed.is_file():
        try:
            content = gzip.decompress(packed.read_bytes())
        except (OSError, EOFError) as error:
            raise UserError(f"{packed} is not a whole gzip file ({error}); fetch it again") from None
    elif plain.is_file():
        content = plain.read_bytes()
    else:
        raise UserError(MISSING.format(root=root, folder=folder))
    if (found := hashlib.sha256(content).hexdigest()) != SHA256[name]:
        raise UserError(f"{folder / name}: SHA-256 {found[:12]}… is not the published file's; fetch it again")
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", count=dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


def binarise(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Draw zeros and ones with the pixels' intensities as probabilities; uint8 to float32, same shape."""
    uniform = torch.rand(pixels.shape, generator=generator, device=pixels.device)
    return (uniform * 255 < pixels).float().contiguous(memory_format=torch.channels_last)
