"""The decode worker, with real threads and no sleeps: every wait is for an event that must come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.models.make import write_bundle
from vaevis_tui.engine.batches import SLICE_SECONDS
from vaevis_tui.engine.decoder import Decoder, DecoderInfo, DecodeTimes, EngineError, Images, Latents
from vaevis_tui.engine.onnxruntime_backend import OnnxRuntimeDecoder
from vaevis_tui.engine.service import DecodeService
from vaevis_tui.engine.source import DecoderSource, Frame
from vaevis_tui.errors import UserError
from vaevis_tui.models.bundle import open_bundle

TIMEOUT = 20.0
"""Seconds until a wait is given up: far more than anything here takes."""


class StubDecoder:
    """Paints z[0] everywhere, and can be held in the middle of a decode."""

    def __init__(self, name: str = "stub", dim: int = 2) -> None:
        self.info = DecoderInfo(name, "none", "float32", dim, 4, 4, 1)
        self.times = DecodeTimes(compute=0.001)
        self.decoded: list[float] = []
        self.began = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        self.failure: Exception | None = None
        self.closed = threading.Event()
        self.thread: threading.Thread | None = None

    def decode(self, z: Latents) -> Images:
        self.thread = threading.current_thread()
        self.began.release()
        assert self.go_on.wait(TIMEOUT)
        if self.failure is not None:
            raise self.failure
        if z.shape != (1, self.info.latent_dim):
            raise ValueError(f"z has shape {z.shape}")
        self.decoded.append(float(z[0, 0]))
        return np.full((1, 4, 4, 3), z[0, 0], np.uint8)

    def wait_until_decoding(self) -> None:
        assert self.began.acquire(timeout=TIMEOUT)

    def close(self) -> None:
        self.closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PipelinedStub(StubDecoder):
    """Begins with what follows when it is let go on; can be held once more while an image is read back."""

    def __init__(self, name: str = "stub", dim: int = 2) -> None:
        super().__init__(name, dim)
        self.begun: list[float | None] = []
        self.free = threading.Semaphore(0)
        self.read_back = threading.Event()
        self.read_back.set()
        self.failure_while_reading: Exception | None = None

    def decode_on(self, z: Latents, following: Callable[[], Latents | None]) -> Images:
        images = self.decode(z)
        found = following()
        self.begun.append(None if found is None else float(found[0, 0]))
        self.free.release()
        assert self.read_back.wait(TIMEOUT)
        if self.failure_while_reading is not None:
            raise self.failure_while_reading
        return images


class CancellableStub(StubDecoder):
    def cancel(self) -> None:
        self.failure = EngineError("cancelled")
        self.go_on.set()


class BatchStub(StubDecoder):
    """Takes any number at once; a slice is 4 images, and can be interrupted while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.times = DecodeTimes(compute=4 * SLICE_SECONDS / 4)
        self.interrupted = threading.Event()
        self.slices: list[list[float]] = []

    def decode(self, z: Latents) -> Images:
        if len(z) == 1:
            return super().decode(z)
        return np.stack([super(BatchStub, self).decode(each[None])[0] for each in z])

    def decode_unless_interrupted(self, z: Latents) -> Images | None:
        self.slices.append(z[:, 0].tolist())
        self.interrupted.clear()
        images = self.decode(z)
        return None if self.interrupted.is_set() else images

    def interrupt(self) -> None:
        self.interrupted.set()
        self.go_on.set()


