"""A small classifier of digits, to ask whether what a model draws at the mode of a class is of that class."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaevis_tui.cache import cache_folder, keep, read_own
from vaevis_tui.latent.space import LatentSpace

from ...core.model.networks import VAE
from ...core.onnx_graph import ShippedDecoder
from ...core.progress import progress_bar
from ...core.schedule import order
from .data import Images

EPOCHS, BATCH = 3, 128


DRAWS = 100
"""Images of each class."""


NEIGHBOURS = 100
"""Images of a class nearest to its mode: what their posteriors cover is one picture to the model."""


class Classifier(nn.Module):
    """Two convolutions of stride 2 and two fully connected layers: about 99 % of the test set."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, 28, 28), values 0..1, to logits (n, 10)."""
        logits: Tensor = self.layers(x)
        return logits


def load(train: Images) -> Classifier:
    """The classifier of these images: trained once, and kept in the user's cache folder."""
    digest = hashlib.sha256(f"{EPOCHS} {BATCH}".encode())
    for tensor in (train.pixels, train.labels):
        digest.update(tensor.numpy().tobytes())
    path = cache_folder() / f"digits-classifier-{digest.hexdigest()[:32]}.pt"
    classifier = _kept(path)
    if classifier is None:
        classifier, content = fit(train), io.BytesIO()
        torch.save(classifier.state_dict(), content)
        keep(path, content.getvalue())
    return classifier.eval().requires_grad_(False)


def _kept(path: Path) -> Classifier | None:
    """The classifier in a file, or None where there is none that can be read."""
    content = read_own(path)
    if content is None:
        return None
    classifier = Classifier()
    try:
        classifier.load_state_dict(torch.load(io.BytesIO(content), weights_only=True))
    except Exception:  # of pickle, zip or torch: whatever it is, it is trained anew
        return None
    return classifier


def fit(train: Images, epochs: int = EPOCHS, seed: int = 0) -> Classifier:
    """Train a classifier: Adam, its rate falling linearly to 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = Classifier()
    optimiser = torch.optim.Adam(classifier.parameters(), lr=2e-3)
    steps = epochs * len(train) // BATCH
    for step in progress_bar(range(steps), desc="train the classifier of digits", unit="step"):
        optimiser.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
        chosen = order(seed, len(train), step * BATCH, BATCH)
        loss = F.cross_entropy(classifier(train.pixels[chosen].float() / 255), train.labels[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return classifier


@torch.inference_mode()
def accuracy(classifier: Classifier, pixels: Tensor, labels: Tensor) -> float:
    """Share of uint8 images (n, 1, 28, 28) that are given their label."""
    right = sum(
        int((classifier(block.float() / 255).argmax(1) == wanted).sum())
        for block, wanted in zip(torch.split(pixels, 500), torch.split(labels, 500), strict=True)
    )
    return right / len(labels)


@torch.inference_mode()
def accuracy_at_modes(classifier: Classifier, model: VAE, space: LatentSpace, train: Images) -> float:
    """Share of pictures drawn about the mode of a class that are taken for that class.

    Each class gives `DRAWS` pictures, of z drawn from a Gaussian at its mode, the anchor with index -1, as
    wide as the posteriors of its images there are on average: what the model holds for one picture.
    """
    generator = torch.Generator().manual_seed(0)
    modes = torch.from_numpy(space.anchors.z[space.anchors.indices == -1])
    right = 0
    for mode, label in zip(modes, torch.unique(train.labels), strict=True):
        members = train.pixels[train.labels == label][:2000].float() / 255
        mean, logvar = model.encoder(members)
        nearest = (mean - mode).norm(dim=1).argsort()[:NEIGHBOURS]
        width = logvar[nearest].exp().mean(0).sqrt()
        z = mode + width * torch.randn(DRAWS, len(mode), generator=generator)
        right += int((classifier(ShippedDecoder(model)(z)).argmax(1) == label).sum())
    return right / (DRAWS * len(modes))
