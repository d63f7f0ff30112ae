"""A bundle made of a decoder and whatever there is beside it."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaevis_tui.bundling.card import card_text
from vaevis_tui.bundling.encoding import Encoded, encode_all, encode_by_search, reconstruction_range
from vaevis_tui.bundling.fitting import axes_by_effect, fit_space
from vaevis_tui.bundling.pictures import (
    Pictures,
    Progress,
    find_pictures,
    label_of,
    read_labels,
    read_pictures,
)
from vaevis_tui.bundling.principal_directions import with_principal_directions
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.export.files import write_files
from vaevis_tui.export.png import encode_png
from vaevis_tui.export.sheet import contact_sheet, montage, tile_scale
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models.bundle import CARD, DECODER, ENCODER, LATENTS, Bundle, open_bundle
from vaevis_tui.models.latents_file import write_latents
from vaevis_tui.onnx_model.adapter.checked import CheckedModel
from vaevis_tui.onnx_model.adapter.options import AdapterOptions
from vaevis_tui.onnx_model.load import override
from vaevis_tui.onnx_model.read import naming, read_model
from vaevis_tui.text import one_line, quoted

SHEET = "sheet.png"
"""What the bundle shows, as a picture."""


@dataclass(frozen=True)
class BundleRequest:
    """What a bundle is to be made of.

    Attributes:
        decoder: The decoder's .onnx file.
        out: The bundle's folder; made if it is missing.
        encoder: The encoder's .onnx file; None: the one beside the decoder, where there is one.
        images: A folder of pictures, or pictures that were read; None: the space is the prior.
        labels: A CSV file of labels; None: subfolders name them.
        name: Short name; empty: that of the folder.
        title: One line for people.
        limit: Pictures that are taken at most.
        force: Whether a bundle that is there is replaced.
        options: What is said of the decoder's inputs and outputs.
    """

    decoder: Path
    out: Path
    encoder: Path | None = None
    images: Path | Pictures | None = None
    labels: Path | None = None
    name: str = ""
    title: str = ""
    limit: int = 2000
    force: bool = False
    options: AdapterOptions = field(default_factory=AdapterOptions)


@dataclass(frozen=True)
class Made:
    """A bundle that was made.

    Attributes:
        path: Its folder.
        notes: What was taken and why, a clause each.
        figures: What was measured, by name.
    """

    path: Path
    notes: tuple[str, ...]
    figures: Mapping[str, float | str]


def make_bundle(request: BundleRequest, progress: Progress = lambda *_: None) -> Made:
    """Make a bundle.

    Args:
        request: What of.
        progress: Is told how far it is.

    Raises:
        UserError: Something is missing, does not fit or cannot be written; the text names everything that is
            known to be wrong before the work begins.
        EngineError: Decoding failed.
    """
    table = _check(request)
    if request.options != AdapterOptions():
        override(request.decoder, request.options)
    bundle = open_bundle(request.decoder)
    encoder_path = request.encoder or bundle.encoder_path
    pictures, unread = _pictures(request, bundle, table, progress)
    notes: list[str] = []
    if unread:
        notes.append(f"{unread} files could not be read")
    if table is not None and pictures is not None and (bare := pictures.labels.count("")):
        notes.append(f"{bare} of {len(pictures)} pictures have no label in {request.labels}")
    if pictures is None:
        with OnnxRuntimeDecoder(bundle) as decoder:
            space = axes_by_effect(decoder.decode, bundle.space, progress)
        notes.append("the space is the prior, its axes ordered by what they do to the image")
        return _write(request, bundle, space, None, encoder_path, notes, {}, pictures)
    if encoder_path is None:
        encoded, pictures = encode_by_search(bundle, pictures, progress)
        notes.append(f"without an encoder, {len(pictures)} pictures were found by search")
    else:
        encoded = _encode(bundle, encoder_path, pictures, progress)
        if (better := reconstruction_range(bundle, encoded, pictures)) is not None:
            override(request.decoder, AdapterOptions(range=better))
            notes.append(f"values {better} are shown as black to white: so it makes your pictures again")
            bundle = open_bundle(request.decoder)
            encoded = _encode(bundle, encoder_path, pictures, progress)
    if encoded.note:
        notes.append(encoded.note)
    means = encoded.means
    principal = None
    if encoded.whole is not None and encoded.encoder is not None and bundle.checked is not None:
        principal, means = with_principal_directions(bundle.checked, encoded.encoder, encoded.whole)
        notes.append(f"z are coordinates along the {means.shape[1]} principal directions of your pictures")
    space = fit_space(means, encoded.logvars if principal is None else None, pictures)
    figures = {
        "pictures": float(len(pictures)),
        "reconstruction error, RMSE of 255": encoded.error,
        "error of the mean image, RMSE of 255": encoded.mean_error,
    }
    return _write(request, bundle, space, principal, encoder_path, notes, figures, pictures)


def _check(request: BundleRequest) -> Mapping[str, str] | None:
    """Everything that can be known to be wrong, at once; the table of labels, where there is one."""
    problems: list[str] = []
    table: Mapping[str, str] | None = None
    for what, path in (("decoder", request.decoder), ("encoder", request.encoder)):
        if path is not None and not path.is_file():
            problems.append(f"the {what} {path} does not exist" if not path.exists() else f"{path}: no file")
    paths: list[Path] = []
    if isinstance(request.images, Path):
        try:
            paths = find_pictures(request.images)
        except UserError as error:
            problems.append(str(error))
    if request.labels is not None:
        if request.images is None:
            problems.append("--labels names pictures; --images says where they are")
        try:
            table = read_labels(request.labels)
        except UserError as error:
            problems.append(str(error))
    if table and isinstance(request.images, Path) and paths:
        folder = request.images
        if not any(label_of(path, folder, table) for path in paths):
            problems.append(
                f"{request.labels}: it has a label for none of the {len(paths)} pictures in {folder}; "
                f"its first row is of {quoted(next(iter(table)))}"
            )
    out = request.out
    itself = request.decoder.resolve() == (out / DECODER).resolve()
    if out.exists() and not out.is_dir():
        problems.append(f"{out} is not a folder; --out names the bundle's folder")
    elif (out / DECODER).exists() and not (request.force or itself):
        problems.append(f"{out} holds a bundle; name another folder, or replace it with --force")
    elif not os.access(folder := _existing(out), os.W_OK):
        problems.append(f"the folder {folder} is not writable; name another")
    if request.limit < 2:
        problems.append(f"invalid limit {request.limit}: expected 2 or more pictures")
    if problems:
        raise UserError("; ".join(problems))
    return table


def _existing(path: Path) -> Path:
    """The path, or the nearest of its parents that there is."""
    return next(each for each in (path, *path.resolve().parents) if each.exists())


def _pictures(
    request: BundleRequest, bundle: Bundle, table: Mapping[str, str] | None, progress: Progress
) -> tuple[Pictures | None, int]:
    if not isinstance(request.images, Path):
        pictures, unread = request.images, 0
    else:
        pictures, unread = read_pictures(
            request.images,
            (bundle.image_height, bundle.image_width),
            grey=bundle.channels == 1,
            table=table,
            limit=request.limit,
            progress=progress,
        )
    if pictures is not None and len(pictures) < 2:
        where = f"{request.images}: " if isinstance(request.images, Path) else ""
        raise UserError(f"{where}a space cannot be fitted to one picture; two or more are needed")
    return pictures, unread


def _encode(bundle: Bundle, path: Path, pictures: Pictures, progress: Progress) -> Encoded:
    return encode_all(bundle, bundle.read_encoder(path), path, pictures, progress)


def _write(
    request: BundleRequest,
    bundle: Bundle,
    space: LatentSpace,
    principal: tuple[CheckedModel, Any] | None,
    encoder_path: Path | None,
    notes: list[str],
    figures: Mapping[str, float | str],
    pictures: Pictures | None,
) -> Made:
    """Write all files or none; the card only where there is none, for its maker may have filled it in."""
    out = request.out
    checked = bundle.read_decoder()
    name = request.name or one_line(out.resolve().name, 40)
    data = request.images.resolve().name if isinstance(request.images, Path) else ""
    made: list[Bundle] = []

    def files() -> Iterator[tuple[str, bytes]]:
        """Each when those before are there, by which the sheet is drawn."""
        said = checked
        if principal is None:
            sources = {DECODER: request.decoder, ENCODER: encoder_path}
            for kind, source in sources.items():
                if source is not None and source.resolve() != (out / kind).resolve():
                    yield kind, _whole(source)
        else:
            yield DECODER, principal[0].model.SerializeToString()
            yield ENCODER, principal[1].SerializeToString()
            said = replace(principal[0], options=AdapterOptions())
        latents = io.BytesIO()
        write_latents(latents, space)
        yield LATENTS, latents.getvalue()
        if not (out / CARD).exists() or request.force:
            yield CARD, card_text(name, request.title, said, figures, one_line(data, 60)).encode()
        made.append(open_bundle(out))
        yield SHEET, _sheet(made[0], pictures)

    write_files(out, files())
    return Made(out, (*made[0].notes, *notes), figures)


def _whole(source: Path) -> bytes:
    """A model with all weights inside; the bytes as they are, where they are inside already."""
    if any(source.parent.glob(f"{source.name}?*")):
        with naming(source):
            model: bytes = read_model(source)[0].SerializeToString()
        return model
    return source.read_bytes()


def _sheet(bundle: Bundle, pictures: Pictures | None) -> bytes:
    """Anchors, or samples where there are none, as a PNG."""
    z = bundle.space.anchors.z[:64] if len(bundle.space.anchors) else bundle.space.sample(0, 36)
    with OnnxRuntimeDecoder(bundle) as decoder:
        images = decoder.decode(z)
    shown, _ = contact_sheet(images)
    scale = tile_scale(bundle.image_height, bundle.image_width)
    while math.prod(shown.shape) * scale**2 > 60_000_000 and scale > 1:
        scale -= 1
    step = max(1, round(max(images.shape[1:3]) / 256))
    sheet: NDArray[np.uint8] = montage(shown[:, :, ::step, ::step], scale=scale, gap=2)
    return encode_png(sheet, 1, {"Software": "vaevis-tui"})
