"""A model on disk: a folder with a decoder, a card and the latent statistics, or somebody's bare decoder."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaevis_tui.errors import UserError
from vaevis_tui.latent.controls import Control
from vaevis_tui.latent.space import LatentSpace
from vaevis_tui.models import catalog
from vaevis_tui.models.card import ModelCard, read_card
from vaevis_tui.models.latents_file import read_latents, write_latents
from vaevis_tui.onnx_model.extra_inputs import SEEDS, ExtraInput
from vaevis_tui.reading import typed_path
from vaevis_tui.resources import weights_dir
from vaevis_tui.text import one_line

if TYPE_CHECKING:
    from vaevis_tui.onnx_model.adapter.checked import CheckedModel
    from vaevis_tui.onnx_model.adapter.encoder.encoder import CheckedEncoder
    from vaevis_tui.onnx_model.adapter.options import AdapterOptions

__all__ = ["Bundle", "open_bundle", "read_latents", "write_latents"]

DECODER = "decoder.onnx"
ENCODER = "encoder.onnx"
LATENTS = "latents.npz"
CARD = "model.toml"

TRIAL_IMAGES = 6
"""Images of the decoder that an encoder is tried on."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is known of a model before anything decodes.

    Attributes:
        name: Short name for people: the card's, or the file's without its ending.
        path: The folder, or the bare .onnx file.
        card: None for a bare file.
        decoder_path: The ONNX file that makes images.
        encoder_path: The ONNX file that finds latents of images, where there is one.
        space: The latent space; for a bare file the prior N(0, I), without anchors.
        latent_dim: Length d of a latent vector.
        image_height: Pixels.
        image_width: Pixels.
        channels: 1 or 3.
        parameters: Number of weights of the decoder.
        multiply_adds: Of one image.
        notes: What was taken for granted, for people, e.g. which values are black and white; one clause each.
        shipped: Whether it lies in the installed package, as trusted as the code beside it.
        checked: The decoder as it was checked when the bundle was opened; None for a shipped one.
    """

    name: str
    path: Path
    card: ModelCard | None
    decoder_path: Path
    encoder_path: Path | None
    space: LatentSpace
    latent_dim: int
    image_height: int
    image_width: int
    channels: int
    parameters: int
    multiply_adds: int
    notes: tuple[str, ...] = ()
    shipped: bool = False
    checked: CheckedModel | None = field(default=None, compare=False, repr=False)

    @property
    def settings(self) -> tuple[ExtraInput, ...]:
        """What the decoder takes beside z, where that may be chosen anew for each image."""
        return () if self.checked is None else self.checked.controls

    @property
    def controls(self) -> tuple[Control, ...]:
        """The same as rows."""
        return tuple(_control(each) for each in self.settings)

    def read_decoder(self) -> CheckedModel:
        """The decoder's graph with its weights, checked when the bundle was opened or else now.

        Raises:
            UserError: it is not a decoder that is supported.
        """
        if self.checked is not None:
            return self.checked
        return _read_decoder(self.decoder_path, self.card, None)

    def read_encoder(self, path: Path) -> CheckedEncoder:
        """An encoder's graph with its weights, checked and tried on some images of the decoder.

        Raises:
            UserError: it is not an encoder of this decoder, or not one that is supported.
        """
        from vaevis_tui.onnx_model.load import load_encoder

        return load_encoder(path, self.read_decoder(), self.space.sample(0, TRIAL_IMAGES))

    def fixed_decoder(self) -> CheckedModel:
        """The decoder with its controls written into the graph as they are set: (n, d) is all that it takes.

        Raises:
            UserError: it is not a decoder that is supported.
        """
        return (
            open_requested({**self.decoder_request(), "controls": False})
            if self.settings
            else self.read_decoder()
        )

    def decoder_request(self) -> dict[str, Any]:
        """What another process opens the same decoder by; see `open_requested`."""
        request: dict[str, Any] = {"path": str(self.decoder_path)}
        if self.checked is not None:
            request |= {
                "options": self.checked.options.to_dict(),
                "decisions": self.checked.decisions.to_dict(),
            }
        return request


def _control(setting: ExtraInput) -> Control:
    start = float(setting.value)
    if setting.kind == "number":
        return Control(setting.name, "number", start)
    if setting.kind == "noise":
        return Control(setting.name, "seed", start, SEEDS)
    return Control(setting.name, "class", start, setting.size)


def open_requested(request: Mapping[str, Any]) -> CheckedModel:
    """Read the decoder that `Bundle.decoder_request` was asked of, adapted as it is there.

    Raises:
        UserError: it is not a decoder that is supported.
    """
    from vaevis_tui.onnx_model.adapter.decisions import Decisions
    from vaevis_tui.onnx_model.adapter.options import AdapterOptions
    from vaevis_tui.onnx_model.load import load_decoder

    path = Path(request["path"])
    if "options" not in request:
        return load_decoder(path)
    options, decisions = (
        AdapterOptions.from_dict(request["options"]),
        Decisions.from_dict(request["decisions"]),
    )
    return load_decoder(path, options, decisions, controls=request.get("controls", True))


def _read_decoder(path: Path, card: ModelCard | None, request: Mapping[str, Any] | None) -> CheckedModel:
    """Read a decoder as a request has it, or as its card says."""
    if request is not None and "options" in request:
        return open_requested(request)
    from vaevis_tui.onnx_model.load import load_decoder

    return load_decoder(path, None if card is None else _card_options(card))


def _card_options(card: ModelCard) -> AdapterOptions:
    """What a card says of its decoder's inputs and outputs."""
    if card.value_range is None or card.options.range is not None:
        return card.options
    low, high = card.value_range
    return replace(card.options, range=f"{low!r}..{high!r}")


