"""From parsed options to an open model and the latent vector that was asked for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vaevis_tui.errors import UserError

if TYPE_CHECKING:
    from vaevis_tui.api import Model
    from vaevis_tui.engine.decoder import Latents
    from vaevis_tui.export.snapshot import SnapshotInfo


def model_name(options: argparse.Namespace) -> str:
    """The model that was asked for, that of the snapshot, or the default."""
    from vaevis_tui.models.catalog import DEFAULT_MODEL

    if options.model is not None:
        return str(options.model)
    source: SnapshotInfo | Path | None = getattr(options, "source", None)
    return DEFAULT_MODEL if source is None or isinstance(source, Path) else source.model


def open_model(options: argparse.Namespace) -> Model:
    """The model, ready to decode."""
    from vaevis_tui.api import load

    tune = getattr(options, "tune", True)
    return load(model_name(options), backend=options.backend, tuning="cached" if tune else "off")


def latent(options: argparse.Namespace, model: Model) -> Latents:
    """The latent vector that was asked for, (1, d); where none was, the one that the explorer begins with."""
    import numpy as np

    if options.seed is not None:
        return model.sample(options.seed)
    if isinstance(options.source, Path):
        return _nearest(options.source, model)[None]
    z = options.z if options.source is None else options.source.z
    if z is None:
        return model.space.first_look[None]
    if len(z) != model.info.latent_dim:
        raise UserError(
            f"z has {len(z)} numbers, but this model's latent vectors have {model.info.latent_dim}"
        )
    vector = np.asarray([z], np.float32)
    if not np.isfinite(vector).all():
        raise UserError("z holds NaN or infinities; finite numbers are right")
    return vector


def _nearest(path: Path, model: Model) -> Latents:
    """The latent vector (d,) that comes nearest to a picture file; says how near, since it takes seconds."""
    from vaevis_tui.export.picture import read_picture

    picture = read_picture(path).fitted(*model.info.image_size, grey=model.info.channels == 1)
    print(f"vaevis-tui: looking for {path} in the latent space ...", file=sys.stderr)
    inversion = model.invert(picture)
    print(f"vaevis-tui: found to {inversion.error:.0f} of 255 levels (root mean square)", file=sys.stderr)
    return inversion.z


def note_backend(options: argparse.Namespace, model: Model) -> None:
    """Say why the backend that was asked for did not decode, where another did."""
    if options.backend not in ("auto", model.info.backend):
        print(f"vaevis-tui: {model.info.backend} decoded: {model.info.reason}", file=sys.stderr)
