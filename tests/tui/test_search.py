"""A picture is looked for while the explorer is on."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from tests.models.make import encoder_model, write_decoder
from tests.tui.support import ExactDecoder, exact_source, exploring, make_bundle, make_settings
from vaevis_tui.engine.decoder import Images, Latents
from vaevis_tui.engine.source import DecoderSource
from vaevis_tui.errors import UserError
from vaevis_tui.export.picture import PictureFile, read_picture
from vaevis_tui.models.bundle import Bundle


def picture_of(bundle: Bundle, seed: int, folder: Path) -> PictureFile:
    """A file of what the model makes of a random point."""
    Image.fromarray(ExactDecoder(bundle).decode(bundle.space.sample(seed))[0]).save(folder / "dog.png")
    return read_picture(folder / "dog.png")


async def test_a_picture_is_looked_for_while_the_explorer_is_on(tmp_path: Path) -> None:
    bundle = make_bundle()
    picture = picture_of(bundle, 7, tmp_path)
    wanted = np.asarray(picture.image).astype(int)
    async with exploring(make_settings(bundle, picture=picture, walk=True)) as explorer:
        await explorer.until(lambda: "dog.png: RMSE" in explorer.notices)
        assert explorer.exploration.walking  # from there, and not before
        await explorer.until(lambda: len(explorer.exploration.state.past) == 2)
        await explorer.press("w")
        start, found = explorer.exploration.state.past
        np.testing.assert_array_equal(start, bundle.space.sample(1)[0])
        off = [np.abs(ExactDecoder(bundle).decode(z[None])[0] - wanted).mean() for z in (start, found)]
        assert off[1] < off[0] / 3
        await explorer.press("u", "u")  # the walk, and the way to what was found
        assert not explorer.exploration.state.past


async def test_whoever_moves_is_not_led_away(tmp_path: Path) -> None:
    bundle, go_on = make_bundle(), threading.Event()

    class Held(ExactDecoder):
        def decode(self, z: Latents) -> Images:
            assert go_on.wait(60)
            return super().decode(z)

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return (
            DecoderSource(lambda: Held(bundle)) if backend == "onnxruntime" else exact_source(bundle, backend)
        )

    settings = make_settings(bundle, picture=picture_of(bundle, 7, tmp_path), decoder_source=source)
    async with exploring(settings) as explorer:
        assert "Searching for" in explorer.notices
        await explorer.press("right")
        here = explorer.sigma
        go_on.set()
        await explorer.until(lambda: "dog.png cancelled" in explorer.notices)
        await explorer.settle()
        assert explorer.sigma == here


async def test_a_search_begins_where_the_models_encoder_says(tmp_path: Path) -> None:
    plain, asked = make_bundle(), list[Latents]()
    wanted = plain.space.sample(7)[0]
    path = tmp_path / "encoder.onnx"
    shape = (plain.channels, plain.image_height, plain.image_width)
    constant = encoder_model(np.zeros((math.prod(shape), len(wanted)), np.float32), shape, bias=wanted)
    path.write_bytes(constant.SerializeToString())
    decoder = write_decoder(tmp_path / "decoder.onnx", plain.latent_dim, channels=plain.channels)
    bundle = replace(plain, encoder_path=path, decoder_path=decoder)

    class Listening(ExactDecoder):
        def decode(self, z: Latents) -> Images:
            asked.append(z)
            return super().decode(z)

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        if backend == "onnxruntime":
            return DecoderSource(lambda: Listening(bundle))
        return exact_source(bundle, backend)

    settings = make_settings(bundle, picture=picture_of(bundle, 7, tmp_path), decoder_source=source)
    async with exploring(settings) as explorer:
        await explorer.until(lambda: "dog.png: RMSE" in explorer.notices)
    np.testing.assert_array_equal(asked[0], wanted[None])


async def test_an_encoder_that_is_none_is_a_notice_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(b"")
    plain = make_bundle()
    decoder = write_decoder(tmp_path / "decoder.onnx", plain.latent_dim, channels=plain.channels)
    bundle = replace(plain, encoder_path=path, decoder_path=decoder)
    settings = make_settings(bundle, picture=picture_of(bundle, 7, tmp_path))
    async with exploring(settings) as explorer:
        await explorer.until(lambda: "encoder.onnx: not an ONNX file" in explorer.notices)


async def test_a_search_that_cannot_be_begun_is_a_notice(tmp_path: Path) -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        if backend == "onnxruntime":
            raise UserError("there is no onnxruntime")
        return exact_source(bundle, backend)

    bundle = make_bundle()
    settings = make_settings(
        bundle, picture=picture_of(bundle, 7, tmp_path), decoder_source=source, walk=True
    )
    async with exploring(settings) as explorer:
        await explorer.until(lambda: "Search failed: there is no onnxruntime" in explorer.notices)
        assert explorer.exploration.walking
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma != before
