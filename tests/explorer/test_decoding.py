from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.explorer.support import TIMEOUT, Listener
from tests.tui.support import ExactDecoder, exact_source, make_bundle, make_settings
from vaevis_tui.engine.decoder import Decoder, EngineError
from vaevis_tui.engine.source import DecoderSource
from vaevis_tui.explorer.decoding import Decoded, Decoding, EngineEvent, Failed, Opened, TilesDecoded
from vaevis_tui.explorer.settings import ExplorerSettings
from vaevis_tui.models.bundle import Bundle


def listening(settings: ExplorerSettings) -> tuple[Decoding, Listener]:
    decoding, listener = Decoding(settings), Listener()
    decoding.listen(listener)
    return decoding, listener


def opened(name: str) -> Callable[[EngineEvent], bool]:
    return lambda news: isinstance(news, Opened) and news.exploration.bundle.name == name


def decoded(name: str) -> Callable[[EngineEvent], bool]:
    return lambda news: isinstance(news, Decoded) and news.exploration.bundle.name == name


def failed(news: EngineEvent) -> bool:
    return isinstance(news, Failed)


def test_the_first_picture_is_made_before_anybody_listens() -> None:
    made = threading.Event()

    class Announcing(ExactDecoder):
        def decode(self, z: np.ndarray) -> np.ndarray:
            made.set()
            return super().decode(z)

    settings = make_settings(decoder_source=lambda bundle, _: DecoderSource(lambda: Announcing(bundle)))
    decoding = Decoding(settings)
    assert made.wait(TIMEOUT)
    listener = Listener()
    decoding.listen(listener)
    picture = listener.wait(decoded("rings"))
    assert isinstance(listener.news[0], Opened)
    assert isinstance(picture, Decoded)
    np.testing.assert_array_equal(picture.frame.z, picture.exploration.z)
    decoding.close()


def test_tiles_of_the_model_on_show_come_with_their_ticket() -> None:
    decoding, listener = listening(make_settings(make_bundle(), make_bundle("planes", 3)))
    try:
        here = listener.wait(opened("rings"))
        assert isinstance(here, Opened)
        z = here.exploration.bundle.space.sample(np.random.default_rng(0), 3)
        ticket = decoding.decode_tiles(here.exploration, "strip", z)
        last = listener.wait(lambda e: isinstance(e, TilesDecoded) and e.start + len(e.images) == 3)
        assert isinstance(last, TilesDecoded)
        assert (last.owner, last.ticket, last.exploration) == ("strip", ticket, here.exploration)
        with ExactDecoder(here.exploration.bundle) as decoder:
            expected = decoder.decode(z)
        images = [e.images for e in listener.news if isinstance(e, TilesDecoded)]
        np.testing.assert_array_equal(np.concatenate(images), expected)
        decoding.open("planes")
        listener.wait(opened("planes"))
        assert decoding.decode_tiles(here.exploration, "strip", z) == 0
    finally:
        decoding.close()


def test_another_model_is_begun_where_it_was_left() -> None:
    decoding, listener = listening(make_settings(make_bundle(), make_bundle("planes", 3)))
    first = listener.wait(opened("rings"))
    assert isinstance(first, Opened)
    first.exploration.random()
    decoding.open("planes")
    listener.wait(decoded("planes"))
    listener.news.clear()
    decoding.open("rings")
    again = listener.wait(decoded("rings"))
    assert isinstance(again, Decoded)
    assert again.exploration is first.exploration
    assert decoding.known == ("rings", "planes")
    decoding.close()


def test_a_point_of_the_model_before_is_not_decoded_by_the_next() -> None:
    """Its length does not fit: were it decoded, that would be an error."""
    opening, go_on = threading.Event(), threading.Event()

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        def slowly() -> Decoder:
            opening.set()
            assert go_on.wait(TIMEOUT)
            return ExactDecoder(bundle)

        return DecoderSource(slowly) if bundle.name == "planes" else exact_source(bundle, backend)

    decoding, listener = listening(
        make_settings(make_bundle(), make_bundle("planes", 3), decoder_source=source)
    )
    first = listener.wait(opened("rings"))
    assert isinstance(first, Opened)
    decoding.open("planes")
    assert opening.wait(TIMEOUT)
    first.exploration.random()
    decoding.submit(first.exploration)
    go_on.set()
    listener.wait(decoded("planes"))
    decoding.close()
    assert not any(map(failed, listener.news))


