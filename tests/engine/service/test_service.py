"""The decode worker, with real threads and no sleeps: every wait is for an event that must come."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from tests.engine.service.support import (
    TIMEOUT,
    CancellableStub,
    EngineEvent,
    PipelinedStub,
    Start,
    StubDecoder,
    fails_with,
    source,
)
from tests.models.make import write_bundle
from vaevis_tui.engine.decoder import EngineError
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle

# ---- images ----


def test_an_image_with_everything_that_belongs_to_it(start: Start, news: EngineEvent) -> None:
    stub = StubDecoder()
    worker = start(source(stub))
    tag = object()
    worker.submit([7, 0.5], tag)
    assert news.opened() == stub.info
    frame = news.frame()
    assert frame.number == 1
    assert frame.z.dtype == np.float32
    np.testing.assert_array_equal(frame.z, [7, 0.5])
    np.testing.assert_array_equal(frame.image, np.full((4, 4, 3), 7))
    assert frame.times == stub.times
    assert frame.tag is tag
    assert worker.info == stub.info


def test_the_latest_z_wins(start: Start, news: EngineEvent) -> None:
    stub = StubDecoder()
    stub.go_on.clear()
    worker = start(source(stub))
    news.opened()
    worker.submit([1, 0])
    stub.wait_until_decoding()
    for value in range(2, 100):
        worker.submit([value, 0])
    stub.go_on.set()
    assert [news.frame().z[0] for _ in range(2)] == [1, 99]
    worker.submit([100, 0])
    assert news.frame().number == 3
    assert stub.decoded == [1, 99, 100]


# ---- one image while the one before is read back ----


def test_the_latest_z_is_begun_when_the_device_is_free(start: Start, news: EngineEvent) -> None:
    stub = PipelinedStub()
    stub.go_on.clear()
    worker = start(source(stub))
    worker.submit([1, 0])
    assert news.opened().backend == "stub"
    stub.wait_until_decoding()
    worker.submit([2, 0], "overwritten")
    worker.submit([3, 0], "begun")
    stub.read_back.clear()
    stub.go_on.set()
    assert stub.free.acquire(timeout=TIMEOUT)
    worker.submit([4, 0], "after it")  # the device is at 3 by now
    stub.read_back.set()
    assert [news.frame().tag for _ in range(3)] == [None, "begun", "after it"]
    assert stub.decoded == [1, 3, 4]
    assert stub.begun[:2] == [3, 4]


def test_what_was_begun_for_the_former_model_is_forgotten(start: Start, news: EngineEvent) -> None:
    stub, other = PipelinedStub(), StubDecoder("other")
    stub.read_back.clear()
    worker = start(source(stub))
    stub.go_on.clear()
    worker.submit([1, 0])
    news.opened()
    stub.wait_until_decoding()
    worker.submit([2, 0])
    stub.go_on.set()
    assert stub.free.acquire(timeout=TIMEOUT)
    worker.open(source(other))
    stub.read_back.set()
    assert news.frame().z[0] == 1
    assert news.opened().backend == "other"
    worker.submit([9, 0])
    assert news.frame().z[0] == 9
    assert (stub.decoded, other.decoded) == ([1], [9])


def test_nothing_is_begun_on_a_decoder_that_is_about_to_go(start: Start, news: EngineEvent) -> None:
    stub, other = PipelinedStub(), StubDecoder("other")
    stub.go_on.clear()
    worker = start(source(stub))
    worker.submit([1, 0])
    news.opened()
    stub.wait_until_decoding()
    worker.open(source(other))
    worker.submit([2, 0])
    stub.go_on.set()
    assert news.frame().z[0] == 1
    news.opened()
    assert news.frame().z[0] == 2
    assert (stub.begun, other.decoded) == ([None], [2])


def test_a_device_that_fails_while_an_image_is_read_owes_the_one_begun(
    start: Start, news: EngineEvent
) -> None:
    stub, spare = PipelinedStub(), StubDecoder("spare")
    stub.go_on.clear()
    worker = start(source(stub, fallback=lambda reason: spare))
    worker.submit([1, 0])
    news.opened()
    stub.wait_until_decoding()
    worker.submit([2, 0], "begun")
    stub.failure_while_reading = EngineError("lost")
    stub.go_on.set()
    assert news.opened().backend == "spare"
    assert news.frame().tag == "begun"
    news.assert_none()
    assert spare.decoded == [2]


# ---- other models ----


def test_another_model(start: Start, news: EngineEvent) -> None:
    first, second = StubDecoder("first"), StubDecoder("second", dim=3)
    worker = start(source(first))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    worker.open(source(second))
    worker.submit([2, 0, 0])
    assert news.opened().backend == "second"
    assert first.closed.is_set()
    frame = news.frame()
    assert (frame.number, frame.z.shape) == (2, (3,))


def test_what_was_submitted_for_the_former_model_is_forgotten(start: Start, news: EngineEvent) -> None:
    first, second = StubDecoder("first"), StubDecoder("second", dim=3)
    first.go_on.clear()
    worker = start(source(first))
    news.opened()
    worker.submit([1, 0])
    first.wait_until_decoding()
    worker.submit([2, 0])
    worker.open(source(second))
    first.go_on.set()
    assert news.frame().z[0] == 1
    assert news.opened().backend == "second"
    worker.submit([3, 0, 0])
    assert news.frame().z[0] == 3


def test_a_model_that_does_not_open_leaves_the_former(start: Start, news: EngineEvent) -> None:
    stub = StubDecoder()
    worker = start(source(stub))
    news.opened()
    worker.open(DecoderSource(fails_with(UserError("no such model"))))
    worker.submit([1, 0, 0])
    assert str(news.error()) == "no such model"
    assert worker.info == stub.info
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert stub.decoded == [2]


def test_a_first_model_that_does_not_open(start: Start, news: EngineEvent) -> None:
    worker = start(DecoderSource(fails_with(UserError("no such model"))))
    worker.submit([1, 0])
    assert str(news.error()) == "no such model"
    assert worker.info is None
    worker.open(source(StubDecoder()))
    news.opened()
    worker.submit([2, 0])
    assert news.frame().z[0] == 2


def test_only_the_last_of_several_models_is_opened(start: Start, news: EngineEvent) -> None:
    first = StubDecoder("first")
    first.go_on.clear()
    worker = start(source(first))
    news.opened()
    worker.submit([1, 0])
    first.wait_until_decoding()
    for name in ("second", "third", "fourth"):
        worker.open(source(StubDecoder(name)))
    first.go_on.set()
    news.frame()
    assert news.opened().backend == "fourth"
    news.assert_none()


# ---- closing ----


def test_closing_closes_the_decoder_and_ends_the_thread(news: EngineEvent) -> None:
    stub = StubDecoder()
    with DecodeService(source(stub), news.put, news.put) as worker:
        worker.submit([1, 0])
        news.frame()
    assert stub.closed.is_set()
    assert stub.thread is not None
    assert not stub.thread.is_alive()
    worker.close()
    worker.submit([2, 0])
    news.assert_none()


def test_closing_does_not_wait_for_a_long_decode(news: EngineEvent) -> None:
    stub = StubDecoder()
    stub.go_on.clear()
    worker = DecodeService(source(stub), news.put, news.put)
    worker.submit([1, 0])
    stub.wait_until_decoding()
    worker.close(timeout=0.01)
    assert stub.thread is not None
    assert stub.thread.is_alive()
    stub.go_on.set()
    stub.thread.join(TIMEOUT)
    assert stub.closed.is_set()
    news.assert_none()


def test_closing_cancels_a_long_decode_where_the_decoder_can(news: EngineEvent) -> None:
    stub = CancellableStub()
    stub.go_on.clear()
    worker = DecodeService(source(stub, fallback=fails_with(AssertionError())), news.put, news.put)
    worker.submit([1, 0])
    stub.wait_until_decoding()
    worker.close(TIMEOUT)
    assert stub.closed.is_set()
    news.assert_none()


def test_closing_from_a_callback(news: EngineEvent) -> None:
    ended = threading.Event()
    worker: DecodeService

    def on_frame(_: Frame) -> None:
        worker.close()
        ended.set()

    stub = StubDecoder()
    worker = DecodeService(source(stub), on_frame, news.put)
    worker.submit([1, 0])
    assert ended.wait(TIMEOUT)
    assert stub.closed.wait(TIMEOUT)
    news.assert_none()


# ---- with a real decoder ----


def test_images_of_a_real_decoder_are_those_it_gives_outside(
    tmp_path: Path, start: Start, news: EngineEvent
) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "model", 8, height=32, width=32, channels=3))
    z = bundle.space.sample(3, 5)
    with OnnxRuntimeDecoder(bundle) as decoder:
        expected = decoder.decode(z)
    worker = start(DecoderSource(lambda: OnnxRuntimeDecoder(bundle)))
    news.opened()
    for vector, image in zip(z, expected, strict=True):
        worker.submit(vector)
        np.testing.assert_array_equal(news.frame().image, image)


def test_submitting_from_many_threads_ends_with_the_last_image(start: Start, news: EngineEvent) -> None:
    """Frames stay numbered without gaps, and each shows what was asked for."""
    stub = StubDecoder()
    worker = start(source(stub))
    news.opened()

    def submit(first: int) -> None:
        for second in range(100):
            worker.submit([first, second])

    threads = [threading.Thread(target=submit, args=(first,)) for first in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    worker.submit([200, 0], "last")
    number = 0
    while True:
        frame = news.frame()
        number += 1
        assert frame.number == number
        assert frame.image[0, 0, 0] == frame.z[0]
        if frame.tag == "last":
            break
    news.assert_none()
