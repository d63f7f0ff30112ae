"""Folders that other libraries wrote: recognised by their files, their decoders exported where possible."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vaevis_tui.cache import cache_folder
from vaevis_tui.errors import UserError
from vaevis_tui.reading import typed_path
from vaevis_tui.text import one_line, quoted

CONFIG = "config.json"

DIFFUSERS = ("AutoencoderKL", "AutoencoderTiny")
"""Classes of diffusers whose decoders take latents of unit variance."""

NEEDED = ("diffusers", "torch", "onnxscript")
"""What exports them; the extra ``diffusers`` brings it."""

TIMEOUT = 600.0
"""Seconds for an export: that of Stable Diffusion's decoder takes one minute on two cores."""

_VERSION = b"1"
"""Of what is exported; another makes kept files be made anew."""

_CHECKOUT = Path(__file__).parent.parent.parent / "training"


def decoder_of(folder: Path) -> Path | None:
    """The decoder of a folder that is no bundle, as ONNX in the cache; None where the folder is not known.

    Raises:
        UserError: It is known, and cannot be opened; says why and what to do.
    """
    for inside in (folder, folder / "vae"):  # a pipeline of diffusers has its autoencoder in a folder
        config = _config(inside)
        if "_class_name" in config:
            return _of_diffusers(inside, str(config["_class_name"]))
    if (folder / "specs.json").is_file() and (folder / "model.pt").is_file():
        raise UserError(
            f"{folder}: a model of disentangling-vae: load it with its own code and call "
            "vaevis_tui.export_bundle(model.decoder, 'BUNDLE/')"
        )
    if any(folder.glob("checkpoints/*.ckpt")) or any(folder.glob("*.ckpt")):
        raise UserError(
            f"{folder}: checkpoints of PyTorch Lightning, as PyTorch-VAE writes them: load one with its own "
            "code and export what model.decode does with torch.onnx.export or vaevis_tui.export_bundle"
        )
    return None


def slow_start(ref: str | Path) -> str:
    """Why a model will take long to open, a clause; empty where it will not."""
    folder = typed_path(ref)
    try:
        for inside in (folder, folder / "vae"):
            name = str(_config(inside).get("_class_name"))
            if name in DIFFUSERS and not (folder / "decoder.onnx").exists() and not _kept(inside).is_file():
                return f"diffusers' {name} is exported to ONNX once, which takes up to a minute"
    except (OSError, UserError):  # opening it says what is wrong
        pass
    return ""


def _config(folder: Path) -> dict[str, Any]:
    try:
        with (folder / CONFIG).open("rb") as file:
            found = json.loads(file.read(1 << 20))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_diffusers(folder: Path, name: str) -> Path:
    if name not in DIFFUSERS:
        raise UserError(
            f"{folder}: diffusers' {quoted(name)} is not supported; {' and '.join(DIFFUSERS)} are"
        )
    target = _kept(folder)
    if not target.is_file():
        _export(folder, name, target)
    return target


def _kept(folder: Path) -> Path:
    """Where the export of a folder of diffusers is kept."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise UserError(
            f"{folder}: no .safetensors file; save the model again with save_pretrained(FOLDER), which "
            "writes one"
        )
    digest = hashlib.sha256(_VERSION)
    for path in (folder / CONFIG, *weights):
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise UserError(f"{path}: {error.strerror or error}") from None
    return cache_folder() / f"decoder-{digest.hexdigest()[:32]}.onnx"


def _export(folder: Path, name: str, target: Path) -> None:
    """Run the export, in a process of its own: this one never imports PyTorch."""
    if missing := [package for package in NEEDED if find_spec(package) is None]:
        raise UserError(
            f"{folder}: diffusers' {name} is exported once before it is opened, for which "
            f"{', '.join(missing)} is missing: pip install 'vaevis-tui[diffusers]'"
        )
    package = "training" if (_CHECKOUT / "core" / "loop.py").is_file() else "vaevis_train"
    draft = target.with_name(f"{target.stem}.{os.getpid()}.draft")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", f"{package}.diffusers_export", str(folder.resolve()), str(draft)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            reason = one_line(lines[-1]) if lines else f"exit code {done.returncode}"
            raise UserError(f"{folder}: diffusers does not export it: {reason}")
        draft.replace(target)
    except subprocess.TimeoutExpired:
        raise UserError(f"{folder}: its export takes more than {TIMEOUT:.0f} s") from None
    except OSError as error:
        raise UserError(f"{target.parent}: its export cannot be kept: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)