def open_bundle(ref: str | Path, request: Mapping[str, Any] | None = None) -> Bundle:
    """Open a shipped model by name, a bundle by its folder, or a bare decoder by its .onnx file.

    A string is a name if the catalog has it, else a path. What is not shipped is validated whole.

    Args:
        ref: The name or the path.
        request: `Bundle.decoder_request` of the same model in another process; None: it is adapted here.

    Raises:
        UserError: there is no such model, or a file of it is not what it should be.
    """
    if isinstance(ref, str) and ref in catalog.names():
        return _open_folder(weights_dir() / ref, request)
    try:
        path = typed_path(ref)
        if path.is_dir():
            return _open_folder(path, request)
        if path.is_file():
            return _open_bare(path, request)
    except OSError:  # a name too long for a file
        pass
    raise _unknown(str(ref))


def _unknown(ref: str) -> UserError:
    shown = one_line(ref)
    names = catalog.names()
    known = f"the shipped models are: {', '.join(names)}" if names else "no models are shipped"
    if "/" in ref or "\\" in ref or ref.endswith(".onnx"):
        return UserError(f"no such model: {shown}: neither a bundle's folder nor an .onnx file ({known})")
    close = difflib.get_close_matches(ref, names, n=2)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return UserError(f"unknown model {shown!r}: {hint}{known}; or give the path of a bundle or an .onnx file")


def _open_folder(folder: Path, request: Mapping[str, Any] | None = None) -> Bundle:
    decoder_path = folder / DECODER
    if not decoder_path.is_file():
        from vaevis_tui.models.families import decoder_of

        found = decoder_of(folder)
        if found is None:
            raise UserError(
                f"{folder}: {DECODER} is missing; a bundle has it, and may have {LATENTS} and {CARD}"
            )
        checked = _read_decoder(found, None, request)
        name = one_line(folder.resolve().name, 40)
        return _checked_bundle(name, folder, found, checked, _prior_space(checked), None)
    shipped = folder.parent.resolve() == weights_dir().resolve()
    card = read_card(folder / CARD) if (folder / CARD).is_file() else None
    if shipped:
        return _open_shipped(folder, card or ModelCard())
    checked = _read_decoder(decoder_path, card, request)
    if card is not None:
        _compare(decoder_path, checked, card)
        card = _completed(card, folder, checked)
    space = read_latents(folder / LATENTS) if (folder / LATENTS).is_file() else _prior_space(checked)
    _compare_space(folder, space, checked.latent_dim)
    name = one_line(folder.resolve().name, 40) if card is None else card.name
    return _checked_bundle(name, folder, decoder_path, checked, space, card)