def test_the_last_of_many_models_asked_for_is_the_one_that_stays() -> None:
    bundles = [make_bundle(), *(make_bundle(f"m{i}", i + 1) for i in range(8))]
    decoding, listener = listening(make_settings(*bundles))
    listener.wait(opened("rings"))
    for bundle in bundles[1:]:
        decoding.open(bundle.name)
    last = listener.wait(opened("m7"))
    assert isinstance(last, Opened)
    listener.wait(decoded("m7"))
    assert decoding.model.opening is None
    assert not any(map(failed, listener.news))
    decoding.close()


def test_the_model_before_goes_on_when_the_next_cannot_be_opened() -> None:
    def source(bundle: Bundle, backend: str) -> DecoderSource:
        def refuse() -> Decoder:
            raise EngineError("no adapter")

        return DecoderSource(refuse) if bundle.name == "planes" else exact_source(bundle, backend)

    decoding, listener = listening(
        make_settings(make_bundle(), make_bundle("planes", 3), decoder_source=source)
    )
    first = listener.wait(opened("rings"))
    assert isinstance(first, Opened)
    for ref in ("planes", "gone"):
        listener.news.clear()
        decoding.open(ref)
        news = listener.wait(failed)
        assert isinstance(news, Failed)
        assert news.ref == ref
        listener.news.clear()
        first.exploration.random()
        decoding.submit(first.exploration)
        listener.wait(decoded("rings"))
    assert decoding.model.failure is None
    assert decoding.known == ("rings", "planes")
    decoding.close()


def test_a_decoder_that_fails_while_another_model_is_read_is_not_taken_for_that() -> None:
    reading, read = threading.Event(), threading.Event()

    class Lost(ExactDecoder):
        lost = False

        def decode(self, z: np.ndarray) -> np.ndarray:
            if self.lost:
                raise EngineError("device lost")
            return super().decode(z)

    def source(bundle: Bundle, backend: str) -> DecoderSource:
        if bundle.name == "planes":
            reading.set()
            assert read.wait(TIMEOUT)
            return exact_source(bundle, backend)
        return DecoderSource(lambda: Lost(bundle))

    decoding, listener = listening(
        make_settings(make_bundle(), make_bundle("planes", 3), decoder_source=source)
    )
    first = listener.wait(decoded("rings"))
    assert isinstance(first, Decoded)
    decoding.open("planes")
    assert reading.wait(TIMEOUT)
    try:
        Lost.lost = True
        first.exploration.random()
        decoding.submit(first.exploration)
        news = listener.wait(failed)
        assert isinstance(news, Failed)
        assert (str(news.error), news.ref) == ("device lost", None)
        assert (decoding.model.state, decoding.model.opening) == ("failed", "planes")
    finally:
        read.set()
    listener.wait(decoded("planes"))
    assert decoding.model.state == "serving"
    decoding.close()


def test_a_first_model_that_cannot_be_opened_is_a_failure() -> None:
    decoding, listener = listening(make_settings(model="gone"))
    listener.wait(failed)
    assert "unknown model 'gone'" in str(decoding.model.failure)
    decoding.close()


def test_nothing_is_heard_after_closing() -> None:
    decoding, listener = listening(make_settings())
    first = listener.wait(decoded("rings"))
    assert isinstance(first, Decoded)
    decoding.close()
    count = len(listener.news)
    decoding.submit(first.exploration)
    decoding.open("rings")
    decoding.close()
    assert len(listener.news) == count


def test_a_point_that_does_not_fit_the_first_model_is_a_failure() -> None:
    decoding, listener = listening(replace(make_settings(), z=(1.0, 2.0)))
    listener.wait(failed)
    assert "z does not fit model rings" in str(decoding.model.failure)
    decoding.close()