class EngineEvent:
    """What a worker called back, in order."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Frame | Exception | DecoderInfo] = queue.Queue()
        self.put = self._queue.put

    def next(self) -> Frame | Exception | DecoderInfo:
        return self._queue.get(timeout=TIMEOUT)

    def frame(self) -> Frame:
        found = self.next()
        assert isinstance(found, Frame), found
        return found

    def opened(self) -> DecoderInfo:
        found = self.next()
        assert isinstance(found, DecoderInfo), found
        return found

    def error(self) -> Exception:
        found = self.next()
        assert isinstance(found, Exception), found
        return found

    def assert_none(self) -> None:
        assert self._queue.empty()


Start = Callable[..., DecodeService]


@pytest.fixture
def news() -> EngineEvent:
    return EngineEvent()


@pytest.fixture
def start(news: EngineEvent) -> Iterator[Start]:
    """Start workers that are closed when the test ends."""
    workers = []

    def begin(source: DecoderSource) -> DecodeService:
        worker = DecodeService(source, news.put, news.put, news.put)
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        worker.close()


def fails_with(error: Exception) -> Callable[..., Decoder]:
    def fail(*_: object) -> Decoder:
        raise error

    return fail


def source(decoder: StubDecoder, **others: Any) -> DecoderSource:
    return DecoderSource(lambda: decoder, **others)


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


# ---- what is asked for ----


# ---- batches ----


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


# ---- failures ----


def test_a_failed_device_is_replaced_and_the_image_still_comes(start: Start, news: EngineEvent) -> None:
    first, humble = StubDecoder("gpu"), StubDecoder("humble")
    reasons = []

    def fallback(reason: str) -> Decoder:
        reasons.append(reason)
        return humble

    worker = start(source(first, fallback=fallback))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    first.failure = EngineError("device lost")
    worker.submit([2, 0], "tag")
    assert news.opened().backend == "humble"
    frame = news.frame()
    assert (frame.number, frame.z[0], frame.tag) == (2, 2, "tag")
    assert reasons == ["device lost"]
    assert first.closed.is_set()
    assert worker.info == humble.info


def test_after_a_failure_the_latest_z_still_wins(start: Start, news: EngineEvent) -> None:
    first, humble = StubDecoder("gpu"), StubDecoder("humble")
    first.go_on.clear()
    first.failure = EngineError("device lost")
    worker = start(source(first, fallback=lambda reason: humble))
    news.opened()
    worker.submit([1, 0])
    first.wait_until_decoding()
    worker.submit([2, 0])
    first.go_on.set()
    news.opened()
    assert news.frame().z[0] == 2
    assert humble.decoded == [2]


def test_a_device_that_does_not_open_is_replaced(start: Start, news: EngineEvent) -> None:
    worker = start(DecoderSource(fails_with(EngineError("no memory")), lambda reason: StubDecoder(reason)))
    worker.submit([1, 0])
    assert news.opened().backend == "no memory"
    news.frame()


def test_what_the_user_can_mend_is_no_reason_to_fall_back(start: Start, news: EngineEvent) -> None:
    start(DecoderSource(fails_with(UserError("no driver")), lambda reason: StubDecoder()))
    assert str(news.error()) == "no driver"


@pytest.mark.parametrize("fallback", [None, fails_with(EngineError("gone too"))])
def test_nothing_left_to_fall_back_on(
    start: Start, news: EngineEvent, fallback: Callable[[str], Decoder] | None
) -> None:
    stub = StubDecoder()
    stub.failure = EngineError("device lost")
    worker = start(source(stub, fallback=fallback))
    news.opened()
    worker.submit([1, 0])
    assert str(news.error()) == ("device lost" if fallback is None else "gone too")
    assert worker.info is None
    assert stub.closed.is_set()
    worker.open(source(StubDecoder("other")))
    assert news.opened().backend == "other"
    worker.submit([2, 0])
    assert news.frame().z[0] == 2


def test_a_fallback_that_fails_is_not_tried_again(start: Start, news: EngineEvent) -> None:
    first, humble = StubDecoder("gpu"), StubDecoder("humble")
    first.failure = humble.failure = EngineError("broken")
    worker = start(source(first, fallback=lambda reason: humble))
    news.opened()
    worker.submit([1, 0])
    news.opened()
    assert str(news.error()) == "broken"
    assert worker.info is None


# ---- upgrades ----


def test_a_better_decoder_takes_over_when_it_is_ready(start: Start, news: EngineEvent) -> None:
    humble, better = StubDecoder("humble"), StubDecoder("better")
    asked, ready = threading.Event(), threading.Event()

    def upgrade(_: Frame) -> Decoder:
        asked.set()
        assert ready.wait(TIMEOUT)
        return better

    worker = start(source(humble, upgrade=upgrade))
    news.opened()
    assert not asked.is_set()
    worker.submit([1, 0])
    news.frame()
    assert asked.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert humble.decoded == [1, 2]
    ready.set()
    assert news.opened().backend == "better"
    assert humble.closed.is_set()
    worker.submit([3, 0])
    news.frame()
    assert better.decoded == [3]


def test_why_there_is_no_better_decoder_is_said(start: Start, news: EngineEvent) -> None:
    humble = StubDecoder("humble")
    worker = start(source(humble, upgrade=fails_with(EngineError("no shader"))))
    worker.submit([1, 0])
    assert news.opened().reason == ""
    news.frame()
    assert news.opened().reason == "no shader"
    assert worker.info is not None
    assert worker.info.backend == "humble"
    worker.submit([2, 0])
    assert news.frame().z[0] == 2


def test_a_better_decoder_that_fails_is_replaced(start: Start, news: EngineEvent) -> None:
    humble, better, again = StubDecoder("humble"), StubDecoder("better"), StubDecoder("again")
    better.failure = EngineError("device lost")
    worker = start(source(humble, upgrade=lambda frame: better, fallback=lambda reason: again))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert news.opened().backend == "better"
    worker.submit([2, 0])
    assert news.opened().backend == "again"
    assert news.frame().z[0] == 2
    news.assert_none()


def test_a_better_decoder_of_a_former_model_is_closed(start: Start, news: EngineEvent) -> None:
    first, better, second = StubDecoder("first"), StubDecoder("better"), StubDecoder("second")
    ready = threading.Event()

    def upgrade(_: Frame) -> Decoder:
        assert ready.wait(TIMEOUT)
        return better

    worker = start(source(first, upgrade=upgrade))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    worker.open(source(second))
    assert news.opened().backend == "second"
    ready.set()
    assert better.closed.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert second.decoded == [2]


def test_a_better_decoder_that_comes_after_closing_is_closed(news: EngineEvent) -> None:
    better = StubDecoder("better")
    ready = threading.Event()

    def upgrade(_: Frame) -> Decoder:
        assert ready.wait(TIMEOUT)
        return better

    worker = DecodeService(source(StubDecoder(), upgrade=upgrade), news.put, news.put)
    worker.submit([1, 0])
    news.frame()
    worker.close()
    ready.set()
    assert better.closed.wait(TIMEOUT)


# ---- checks ----


def test_a_first_image_that_is_wrong_has_the_decoder_replaced(start: Start, news: EngineEvent) -> None:
    """Whatever was shown last is decoded anew."""
    wrong, humble = StubDecoder("gpu"), StubDecoder("humble")
    judged: queue.Queue[tuple[float, int]] = queue.Queue()
    go_on = threading.Event()

    def check(z: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
        judged.put((float(z[0]), int(image[0, 0, 0])))
        assert go_on.wait(TIMEOUT)
        raise EngineError("wrong images")

    worker = start(source(wrong, fallback=lambda reason: humble, check=check))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert judged.get(timeout=TIMEOUT) == (1, 1)
    worker.submit([2, 0], "tag")
    assert news.frame().z[0] == 2
    go_on.set()
    assert news.opened().backend == "humble"
    frame = news.frame()
    assert (frame.number, frame.z[0], frame.tag) == (3, 2, "tag")
    assert wrong.closed.is_set()
    assert judged.empty()


def test_a_first_image_that_is_right_changes_nothing(start: Start, news: EngineEvent) -> None:
    judged = threading.Event()
    worker = start(source(StubDecoder(), check=lambda z, image: judged.set()))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert judged.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    news.assert_none()


def test_a_check_of_a_former_model_changes_nothing(start: Start, news: EngineEvent) -> None:
    go_on, raised = threading.Event(), threading.Event()

    def check(z: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
        assert go_on.wait(TIMEOUT)
        raised.set()
        raise EngineError("wrong images")

    worker = start(source(StubDecoder("first"), fallback=fails_with(AssertionError()), check=check))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    worker.open(source(StubDecoder("second")))
    assert news.opened().backend == "second"
    go_on.set()
    assert raised.wait(TIMEOUT)
    worker.submit([2, 0])
    assert news.frame().z[0] == 2
    assert worker.info is not None
    assert worker.info.backend == "second"


def test_a_fault_of_a_check_is_told_and_survived(start: Start, news: EngineEvent) -> None:
    def check(z: NDArray[np.float32], image: NDArray[np.uint8]) -> None:
        raise RuntimeError("a fault of the check")

    worker = start(source(StubDecoder(), check=check))
    worker.submit([1, 0])
    news.opened()
    news.frame()
    assert str(news.error()) == "a fault of the check"
    worker.submit([2, 0])
    assert news.frame().z[0] == 2


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
