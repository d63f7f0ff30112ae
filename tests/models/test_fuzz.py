"""Damaged files give a valid result or one line for the user, never anything else."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.models.make import card_text, decoder_model, latents_arrays
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle
from vaevis_tui.models.card import read_card
from vaevis_tui.models.latents_file import read_latents

DECODER = decoder_model(3, height=8, width=8, features=1).SerializeToString()
CARD = card_text("digits", 8, 28, 28, 1, 1234).encode()

Edit = tuple[int, int, bytes]
"""Where, how many bytes are taken away there, and what is put in their place."""


def edits(size: int) -> st.SearchStrategy[list[Edit]]:
    one = st.tuples(st.integers(0, size - 1), st.integers(0, 8), st.binary(max_size=8))
    return st.lists(one, min_size=1, max_size=6)


def damage(data: bytes, changes: list[Edit], length: int | None) -> bytes:
    for at, taken, put in changes:
        data = data[:at] + put + data[at + taken :]
    return data[:length]


def lengths(size: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.none() | st.integers(0, size)


def latents() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "latents.npz"
        np.savez(path, **latents_arrays(2, labels=("a",)))  # type: ignore[arg-type]
        return path.read_bytes()


LATENTS = latents()


def outcome(read: Callable[[Path], object], data: bytes, name: str) -> None:
    """Read the data as a file; a refusal must be one printable line that begins with the file's name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            read(path)
        except UserError as error:
            message = str(error)
            assert message.startswith(str(path))
            assert message.isprintable()
            assert len(message) < len(str(path)) + 600


def decode(path: Path) -> None:
    bundle = open_bundle(path)
    with OnnxRuntimeDecoder(bundle) as decoder:
        z = np.zeros((2, bundle.latent_dim), np.float32)
        assert decoder.decode(z).shape == (2, bundle.image_height, bundle.image_width, 3)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(changes=edits(len(DECODER)), length=lengths(len(DECODER)))
@example(changes=[(0, 0, b"")], length=None)
def test_damaged_decoders(changes: list[Edit], length: int | None) -> None:
    outcome(decode, damage(DECODER, changes, length), "decoder.onnx")


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(changes=edits(len(LATENTS)), length=lengths(len(LATENTS)))
def test_damaged_latents(changes: list[Edit], length: int | None) -> None:
    outcome(read_latents, damage(LATENTS, changes, length), "latents.npz")


@settings(max_examples=200, deadline=None)
@given(changes=edits(len(CARD)), length=lengths(len(CARD)))
def test_damaged_cards(changes: list[Edit], length: int | None) -> None:
    outcome(read_card, damage(CARD, changes, length), "model.toml")


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
@pytest.mark.parametrize(
    ("name", "read"), [("a.onnx", open_bundle), ("a.npz", read_latents), ("a.toml", read_card)]
)
def test_noise(name: str, read: Callable[[Path], object], data: bytes) -> None:
    outcome(read, data, name)
