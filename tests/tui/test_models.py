"""Models that change, fail or cannot be opened while the explorer runs."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

from tests.tui.support import ExactDecoder, exact_source, exploring, make_bundle, make_settings
from vaevis_tui.engine.decoder import EngineError, Images, Latents
from vaevis_tui.engine.source import DecoderSource
from vaevis_tui.models.bundle import Bundle
from vaevis_tui.tui.panels.status_line import StatusLine
from vaevis_tui.tui.panels.strip_panel import StripPanel


async def test_another_model_keeps_the_place_in_the_first() -> None:
    small, large = make_bundle(), make_bundle("planes", 40, 32, 48)
    async with exploring(make_settings(small, large)) as explorer:
        await explorer.press("right", "right")
        place = explorer.sigma
        await explorer.pilot.press("m", *"planes", "enter")  # as people type the name
        await explorer.until(lambda: explorer.exploration.bundle is large)
        await explorer.settle()
        assert explorer.frame.image.shape == (32, 48, 3)
        await explorer.press("right")
        await explorer.pilot.press("m", "up", "enter")
        await explorer.until(lambda: explorer.exploration.bundle is small)
        await explorer.settle()
        assert explorer.sigma == place
        await explorer.press("u")
        assert explorer.sigma != place


async def test_a_model_that_cannot_be_opened_is_a_notice_and_the_old_one_goes_on() -> None:
    settings = make_settings()
    async with exploring(replace(settings, catalog=("rings", "gone"))) as explorer:
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: "gone was not opened" in explorer.notices)
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma != before


async def test_a_decoder_that_cannot_be_opened_is_a_notice_and_the_old_one_goes_on() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        def refuse() -> ExactDecoder:
            raise EngineError("no adapter")

        return DecoderSource(refuse) if bundle.name == "planes" else exact_source(bundle, backend)

    bundles = make_bundle(), make_bundle("planes", 40)
    async with exploring(make_settings(*bundles, decoder_source=source)) as explorer:
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: "planes was not opened: no adapter" in explorer.notices)
        before = explorer.sigma
        await explorer.press("right")
        assert explorer.sigma != before


async def test_tiles_that_were_dropped_for_a_model_that_was_not_opened_come_all_the_same() -> None:
    held, goes_on = threading.Event(), threading.Event()

    class Held(ExactDecoder):
        def decode(self, z: Latents) -> Images:
            if held.is_set():
                goes_on.wait()
            return super().decode(z)

    def refuse() -> ExactDecoder:
        raise EngineError("no adapter")

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return DecoderSource(refuse if bundle.name == "planes" else lambda: Held(bundle))

    bundles = make_bundle(), make_bundle("planes", 40)
    async with exploring(make_settings(*bundles, decoder_source=source)) as explorer:
        strip = explorer.screen.query_one(StripPanel)
        held.set()
        await explorer.pilot.press("v")
        await explorer.until(lambda: strip._on_way is not None)
        asked = strip._on_way
        await explorer.pilot.press("m", "down", "enter")
        await explorer.until(lambda: explorer.app.screen is explorer.screen)
        held.clear()
        goes_on.set()
        await explorer.until(lambda: "planes was not opened: no adapter" in explorer.notices)
        async with asyncio.timeout(60):
            await explorer.until(lambda: strip.complete)
        assert strip._on_way is not asked


async def test_a_decoder_that_fails_gives_way_to_another_with_a_notice() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return replace(exact_source(bundle, backend), open=lambda: ExactDecoder(bundle, fails_at=6.0))

    async with exploring(make_settings(decoder_source=source)) as explorer:
        await explorer.press("enter", *"9", "enter")
        assert explorer.value == 9
        assert "Fell back to fallback: the device was lost" in explorer.notices
        assert "fallback" in str(explorer.screen.query_one(StatusLine).render())


async def test_when_nothing_is_left_to_fall_back_to_the_model_can_be_opened_again() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        return DecoderSource(lambda: ExactDecoder(bundle, fails_at=6.0))

    async with exploring(make_settings(decoder_source=source)) as explorer:
        await explorer.pilot.press("enter", *"9", "enter")
        await explorer.until(lambda: "decoding failed: the device was lost" in explorer.notices)
        await explorer.pilot.press("backspace", "m", "enter")
        await explorer.settle()
        assert explorer.value == 0
        assert explorer.notices.count("decoding failed") == 1
