"""Batches below the frames of a decode service: slices, owners, and what interrupts them."""

from __future__ import annotations

import queue
import threading

import numpy as np
from numpy.typing import NDArray

from tests.engine.service.support import TIMEOUT, BatchStub, EngineEvent, Start, StubDecoder, source
from vaevis_tui.engine.decoder import Decoder, DecodeTimes, EngineError, Images
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame


class Tiles:
    """What a batch brought, slice by slice."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[int, list[int]]] = queue.Queue()

    def put(self, start: int, images: Images) -> None:
        self._queue.put((start, images[:, 0, 0, 0].tolist()))

    def next(self) -> tuple[int, list[int]]:
        return self._queue.get(timeout=TIMEOUT)

    def take(self, count: int) -> list[int]:
        """So many images, which must come in order."""
        found: list[int] = []
        while len(found) < count:
            start, values = self.next()
            assert start == len(found)
            found += values
        return found

    def assert_none(self) -> None:
        assert self._queue.empty()


def latents(*values: int) -> NDArray[np.float32]:
    return np.array([[value, 0] for value in values], np.float32)


def test_a_batch_comes_in_order(start: Start, news: EngineEvent) -> None:
    stub, tiles = BatchStub(), Tiles()
    worker = start(source(stub))
    worker.submit_batch("strip", latents(*range(40)), tiles.put)
    assert tiles.take(40) == list(range(40))


def test_a_frame_goes_before_what_is_left_of_a_batch(start: Start, news: EngineEvent) -> None:
    stub, tiles = StubDecoder(), Tiles()
    stub.times = DecodeTimes(compute=1.0)  # far more than a slice may take: one image each
    worker = start(source(stub))
    news.opened()
    stub.go_on.clear()
    worker.submit_batch("map", latents(1, 2, 3), tiles.put)
    stub.wait_until_decoding()
    worker.submit([9, 0])
    stub.go_on.set()
    assert news.frame().image[0, 0, 0] == 9
    assert tiles.take(3) == [1, 2, 3]
    assert stub.decoded == [1, 9, 2, 3]


def test_a_new_z_interrupts_a_slice_which_is_made_again(start: Start, news: EngineEvent) -> None:
    stub, tiles = BatchStub(), Tiles()
    worker = start(source(stub))
    news.opened()
    stub.go_on.clear()
    worker.submit_batch("map", latents(1), tiles.put)
    stub.wait_until_decoding()
    worker.submit([9, 0])  # nobody else lets the stub go on
    assert news.frame().image[0, 0, 0] == 9
    assert tiles.take(1) == [1]
    assert stub.slices == [[1], [1]]


def test_a_newer_batch_of_the_same_owner_replaces_the_older(start: Start, news: EngineEvent) -> None:
    stub, older, newer = StubDecoder(), Tiles(), Tiles()
    stub.times = DecodeTimes(compute=1.0)
    worker = start(source(stub))
    news.opened()
    stub.go_on.clear()
    worker.submit_batch("strip", latents(1, 2, 3), older.put)
    stub.wait_until_decoding()
    worker.submit_batch("strip", latents(4, 5), newer.put)
    stub.go_on.set()
    assert newer.take(2) == [4, 5]
    older.assert_none()


def test_batches_go_by_priority(start: Start, news: EngineEvent) -> None:
    stub, strip, chart = StubDecoder(), Tiles(), Tiles()
    stub.times = DecodeTimes(compute=1.0)
    worker = start(source(stub))
    news.opened()
    stub.go_on.clear()
    worker.submit_batch("map", latents(1, 2), chart.put, priority=2)
    stub.wait_until_decoding()
    worker.submit_batch("strip", latents(5, 6), strip.put, priority=1)
    stub.go_on.set()
    assert chart.take(2) == [1, 2]
    assert strip.take(2) == [5, 6]
    assert stub.decoded == [1, 5, 6, 2]


def test_a_batch_of_the_former_model_is_forgotten(start: Start, news: EngineEvent) -> None:
    stub, other, tiles = StubDecoder(), StubDecoder("other"), Tiles()
    stub.times = DecodeTimes(compute=1.0)
    worker = start(source(stub))
    news.opened()
    stub.go_on.clear()
    worker.submit_batch("map", latents(1, 2), tiles.put)
    stub.wait_until_decoding()
    worker.open(source(other))
    stub.go_on.set()
    assert news.opened().backend == "other"
    worker.submit([3, 0])
    assert news.frame().image[0, 0, 0] == 3
    tiles.assert_none()
    assert other.decoded == [3]


def test_a_device_that_fails_in_a_batch_is_replaced_and_the_batch_goes_on(
    start: Start, news: EngineEvent
) -> None:
    stub, spare, tiles = StubDecoder(), StubDecoder("spare"), Tiles()
    stub.failure = EngineError("device lost")
    worker = start(source(stub, fallback=lambda reason: spare))
    news.opened()
    worker.submit_batch("map", latents(1), tiles.put)
    assert news.opened().backend == "spare"
    assert tiles.take(1) == [1]


def test_a_slow_decoder_that_cannot_be_interrupted_leaves_batches_to_another(
    start: Start, news: EngineEvent
) -> None:
    slow, other, tiles = StubDecoder(), BatchStub(), Tiles()
    slow.times = DecodeTimes(compute=1.0)
    worker = start(source(slow, batches=lambda: other))
    news.opened()
    worker.submit([1, 0])
    news.frame()
    worker.submit_batch("map", latents(2, 3), tiles.put)
    assert tiles.take(2) == [2, 3]
    assert (slow.decoded, other.decoded) == ([1], [2, 3])
    worker.open(source(StubDecoder()))
    assert other.closed.wait(TIMEOUT)


def test_a_batch_that_does_not_fit_is_an_error_and_no_more(start: Start, news: EngineEvent) -> None:
    worker, tiles = start(source(StubDecoder())), Tiles()
    news.opened()
    worker.submit_batch("map", np.zeros((1, 3), np.float32), tiles.put)
    assert isinstance(news.error(), ValueError)
    worker.submit_batch("map", latents(4), tiles.put)
    assert tiles.take(1) == [4]


def test_z_is_taken_as_it_was_when_it_was_submitted(start: Start, news: EngineEvent) -> None:
    stub = StubDecoder()
    stub.go_on.clear()
    worker = start(source(stub))
    news.opened()
    worker.submit([1, 0])
    stub.wait_until_decoding()
    z = np.array([2, 0], np.float32)
    worker.submit(z)
    z[0] = 3
    stub.go_on.set()
    assert [news.frame().z[0] for _ in range(2)] == [1, 2]


def test_everything_happens_in_one_thread_of_its_own(news: EngineEvent) -> None:
    stub = StubDecoder()
    threads: queue.Queue[threading.Thread] = queue.Queue()

    def note(_: object) -> None:
        threads.put(threading.current_thread())

    def opened() -> Decoder:
        note(None)
        return stub

    with DecodeService(DecoderSource(opened), note, note, note) as worker:
        worker.submit([1, 0])
        found = [threads.get(timeout=TIMEOUT) for _ in range(3)]
    assert set(found) == {stub.thread}
    assert stub.thread is not threading.current_thread()


def test_z_that_does_not_fit_is_an_error_and_no_more(start: Start, news: EngineEvent) -> None:
    worker = start(source(StubDecoder()))
    news.opened()
    worker.submit([1, 2, 3])
    assert isinstance(news.error(), ValueError)
    worker.submit([4, 0])
    assert news.frame().z[0] == 4


def test_an_error_of_a_callback_is_told_and_survived() -> None:
    told: queue.Queue[object] = queue.Queue()

    def on_frame(frame: Frame) -> None:
        if frame.number == 1:
            raise RuntimeError("a fault of the app")
        told.put(frame)

    with DecodeService(source(StubDecoder()), on_frame, told.put) as worker:
        worker.submit([1, 0])
        assert str(told.get(timeout=TIMEOUT)) == "a fault of the app"
        worker.submit([2, 0])
        frame = told.get(timeout=TIMEOUT)
    assert isinstance(frame, Frame)
    assert frame.number == 2
