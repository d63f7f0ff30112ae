"""Model cards: what is read, and that every refusal names the field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.models.make import card_text
from vaevis_tui.errors import UserError
from vaevis_tui.models.card import MAX_CARD_BYTES, ModelCard, read_card

TEXT = card_text("digits", 8, 28, 32, 3, 1234)


def read(tmp_path: Path, text: str | bytes) -> ModelCard:
    path = tmp_path / "model.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_card(path)


def test_a_card_is_read(tmp_path: Path) -> None:
    card = read(tmp_path, TEXT)
    assert (card.name, card.version, card.data_licence) == ("digits", "1.0", "CC0-1.0")
    assert (card.latent_dim, card.image_height, card.image_width, card.channels) == (8, 28, 32, 3)
    assert (card.parameters, card.multiply_adds, card.decoder_bytes) == (1000, 100000, 1234)
    assert card.value_range is None
    assert card.training == {"epochs": 0}
    assert card.figures == {"elbo": -100.5}


def test_training_and_figures_may_be_left_out(tmp_path: Path) -> None:
    card = read(tmp_path, TEXT.split("[training]")[0])
    assert card.training == {}
    assert card.figures == {}


def test_a_value_range_is_read(tmp_path: Path) -> None:
    assert read(
        tmp_path, TEXT.replace("channels = 3", "channels = 3\nvalue_range = [-1, 1]")
    ).value_range == (-1, 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("format = 1", "format = 2", "format must be a whole number from 1 to 1, not 2"),
        ('name = "digits"', "name = 7", "name must be a string, not 7"),
        (
            'title = "Random',
            'title = "\\u001b[2JRandom',
            "title holds control characters; plain text is supported",
        ),
        (
            "size = 8",
            'size = 8\nprior = "cauchy"',
            "[latent] prior is not understood: invalid prior",
        ),
        ("elbo = -100.5", f"elbo = 1{'0' * 300}", "[figures] elbo must be a number or a string, not 1000"),
        ("size = 8", "size = 0", "[latent] size must be a whole number from 1 to 2048, not 0"),
        ("size = 8", "size = 9999", "[latent] size must be a whole number from 1 to 2048, not 9999"),
        ("size = 8", "size = true", "[latent] size must be a whole number from 1 to 2048, not True"),
        ("size = 8", "size = 8.0", "[latent] size must be a whole number from 1 to 2048, not 8.0"),
        ("[latent]\nsize", "[[latent]]\nsize", "[latent] must be a table"),
        ("height = 28", "height = -28", "[image] height must be a whole number from 1 to 4096, not -28"),
        ("channels = 3", "channels = 2", "[image] channels must be 1 or 3, not 2"),
        (
            "channels = 3",
            "channels = 3\nvalue_range = [1, 1]",
            "[image] value_range must be two numbers, black before",
        ),
        ("channels = 3", "channels = 3\nvalue_range = [nan, 1]", "[image] value_range must be two numbers"),
        ("channels = 3", "channels = 3\nvalue_range = [0, 1, 2]", "[image] value_range must be two numbers"),
        ("channels = 3", "channels = 3\nvalue_range = [true, 2]", "[image] value_range must be two numbers"),
        ("channels = 3", "channels = 3\nvalue_range = 1", "[image] value_range must be two numbers"),
        ("bytes = 1234", "bytes = 0", "[decoder] bytes must be a whole number from 1 to"),
        ('precision = "float32"', "precision = 32", "[decoder] precision must be a string, not 32"),
        ("elbo = -100.5", "elbo = [1, 2]", "[figures] elbo must be a number or a string, not [1, 2]"),
        ("elbo = -100.5", "elbo = true", "[figures] elbo must be a number or a string, not True"),
        ("elbo = -100.5", 'elbo = "\\u0007"', "[figures] elbo holds control characters"),
        ("elbo = -100.5", '"e\\u001b" = 1', "[figures] a name holds control characters"),
    ],
)
def test_refusals_name_the_field(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in TEXT
    with pytest.raises(UserError) as refusal:
        read(tmp_path, TEXT.replace(old, new))
    message = str(refusal.value)
    assert message.startswith(str(tmp_path / "model.toml"))
    assert expected in message
    assert message.isprintable()


@pytest.mark.parametrize(
    "text",
    ["this is = = no toml", "\x00", b"\xff\xfe", "a = " + "[" * 5000, 'a = "\x1b"', "a = 1\na = 2"],
)
def test_what_is_no_toml(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(UserError, match="not TOML") as refusal:
        read(tmp_path, text)
    assert str(refusal.value).isprintable()


def test_all_objections_come_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("size = 8", "size = 0").replace("height = 28", "height = 0").replace("32\n", "true\n")
    with pytest.raises(UserError) as refusal:
        read(tmp_path, text)
    message = str(refusal.value)
    assert message.count("must be a whole number") == 3
    assert message.count(str(tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    ["a." * 900 + "a = 1", "[" + "a." * 20_000 + "a]", "[[" + "a.b." * 100 + "a]]"],
)
def test_keys_of_many_parts_are_refused_before_they_are_parsed(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="a key has more than 16 parts"):
        read(tmp_path, text)


def test_what_toml_may_hold_and_json_may_not_becomes_text(tmp_path: Path) -> None:
    text = TEXT.replace("epochs = 0", 'when = 2024-01-02\n"e\\u001b" = "\\u001b]0;x"\nbig = 0x' + "f" * 400)
    training = read(tmp_path, text).training
    assert json.loads(json.dumps(training)) == training
    assert "\\u001b" not in json.dumps(training)


def test_a_card_beyond_a_megabyte_is_not_parsed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a model card is a page of text"):
        read(tmp_path, "#" * (MAX_CARD_BYTES + 1))


def test_a_missing_card(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_card(tmp_path / "model.toml")