def _open_shipped(folder: Path, card: ModelCard) -> Bundle:
    """A model of the catalog: its card is trusted, but for a decoder that was cut short."""
    decoder_path, encoder_path = folder / DECODER, folder / ENCODER
    size = decoder_path.stat().st_size
    if size != card.decoder_bytes:
        raise UserError(
            f"{decoder_path}: {size} bytes, but {CARD} says [decoder] bytes = {card.decoder_bytes}"
        )
    space = read_latents(folder / LATENTS)
    _compare_space(folder, space, card.latent_dim)
    return Bundle(
        name=card.name,
        path=folder,
        card=card,
        decoder_path=decoder_path,
        encoder_path=encoder_path if encoder_path.is_file() else None,
        space=space,
        latent_dim=card.latent_dim,
        image_height=card.image_height,
        image_width=card.image_width,
        channels=card.channels,
        parameters=card.parameters,
        multiply_adds=card.multiply_adds,
        shipped=True,
    )


def _compare_space(folder: Path, space: LatentSpace, dim: int) -> None:
    if space.dim != dim:
        raise UserError(f"{folder}: {LATENTS} has {space.dim} dimensions, but {DECODER} takes {dim}")


def _compare(decoder_path: Path, decoder: CheckedModel, card: ModelCard) -> None:
    """See that the decoder makes what the card says, where it says anything."""
    found = (decoder.latent_dim, decoder.channels, decoder.image_height, decoder.image_width)
    said = (card.latent_dim, card.channels, card.image_height, card.image_width)
    names = ("latent size", "channels", "height", "width")
    problems = [
        f"{what} is {has}, but {CARD} says {says}"
        for what, has, says in zip(names, found, said, strict=True)
        if says not in (0, has)
    ]
    if problems:
        raise UserError(f"{decoder_path}: {'; '.join(problems)}")


def _completed(card: ModelCard, folder: Path, decoder: CheckedModel) -> ModelCard:
    """The card with everything that follows from the decoder and its folder."""
    name = card.name or one_line(folder.resolve().name, 40)
    return replace(
        card,
        name=name,
        title=card.title or name,
        latent_dim=decoder.latent_dim,
        image_height=decoder.image_height,
        image_width=decoder.image_width,
        channels=decoder.channels,
        parameters=decoder.parameters,
        multiply_adds=decoder.multiply_adds,
        decoder_bytes=(folder / DECODER).stat().st_size,
    )


def _prior_space(decoder: CheckedModel) -> LatentSpace:
    """What is known of the latent space of a bare decoder: its prior, without anchors."""
    space = LatentSpace.standard_normal(decoder.latent_dim)
    mean, std = decoder.prior.mean_and_std(decoder.latent_dim)
    return replace(
        space,
        mean=space.mean + np.float32(mean),
        std=space.std * np.float32(std),
        axis_variances=space.axis_variances * np.float32(std**2),
    )


def _open_bare(path: Path, request: Mapping[str, Any] | None = None) -> Bundle:
    checked = _read_decoder(path, None, request)
    return _checked_bundle(one_line(path.stem, 40), path, path, checked, _prior_space(checked), None)


def _checked_bundle(
    name: str,
    path: Path,
    decoder_path: Path,
    checked: CheckedModel,
    space: LatentSpace,
    card: ModelCard | None,
) -> Bundle:
    return Bundle(
        name=name,
        path=path,
        card=card,
        decoder_path=decoder_path,
        encoder_path=_encoder_beside(decoder_path),
        space=space,
        latent_dim=checked.latent_dim,
        image_height=checked.image_height,
        image_width=checked.image_width,
        channels=checked.channels,
        parameters=checked.parameters,
        multiply_adds=checked.multiply_adds,
        notes=checked.notes,
        checked=checked,
    )


def _encoder_beside(decoder_path: Path) -> Path | None:
    """``encoder.onnx`` beside ``decoder.onnx``, ``cats_enc.onnx`` beside ``cats_dec.onnx``."""
    name = decoder_path.name
    for old, new in (("decoder", "encoder"), ("Decoder", "Encoder"), ("dec", "enc")):
        beside = decoder_path.with_name(name.replace(old, new))
        if old in name and beside.is_file():
            return beside
    return None
