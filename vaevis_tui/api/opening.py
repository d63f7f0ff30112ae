"""Models by name, by path, or by a snapshot that was made with one."""

from __future__ import annotations

import warnings
from pathlib import Path

from vaevis_tui.api.model import Model
from vaevis_tui.engine.decoder import Latents, TuningMode
from vaevis_tui.engine.select import open_decoder
from vaevis_tui.export.png import read_metadata
from vaevis_tui.export.snapshot import SnapshotInfo
from vaevis_tui.models.bundle import open_bundle


def load(model: str | Path, backend: str = "auto", tuning: TuningMode = "cached") -> Model:
    """Open a model for decoding; close it, or use it in a ``with`` statement.

    Args:
        model: Name of a shipped model, or the path of a bundle or of a bare .onnx decoder.
        backend: ``"auto"``, ``"wgpu"`` or ``"onnxruntime"``.
        tuning: Which of several kernels wgpu takes: those that an earlier session measured on this GPU
            (``"cached"``); ``"upfront"`` measures what was not measured yet, for up to two seconds,
            ``"background"`` does so while it decodes, ``"off"`` takes those that should be good.

    Raises:
        UserError: there is no such model or backend, or a file is not what it should be.
    """
    bundle = open_bundle(model)
    return Model(bundle, open_decoder(bundle, backend, tuning))


def open_snapshot(path: str | Path, backend: str = "auto") -> tuple[Model, Latents]:
    """Open the model that a snapshot was made with, and read its latent vector.

    Args:
        path: A PNG file that this program wrote.
        backend: As of `load`.

    Returns:
        The model, to be closed, and z, float32 (d,).

    Raises:
        UserError: It is no snapshot, or its model cannot be opened.
    """
    info = SnapshotInfo.from_metadata(read_metadata(path))
    model = load(info.model, backend)
    if difference := model.differs_from(info):
        warnings.warn(difference, stacklevel=2)
    return model, info.latent
