"""Latents of pictures: by an encoder, or by search; and how well they are decoded again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.bundling.pictures import Pictures, Progress
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.latent.inversion import invert
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.onnx_model.adapter.encoder.encoder import CheckedEncoder
from vaevis_tui.onnx_model.adapter.image_output.values import ValueMap
from vaevis_tui.onnx_model.adapter.samples import GraphRunner

Latents = NDArray[np.float32]

SEARCHED = 48
"""Pictures that are searched for: each takes seconds."""

SEARCHED_DECODES = 60_000
"""Decodes that all searches together may take, about; the more dimensions, the fewer pictures."""

COMPARED = 64
"""Pictures whose reconstructions are looked at."""

BETTER = 0.75
"""Share of the error below which another range is taken."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Latents of pictures.

    Attributes:
        means: float32 (n, d).
        logvars: Logarithms of variances, (n, d), or None.
        whole: Where z are weights of directions of a larger latent, that latent, (n, size); else None.
        encoder: What made them; None: a search.
        note: How the encoder is used, for people; or nothing.
        error: Root mean square difference between pictures and their reconstructions, 0..255.
        mean_error: The same between pictures and their mean.
    """

    means: Latents
    logvars: Latents | None
    whole: Latents | None
    encoder: CheckedEncoder | None
    note: str
    error: float
    mean_error: float


def encode_all(
    bundle: Bundle, encoder: CheckedEncoder, path: Path, pictures: Pictures, progress: Progress
) -> Encoded:
    """Encode pictures one by one.

    Raises:
        UserError: The encoder does not run.
    """
    runner = GraphRunner(encoder.model, path, bundle.multiply_adds)
    source = encoder.model.graph.input[0].name
    rows: list[list[NDArray[np.float32]]] = []
    for done, image in enumerate(pictures.images):
        progress("encoding", done, len(pictures))
        values = image[..., : bundle.channels].transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        rows.append(runner.run({source: values}))
    progress("encoding", len(pictures), len(pictures))
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    found = Encoded(
        means=columns[0],
        logvars=columns[1] if encoder.has_logvar else None,
        whole=columns[1] if len(columns) > 1 and not encoder.has_logvar else None,
        encoder=encoder,
        note=encoder.decisions.note,
        error=0.0,
        mean_error=0.0,
    )
    return _measured(bundle, found, pictures)


def encode_by_search(bundle: Bundle, pictures: Pictures, progress: Progress) -> tuple[Encoded, Pictures]:
    """Find the latents whose decodes come nearest to some of the pictures, evenly spread among them."""
    each = 12 * (bundle.latent_dim + 5) + 64
    count = max(2, min(SEARCHED, len(pictures), SEARCHED_DECODES // each))
    chosen = np.unique(np.linspace(0, len(pictures) - 1, count).round().astype(int))
    some = Pictures(
        pictures.images[chosen],
        tuple(pictures.names[i] for i in chosen),
        tuple(pictures.labels[i] for i in chosen),
    )
    means = np.empty((len(some), bundle.latent_dim), np.float32)
    with OnnxRuntimeDecoder(bundle) as decoder:
        for done, image in enumerate(some.images):
            progress("searching for pictures", done, len(some))
            means[done] = invert(decoder.decode, bundle.space, image).z
    progress("searching for pictures", len(some), len(some))
    return _measured(bundle, Encoded(means, None, None, None, "", 0.0, 0.0), some), some


def _measured(bundle: Bundle, found: Encoded, pictures: Pictures) -> Encoded:
    originals = pictures.images[:COMPARED].astype(np.float32)
    with OnnxRuntimeDecoder(bundle) as decoder:
        again = decoder.decode(found.means[:COMPARED]).astype(np.float32)
    error = float(np.sqrt(np.mean((again - originals) ** 2)))
    return replace(
        found, error=error, mean_error=float(np.sqrt(np.mean((originals.mean(0) - originals) ** 2)))
    )


def reconstruction_range(bundle: Bundle, found: Encoded, pictures: Pictures) -> str | None:
    """Another range in which a decoder makes pictures again far better, as ``--range`` takes it; or None."""
    checked = bundle.read_decoder()
    values = checked.decisions.values
    if values is None or checked.options.range is not None or len(values.low) > 1:
        return None
    runner = GraphRunner(checked.model, bundle.decoder_path, bundle.multiply_adds)
    source = checked.model.graph.input[0].name
    some = found.means[:COMPARED]
    shown = np.concatenate([runner.run({source: checked.filled(row[None])})[0] for row in some]).astype(
        np.float64
    )
    if not np.isfinite(shown).all():
        return None
    raw = shown * (values.high[0] - values.low[0]) + values.low[0]
    if values.sigmoid:
        inside = np.clip(shown, 1e-6, 1 - 1e-6)
        raw = np.log(inside / (1 - inside))
    targets = pictures.images[: len(some), ..., : bundle.channels].transpose(0, 3, 1, 2) / 255.0
    ranges = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}
    errors = {name: _error((raw - low) / (high - low), targets) for name, (low, high) in ranges.items()}
    errors["logits"] = _error(1 / (1 + np.exp(-np.clip(raw, -60, 60))), targets)
    best = min(errors, key=lambda name: errors[name])
    if errors[best] >= BETTER * _error(shown, targets) or _same(best, values, ranges):
        return None
    return best


def _error(images: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((np.clip(images, 0, 1) - targets) ** 2)))


def _same(name: str, values: ValueMap, ranges: dict[str, tuple[float, float]]) -> bool:
    if name == "logits":
        return values.sigmoid
    return not values.sigmoid and (values.low[0], values.high[0]) == ranges[name]
